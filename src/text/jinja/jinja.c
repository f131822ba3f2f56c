#include "text/jinja/jinja.h"

#include "base/mem.h"
#include "text/jinja/ast.h"
#include "text/jinja/uni.h"

#include <string.h>
#include <time.h>

enum wg_status wg_j_cfail(struct wg_j_compiler *c, int line, enum wg_status st, const char *fmt,
                          ...)
{
    char msg[WG_ERR_MSG_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    return wg_fail(c->err, st, "%s: line %d: %s", c->t->name, line, msg);
}

enum wg_status wg_j_calloc(struct wg_j_compiler *c, size_t n, size_t size, void **out)
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

enum wg_status wg_j_cstr(struct wg_j_compiler *c, const char *p, size_t n, struct wg_j_str **out)
{
    void *s, *copy;

    WG_TRY(wg_j_calloc(c, 1, sizeof **out, &s));
    WG_TRY(wg_j_calloc(c, n + 1, 1, &copy));
    if (n)
        memcpy(copy, p, n);
    *out = s;
    **out = (struct wg_j_str){.p = copy, .n = n, .chars = wg_j_count_chars(copy, n)};
    return WG_OK;
}

static enum wg_status compile(struct wg_j_compiler *c, const char *source, size_t n,
                              const char *name)
{
    struct wg_j_lexed lexed;

    c->t->name = wg_strdup(name ? name : "template");
    if (!c->t->name)
        return wg_oom(c->err, "a template's name");
    enum wg_status st = wg_j_lex(c, source, n, &lexed);
    c->tok = lexed.tok;
    if (st == WG_OK)
        st = wg_j_parse(c, &c->t->body);
    wg_free(lexed.tok);
    return st == WG_OK ? wg_j_resolve(c) : st;
}

enum wg_status wg_jinja_compile(const char *source, size_t n, const char *name,
                                struct wg_jinja **out, struct wg_err *err)
{
    struct wg_j_compiler c = {.err = err};

    c.t = wg_calloc(1, sizeof *c.t);
    if (!c.t)
        return wg_oom(err, "a template");
    wg_arena_init(&c.t->arena, WG_J_COMPILE_BYTES);
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
            if (t->scopes[i]->var[k].load == WG_J_LOAD_GLOBAL &&
                wg_j_str_is(WG_J_STR_VAL(t->scopes[i]->var[k].name), variable))
                return 1;
    return 0;
}

/* Running */

enum wg_status wg_j_fail(struct wg_j_run *r, enum wg_status st, const char *fmt, ...)
{
    char msg[WG_ERR_MSG_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    return wg_fail(r->err, st, "%s: line %d: %s", r->t->name, r->line, msg);
}

enum wg_status wg_j_work(struct wg_j_run *r, size_t n)
{
    r->steps += n / WG_J_BYTES_PER_STEP;
    if (r->steps > r->max_steps)
        return wg_j_fail(r, WG_E_LIMIT, "the template did not end within %llu steps",
                         (unsigned long long)r->max_steps);
    return WG_OK;
}

enum wg_status wg_j_fail_undefined(struct wg_j_run *r, struct wg_j_val u)
{
    return wg_j_fail(r, WG_E_INPUT, "%s", u.t == WG_J_UNDEFINED ? u.u->message : "undefined value");
}

static enum wg_status from_json(struct wg_j_run *r, const json_t *j, int depth,
                                struct wg_j_val *out);

static enum wg_status from_object(struct wg_j_run *r, const json_t *j, int depth,
                                  struct wg_j_dict **out)
{
    const char *name;
    json_t *value, *object = (json_t *)j;
    struct wg_j_val key, v;

    WG_TRY(wg_j_dict_new(r, json_object_size(j), out));
    json_object_foreach(object, name, value) {
        WG_TRY(wg_j_str_borrow(r, name, strlen(name), &key));
        WG_TRY(from_json(r, value, depth + 1, &v));
        WG_TRY(wg_j_dict_put(r, *out, key, v));
    }
    return WG_OK;
}

static enum wg_status from_array(struct wg_j_run *r, const json_t *j, int depth,
                                 struct wg_j_val *out)
{
    struct wg_j_list *l;

    WG_TRY(wg_j_list_new(r, json_array_size(j), &l));
    for (; l->n < json_array_size(j); l->n++)
        WG_TRY(from_json(r, json_array_get(j, l->n), depth + 1, &l->v[l->n]));
    *out = WG_J_LIST_VAL(l);
    return WG_OK;
}

static enum wg_status from_json(struct wg_j_run *r, const json_t *j, int depth,
                                struct wg_j_val *out)
{
    if (depth > WG_J_MAX_DEPTH)
        return wg_j_fail(r, WG_E_LIMIT, "the variables are nested over %d deep", WG_J_MAX_DEPTH);
    switch (json_typeof(j)) {
    case JSON_OBJECT: {
        struct wg_j_dict *d;
        WG_TRY(from_object(r, j, depth, &d));
        *out = WG_J_DICT_VAL(d);
        return WG_OK;
    }
    case JSON_ARRAY:
        return from_array(r, j, depth, out);
    case JSON_STRING:
        return wg_j_str_borrow(r, json_string_value(j), json_string_length(j), out);
    case JSON_INTEGER:
        *out = WG_J_INT_VAL(json_integer_value(j));
        return WG_OK;
    case JSON_REAL:
        *out = WG_J_FLOAT_VAL(json_real_value(j));
        return WG_OK;
    case JSON_NULL:
        *out = WG_J_NONE_VAL;
        return WG_OK;
    default:
        *out = WG_J_BOOL_VAL(json_is_true(j));
        return WG_OK;
    }
}

static enum wg_status run_template(struct wg_j_run *r, const json_t *vars)
{
    void *idle;

    if (!json_is_object(vars))
        return wg_fail(r->err, WG_E_USAGE, "%s: the variables must be a JSON object", r->t->name);
    WG_TRY(from_object(r, vars, 0, &r->vars));
    WG_TRY(wg_j_alloc(r, r->t->n_scopes, sizeof(struct wg_j_frame *), &idle));
    r->idle = idle;
    WG_TRY(wg_j_enter(r, r->t->root, NULL, &r->frame));
    return wg_j_exec(r, &r->t->body);
}

enum wg_status wg_jinja_render(const struct wg_jinja *t, const json_t *vars,
                               const struct wg_jinja_limits *limits, struct wg_buf *out,
                               struct wg_err *err)
{
    struct wg_jinja_limits l = limits ? *limits : (struct wg_jinja_limits){0};
    struct wg_buf b;
    struct wg_j_run r = {.t = t, .err = err, .out = &b, .line = 1};

    r.max_steps = l.max_steps ? l.max_steps : WG_J_DEFAULT_STEPS;
    r.now_unix = l.now_unix ? l.now_unix : (int64_t)time(NULL);
    wg_arena_init(&r.heap, l.max_heap_bytes ? l.max_heap_bytes : WG_J_DEFAULT_HEAP);
    wg_buf_init(&b, l.max_out_bytes ? l.max_out_bytes : WG_J_DEFAULT_OUT);
    enum wg_status st = run_template(&r, vars);
    if (b.len)
        wg_buf_add(out, b.p, b.len);
    wg_buf_release(&b);
    wg_arena_release(&r.heap);
    if (st == WG_OK)
        st = wg_buf_check(out, "the rendered text", err);
    return st;
}
