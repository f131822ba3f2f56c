#include "text/jinja/jinja.h"

#include "base/mem.h"
#include "text/jinja/ast.h"
#include "text/jinja/uni.h"

#include <string.h>
#include <time.h>

enum wg_status wgj_cfail(struct wgj_compiler *c, int line, enum wg_status st, const char *fmt, ...)
{
    char msg[WG_ERR_MSG_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    return wg_fail(c->err, st, "%s: line %d: %s", c->t->name, line, msg);
}

enum wg_status wgj_calloc(struct wgj_compiler *c, size_t n, size_t size, void **out)
{
    struct wg_arena *a = &c->t->arena;
    size_t bytes;

    *out = wg_arena_alloc(a, n, size);
    if (*out)
        return WG_OK;
    if (!wg_mul_ok(n, size, &bytes) || bytes + 16 > a->max_bytes - a->used_bytes)
        return wg_fail(c->err, WG_E_LIMIT, "%s: the compiled template is over %zu bytes",
                       c->t->name, a->max_bytes);
    return wg_oom(c->err, "a compiled template");
}

enum wg_status wgj_cstr(struct wgj_compiler *c, const char *p, size_t n, struct wgj_str **out)
{
    void *s, *copy;

    WG_TRY(wgj_calloc(c, 1, sizeof **out, &s));
    WG_TRY(wgj_calloc(c, n + 1, 1, &copy));
    if (n)
        memcpy(copy, p, n);
    *out = s;
    **out = (struct wgj_str){.p = copy, .n = n, .chars = wgj_count_chars(copy, n)};
    return WG_OK;
}

static enum wg_status compile(struct wgj_compiler *c, const char *source, size_t n,
                              const char *name)
{
    struct wgj_lexed lexed;

    c->t->name = wg_strdup(name ? name : "template");
    if (!c->t->name)
        return wg_oom(c->err, "a template's name");
    enum wg_status st = wgj_lex(c, source, n, &lexed);
    c->tok = lexed.tok;
    if (st == WG_OK)
        st = wgj_parse(c, &c->t->body);
    wg_free(lexed.tok);
    return st == WG_OK ? wgj_resolve(c) : st;
}

enum wg_status wg_jinja_compile(const char *source, size_t n, const char *name,
                                struct wg_jinja **out, struct wg_err *err)
{
    struct wgj_compiler c = {.err = err};

    c.t = wg_calloc(1, sizeof *c.t);
    if (!c.t)
        return wg_oom(err, "a template");
    wg_arena_init(&c.t->arena, WGJ_COMPILE_BYTES);
    enum wg_status st = compile(&c, source, n, name);
    if (st != WG_OK) {
        wg_jinja_free(c.t);
        return st;
    }
    *out = c.t;
    return WG_OK;
}

void wg_jinja_free(struct wg_jinja *t)
{
    if (!t)
        return;
    wg_arena_release(&t->arena);
    wg_free(t->name);
    wg_free(t);
}

int wg_jinja_uses(const struct wg_jinja *t, const char *variable)
{
    for (size_t i = 0; i < t->n_scopes; i++)
        for (size_t k = 0; k < t->scopes[i]->n; k++)
            if (t->scopes[i]->var[k].load == WGJ_LOAD_GLOBAL &&
                wgj_str_is(WGJ_STR_VAL(t->scopes[i]->var[k].name), variable))
                return 1;
    return 0;
}

/* Running */

enum wg_status wgj_fail(struct wgj_run *r, enum wg_status st, const char *fmt, ...)
{
    char msg[WG_ERR_MSG_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    return wg_fail(r->err, st, "%s: line %d: %s", r->t->name, r->line, msg);
}

enum wg_status wgj_work(struct wgj_run *r, size_t n)
{
    r->steps += n / WGJ_BYTES_PER_STEP;
    if (r->steps > r->max_steps)
        return wgj_fail(r, WG_E_LIMIT, "the template did not end within %llu steps",
                        (unsigned long long)r->max_steps);
    return WG_OK;
}

enum wg_status wgj_fail_undefined(struct wgj_run *r, struct wgj_val u)
{
    return wgj_fail(r, WG_E_INPUT, "%s", u.t == WGJ_UNDEFINED ? u.u->message : "undefined value");
}

static enum wg_status from_json(struct wgj_run *r, const json_t *j, int depth, struct wgj_val *out);

static enum wg_status from_object(struct wgj_run *r, const json_t *j, int depth,
                                  struct wgj_dict **out)
{
    const char *name;
    json_t *value, *object = (json_t *)(uintptr_t)j;
    struct wgj_val key, v;

