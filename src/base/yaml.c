#include "base/json.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { YAML_MAX_DEPTH = 64 };

struct yaml_reader {
    yaml_parser_t parser;
    const char *name;
    struct wg_err *err;
};

static enum wg_status yaml_fail(struct yaml_reader *y, const yaml_mark_t *at, const char *rule)
{
    return wg_fail(y->err, WG_E_INPUT, "%s: line %zu, column %zu: %s", y->name, at->line + 1,
                   at->column + 1, rule);
}

static enum wg_status next_event(struct yaml_reader *y, yaml_event_t *ev)
{
    if (!yaml_parser_parse(&y->parser, ev)) {
        if (y->parser.error == YAML_MEMORY_ERROR)
            return wg_oom(y->err, "a YAML document");
        return yaml_fail(y, &y->parser.problem_mark,
                         y->parser.problem ? y->parser.problem : "not valid YAML");
    }
    return WG_OK;
}

/* Numbers of the YAML 1.2 core schema: [-+]?[0-9]+, 0o.., 0x.., floats, .inf and .nan refused. */
static json_t *plain_number(const char *s)
{
    const char *digits = s + (*s == '-' || *s == '+');
    char *end;

    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'o') && digits == s) {
        errno = 0;
        long long v = strtoll(s + 2, &end, s[1] == 'x' ? 16 : 8);
        return *end == '\0' && end > s + 2 && errno == 0 ? json_integer(v) : NULL;
    }
    if (digits[0] == '\0' || strspn(digits, "0123456789.eE+-") != strlen(digits))
        return NULL;
    if (strspn(digits, "0123456789") == strlen(digits)) {
        errno = 0;
        long long v = strtoll(s, &end, 10);
        if (errno == 0)
            return json_integer(v);
    }
    if (!strchr("0123456789.", digits[0]))
        return NULL;
    double d = strtod(s, &end);
    if (*end != '\0' || end == s || !isfinite(d))
        return NULL;
    return json_real(d);
}

static json_t *scalar_value(const yaml_event_t *ev)
{
    const char *s = (const char *)ev->data.scalar.value;
    size_t n = ev->data.scalar.length;
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const trues[] = {"true", "True", "TRUE"};
    static const char *const falses[] = {"false", "False", "FALSE"};

    if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        for (size_t i = 0; i < WG_COUNT(nulls); i++)
            if (strcmp(s, nulls[i]) == 0)
                return json_null();
        for (size_t i = 0; i < WG_COUNT(trues); i++) {
            if (strcmp(s, trues[i]) == 0)
                return json_true();
            if (strcmp(s, falses[i]) == 0)
                return json_false();
        }
        json_t *num = plain_number(s);
        if (num)
            return num;
    }
    return wg_json_text(s, n);
}

static enum wg_status read_node(struct yaml_reader *y, yaml_event_t *ev, int depth, json_t **out);

static enum wg_status read_sequence(struct yaml_reader *y, int depth, json_t *seq)
{
    for (;;) {
        yaml_event_t ev;
        json_t *item = NULL;
        WG_TRY(next_event(y, &ev));
        if (ev.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&ev);
            return WG_OK;
        }
        enum wg_status st = read_node(y, &ev, depth, &item);
        yaml_event_delete(&ev);
        WG_TRY(st);
        if (json_array_append_new(seq, item) != 0)
            return wg_oom(y->err, "a YAML document");
    }
}

static enum wg_status read_pair(struct yaml_reader *y, yaml_event_t *key, int depth, json_t *map)
{
    yaml_event_t ev;
    json_t *value = NULL;

    if (key->type != YAML_SCALAR_EVENT)
        return yaml_fail(y, &key->start_mark, "a mapping key has to be a plain string");
    const char *name = (const char *)key->data.scalar.value;
    if (json_object_get(map, name)) {
        char rule[160];
        snprintf(rule, sizeof rule, "the key \"%.100s\" is given twice", name);
        return yaml_fail(y, &key->start_mark, rule);
    }
    WG_TRY(next_event(y, &ev));
    enum wg_status st = read_node(y, &ev, depth, &value);
    yaml_event_delete(&ev);
    WG_TRY(st);
    if (json_object_set_new(map, name, value) != 0)
        return yaml_fail(y, &key->start_mark, "the key is not valid UTF-8");
    return WG_OK;
}

