/* The tests of `is`. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <string.h>

#define TEST(name)                                                                                 \
    static enum wg_status name(struct wgj_run *r, struct wgj_call *c, struct wgj_val *out)

#define TYPE_TEST(name, expr)                                                                      \
    static enum wg_status name(struct wgj_run *r, struct wgj_call *c, struct wgj_val *out)         \
    {                                                                                              \
        struct wgj_val v = c->self;                                                                \
        (void)r;                                                                                   \
        *out = WGJ_BOOL_VAL(expr);                                                                 \
        return WG_OK;                                                                              \
    }

TYPE_TEST(is_defined, v.t != WGJ_UNDEFINED)
TYPE_TEST(is_undefined, v.t == WGJ_UNDEFINED)
TYPE_TEST(is_none, v.t == WGJ_NONE)
TYPE_TEST(is_boolean, v.t == WGJ_BOOL)
TYPE_TEST(is_true, v.t == WGJ_BOOL && v.b)
TYPE_TEST(is_false, v.t == WGJ_BOOL && !v.b)
TYPE_TEST(is_integer, v.t == WGJ_INT)
TYPE_TEST(is_float, v.t == WGJ_FLOAT)
TYPE_TEST(is_number, WGJ_IS_NUMBER(v))
TYPE_TEST(is_string, v.t == WGJ_STR)
TYPE_TEST(is_mapping, v.t == WGJ_DICT)
TYPE_TEST(is_iterable,
          (v.t >= WGJ_STR && v.t <= WGJ_GEN) || v.t == WGJ_UNDEFINED || v.t == WGJ_LOOP)
TYPE_TEST(is_sequence, v.t == WGJ_STR || WGJ_IS_SEQUENCE(v) || v.t == WGJ_DICT ||
                           v.t == WGJ_RANGE || v.t == WGJ_UNDEFINED)
TYPE_TEST(is_callable, v.t == WGJ_FUNC || v.t == WGJ_METHOD || v.t == WGJ_MACRO ||
                           v.t == WGJ_LOOP || v.t == WGJ_JOINER || v.t == WGJ_UNDEFINED)
TYPE_TEST(is_escaped, WGJ_IS_MARKUP(v))
TYPE_TEST(is_filter, v.t == WGJ_STR && wgj_find_filter(v.s->p, v.s->n))
TYPE_TEST(is_test, v.t == WGJ_STR && wgj_find_test(v.s->p, v.s->n))

static enum wg_status modulo(struct wgj_run *r, struct wgj_val v, struct wgj_val by, int64_t rest,
                             struct wgj_val *out)
{
    struct wgj_val mod;
    bool same;

    WG_TRY(wgj_arith(r, '%', v, by, &mod));
    WG_TRY(wgj_equal(r, mod, WGJ_INT_VAL(rest), &same));
    *out = WGJ_BOOL_VAL(same);
    return WG_OK;
}

TEST(is_odd)
{
    return modulo(r, c->self, WGJ_INT_VAL(2), 1, out);
}

TEST(is_even)
{
    return modulo(r, c->self, WGJ_INT_VAL(2), 0, out);
}

TEST(is_divisible)
{
    return modulo(r, c->self, c->arg[0], 0, out);
}

static enum wg_status all_case(struct wgj_run *r, struct wgj_val v, bool upper, struct wgj_val *out)
{
    struct wgj_val s;
    bool cased = false, right = true;
    int len;

    WG_TRY(wgj_to_str(r, v, &s));
    for (size_t i = 0; i < s.s->n; i += (size_t)len) {
        uint32_t cp = wgj_cp(s.s->p + i, &len);
        bool up = wgj_is_upper(cp), low = wgj_is_lower(cp);
        right = right && !(upper ? low : up) && !wgj_is_title(cp);
        cased = cased || (upper ? up : low);
    }
    *out = WGJ_BOOL_VAL(cased && right);
    return WG_OK;
}

TEST(is_lower)
{
    return all_case(r, c->self, false, out);
}

TEST(is_upper)
{
    return all_case(r, c->self, true, out);
}

TEST(is_sameas)
{
    struct wgj_val a = c->self, b = c->arg[0];
    bool both = a.t == WGJ_UNDEFINED && b.t == WGJ_UNDEFINED;

    (void)r;
    *out = WGJ_BOOL_VAL(both ? a.u == b.u : wgj_same(a, b));
    return WG_OK;
}

TEST(is_in)
{
    bool found;

    WG_TRY(wgj_contains(r, c->self, c->arg[0], &found));
    *out = WGJ_BOOL_VAL(found);
    return WG_OK;
}

static enum wg_status order(struct wgj_run *r, struct wgj_call *c, const char *op,
                            struct wgj_val *out)
{
    struct wgj_val a = op[0] == '<' ? c->self : c->arg[0], b = op[0] == '<' ? c->arg[0] : c->self;
    bool holds;

    WG_TRY(wgj_less(r, a, b, op, &holds));
    if (!holds && op[1] == '=')
        WG_TRY(wgj_equal(r, a, b, &holds));
    *out = WGJ_BOOL_VAL(holds);
    return WG_OK;
}

TEST(is_lt)
{
    return order(r, c, "<", out);
}

TEST(is_le)
{
    return order(r, c, "<=", out);
}

TEST(is_gt)
{
    return order(r, c, ">", out);
}

TEST(is_ge)
{
    return order(r, c, ">=", out);
}

TEST(is_eq)
{
    bool same;

    WG_TRY(wgj_equal(r, c->self, c->arg[0], &same));
    *out = WGJ_BOOL_VAL(same);
    return WG_OK;
}

TEST(is_ne)
{
    WG_TRY(is_eq(r, c, out));
    out->b = !out->b;
    return WG_OK;
}

static const struct wgj_builtin tests[] = {
    {"boolean", "", 0, is_boolean},
    {"callable", "", 0, is_callable},
    {"defined", "", 0, is_defined},
    {"divisibleby", "num", 1, is_divisible},
    {"escaped", "", 0, is_escaped},
    {"even", "", 0, is_even},
    {"false", "", 0, is_false},
    {"filter", "", 0, is_filter},
    {"float", "", 0, is_float},
    {"in", "seq", 1, is_in},
    {"integer", "", 0, is_integer},
    {"iterable", "", 0, is_iterable},
    {"lower", "", 0, is_lower},
    {"mapping", "", 0, is_mapping},
    {"none", "", 0, is_none},
    {"number", "", 0, is_number},
    {"odd", "", 0, is_odd},
    {"sameas", "other", 1, is_sameas},
    {"sequence", "", 0, is_sequence},
    {"string", "", 0, is_string},
    {"test", "", 0, is_test},
    {"true", "", 0, is_true},
    {"undefined", "", 0, is_undefined},
    {"upper", "", 0, is_upper},
    {"eq", "/other", 1, is_eq},
    {"==", "/other", 1, is_eq},
    {"equalto", "/other", 1, is_eq},
    {"ne", "/other", 1, is_ne},
    {"!=", "/other", 1, is_ne},
    {"lt", "/other", 1, is_lt},
    {"<", "/other", 1, is_lt},
    {"lessthan", "/other", 1, is_lt},
    {"le", "/other", 1, is_le},
    {"<=", "/other", 1, is_le},
    {"gt", "/other", 1, is_gt},
    {">", "/other", 1, is_gt},
    {"greaterthan", "/other", 1, is_gt},
    {"ge", "/other", 1, is_ge},
    {">=", "/other", 1, is_ge},
};

const struct wgj_builtin *wgj_find_test(const char *name, size_t n)
{
    for (size_t i = 0; i < WG_COUNT(tests); i++)
        if (strncmp(tests[i].name, name, n) == 0 && tests[i].name[n] == '\0')
            return &tests[i];
    return NULL;
}