    WG_TRY(wgj_dict_new(r, json_object_size(j), out));
    json_object_foreach(object, name, value) {
        WG_TRY(wgj_str_borrow(r, name, strlen(name), &key));
        WG_TRY(from_json(r, value, depth + 1, &v));
        WG_TRY(wgj_dict_put(r, *out, key, v));
    }
    return WG_OK;
}

static enum wg_status from_array(struct wgj_run *r, const json_t *j, int depth, struct wgj_val *out)
{
    struct wgj_list *l;

    WG_TRY(wgj_list_new(r, json_array_size(j), &l));
    for (; l->n < json_array_size(j); l->n++)
        WG_TRY(from_json(r, json_array_get(j, l->n), depth + 1, &l->v[l->n]));
    *out = WGJ_LIST_VAL(l);
    return WG_OK;
}

static enum wg_status from_json(struct wgj_run *r, const json_t *j, int depth, struct wgj_val *out)
{
    if (depth > WGJ_MAX_DEPTH)
        return wgj_fail(r, WG_E_LIMIT, "the variables are nested over %d deep", WGJ_MAX_DEPTH);
    switch (json_typeof(j)) {
    case JSON_OBJECT: {
        struct wgj_dict *d;
        WG_TRY(from_object(r, j, depth, &d));
        *out = WGJ_DICT_VAL(d);
        return WG_OK;
    }
    case JSON_ARRAY:
        return from_array(r, j, depth, out);
    case JSON_STRING:
        return wgj_str_borrow(r, json_string_value(j), json_string_length(j), out);
    case JSON_INTEGER:
        *out = WGJ_INT_VAL(json_integer_value(j));
        return WG_OK;
    case JSON_REAL:
        *out = WGJ_FLOAT_VAL(json_real_value(j));
        return WG_OK;
    case JSON_NULL:
        *out = WGJ_NONE_VAL;
        return WG_OK;
    default:
        *out = WGJ_BOOL_VAL(json_is_true(j));
        return WG_OK;
    }
}

static enum wg_status run_template(struct wgj_run *r, const json_t *vars)
{
    void *idle;

    if (!json_is_object(vars))
        return wg_fail(r->err, WG_E_USAGE, "%s: the variables must be a JSON object", r->t->name);
    WG_TRY(from_object(r, vars, 0, &r->vars));
    WG_TRY(wgj_alloc(r, r->t->n_scopes, sizeof(struct wgj_frame *), &idle));
    r->idle = idle;
    WG_TRY(wgj_enter(r, r->t->root, NULL, &r->frame));
    return wgj_exec(r, &r->t->body);
}

enum wg_status wg_jinja_render(const struct wg_jinja *t, const json_t *vars,
                               const struct wg_jinja_limits *limits, struct wg_buf *out,
                               struct wg_err *err)
{
    struct wg_jinja_limits l = limits ? *limits : (struct wg_jinja_limits){0};
    struct wg_buf b;
    struct wgj_run r = {.t = t, .err = err, .out = &b, .line = 1};

    r.max_steps = l.max_steps ? l.max_steps : WGJ_DEFAULT_STEPS;
    r.now_unix = l.now_unix ? l.now_unix : (int64_t)time(NULL);
    wg_arena_init(&r.heap, l.max_heap_bytes ? l.max_heap_bytes : WGJ_DEFAULT_HEAP);
    wg_buf_init(&b, l.max_out_bytes ? l.max_out_bytes : WGJ_DEFAULT_OUT);
    enum wg_status st = run_template(&r, vars);
    if (b.len)
        wg_buf_add(out, b.p, b.len);
    wg_buf_release(&b);
    wg_arena_release(&r.heap);
    if (st == WG_OK)
        st = wg_buf_check(out, "the rendered text", err);
    return st;
}