static enum wg_status read_mapping(struct yaml_reader *y, int depth, json_t *map)
{
    for (;;) {
        yaml_event_t key;
        WG_TRY(next_event(y, &key));
        bool end = key.type == YAML_MAPPING_END_EVENT;
        enum wg_status st = end ? WG_OK : read_pair(y, &key, depth, map);
        yaml_event_delete(&key);
        if (end || st != WG_OK)
            return st;
    }
}

static enum wg_status read_node(struct yaml_reader *y, yaml_event_t *ev, int depth, json_t **out)
{
    enum wg_status st = WG_OK;
    json_t *node = NULL;
    bool has_tag = false, has_anchor = false;

    if (depth > YAML_MAX_DEPTH)
        return yaml_fail(y, &ev->start_mark, "nesting is deeper than 64");
    switch (ev->type) {
    case YAML_SCALAR_EVENT:
        has_tag = ev->data.scalar.tag != NULL;
        has_anchor = ev->data.scalar.anchor != NULL;
        node = scalar_value(ev);
        break;
    case YAML_SEQUENCE_START_EVENT:
        has_tag = ev->data.sequence_start.tag != NULL;
        has_anchor = ev->data.sequence_start.anchor != NULL;
        node = json_array();
        break;
    case YAML_MAPPING_START_EVENT:
        has_tag = ev->data.mapping_start.tag != NULL;
        has_anchor = ev->data.mapping_start.anchor != NULL;
        node = json_object();
        break;
    default:
        return yaml_fail(y, &ev->start_mark, "aliases are not allowed here; write the value out");
    }
    if (!node)
        return wg_oom(y->err, "a YAML document");
    if (has_tag || has_anchor)
        st = yaml_fail(y, &ev->start_mark,
                       has_tag ? "tags (\"!...\") are not allowed here"
                               : "anchors (\"&...\") are not allowed here");
    else if (ev->type == YAML_SEQUENCE_START_EVENT)
        st = read_sequence(y, depth + 1, node);
    else if (ev->type == YAML_MAPPING_START_EVENT)
        st = read_mapping(y, depth + 1, node);
    if (st != WG_OK)
        json_decref(node);
    else
        *out = node;
    return st;
}

static enum wg_status expect(struct yaml_reader *y, yaml_event_type_t type, const char *rule)
{
    yaml_event_t ev;

    WG_TRY(next_event(y, &ev));
    enum wg_status st = ev.type == type ? WG_OK : yaml_fail(y, &ev.start_mark, rule);
    yaml_event_delete(&ev);
    return st;
}

static enum wg_status read_document(struct yaml_reader *y, json_t **out)
{
    yaml_event_t ev;

    WG_TRY(expect(y, YAML_STREAM_START_EVENT, "not a YAML stream"));
    WG_TRY(expect(y, YAML_DOCUMENT_START_EVENT, "the document is empty"));
    WG_TRY(next_event(y, &ev));
    enum wg_status st = read_node(y, &ev, 1, out);
    yaml_event_delete(&ev);
    WG_TRY(st);
    st = expect(y, YAML_DOCUMENT_END_EVENT, "text after the document");
    if (st == WG_OK)
        st = expect(y, YAML_STREAM_END_EVENT, "only one YAML document is allowed");
    if (st != WG_OK) {
        json_decref(*out);
        *out = NULL;
    }
    return st;
}

enum wg_status wg_yaml_parse(const char *text, size_t n, const char *name, json_t **out,
                             struct wg_err *err)
{
    struct yaml_reader y = {.name = name, .err = err};

    *out = NULL;
    if (!yaml_parser_initialize(&y.parser))
        return wg_oom(err, "the YAML reader");
    yaml_parser_set_input_string(&y.parser, (const unsigned char *)text, n);
    yaml_parser_set_encoding(&y.parser, YAML_UTF8_ENCODING);
    enum wg_status st = read_document(&y, out);
    yaml_parser_delete(&y.parser);
    return st;
}

enum wg_status wg_yaml_load(const char *path, size_t max_bytes, json_t **out, struct wg_err *err)
{
    struct wg_buf b;

    wg_buf_init(&b, max_bytes + 131072);
    enum wg_status st = wg_file_read(&b, path, max_bytes, err);
    if (st == WG_OK)
        st = wg_yaml_parse(b.p ? b.p : "", b.len, path, out, err);
    wg_buf_release(&b);
    return st;
}
