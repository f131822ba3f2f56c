/* The tests of `is`. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <string.h>

#define TEST(name)                                                                                 \
    static enum wg_status name(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)

#define TYPE_TEST(name, expr)                                                                      \
    static enum wg_status name(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)      \
    {                                                                                              \
        struct wg_j_val v = c->self;                                                               \
        (void)r;                                                                                   \
        *out = WG_J_BOOL_VAL(expr);                                                                \
        return WG_OK;                                                                              \
    }

TYPE_TEST(is_defined, v.t != WG_J_UNDEFINED)
TYPE_TEST(is_undefined, v.t == WG_J_UNDEFINED)
TYPE_TEST(is_none, v.t == WG_J_NONE)
TYPE_TEST(is_boolean, v.t == WG_J_BOOL)
TYPE_TEST(is_true, v.t == WG_J_BOOL && v.b)
TYPE_TEST(is_false, v.t == WG_J_BOOL && !v.b)
TYPE_TEST(is_integer, v.t == WG_J_INT)
TYPE_TEST(is_float, v.t == WG_J_FLOAT)
TYPE_TEST(is_number, WG_J_IS_NUMBER(v))
TYPE_TEST(is_string, v.t == WG_J_STR)
TYPE_TEST(is_mapping, v.t == WG_J_DICT)
TYPE_TEST(is_iterable,
          (v.t >= WG_J_STR && v.t <= WG_J_GEN) || v.t == WG_J_UNDEFINED || v.t == WG_J_LOOP)
TYPE_TEST(is_sequence, v.t == WG_J_STR || WG_J_IS_SEQUENCE(v) || v.t == WG_J_DICT ||
                           v.t == WG_J_RANGE || v.t == WG_J_UNDEFINED)
TYPE_TEST(is_callable, v.t == WG_J_FUNC || v.t == WG_J_METHOD || v.t == WG_J_MACRO ||
                           v.t == WG_J_LOOP || v.t == WG_J_JOINER || v.t == WG_J_UNDEFINED)
TYPE_TEST(is_escaped, WG_J_IS_MARKUP(v))
TYPE_TEST(is_filter, v.t == WG_J_STR && wg_j_find_filter(v.s->p, v.s->n))
TYPE_TEST(is_test, v.t == WG_J_STR && wg_j_find_test(v.s->p, v.s->n))

static enum wg_status modulo(struct wg_j_run *r, struct wg_j_val v, struct wg_j_val by,
                             int64_t rest, struct wg_j_val *out)
{
    struct wg_j_val mod;
    bool same;

    WG_TRY(wg_j_arith(r, '%', v, by, &mod));
    WG_TRY(wg_j_equal(r, mod, WG_J_INT_VAL(rest), &same));
    *out = WG_J_BOOL_VAL(same);
    return WG_OK;
}

TEST(is_odd)
{
    return modulo(r, c->self, WG_J_INT_VAL(2), 1, out);
}

TEST(is_even)
{
    return modulo(r, c->self, WG_J_INT_VAL(2), 0, out);
}

TEST(is_divisible)
{
    return modulo(r, c->self, c->arg[0], 0, out);
}

static enum wg_status all_case(struct wg_j_run *r, struct wg_j_val v, bool upper,
                               struct wg_j_val *out)
{
    struct wg_j_val s;
    bool cased = false, right = true;
    int len;

    WG_TRY(wg_j_to_str(r, v, &s));
    for (size_t i = 0; i < s.s->n; i += (size_t)len) {
        uint32_t cp = wg_j_cp(s.s->p + i, &len);
        bool up = wg_j_is_upper(cp), low = wg_j_is_lower(cp);
        right = right && !(upper ? low : up) && !wg_j_is_title(cp);
        cased = cased || (upper ? up : low);
    }
    *out = WG_J_BOOL_VAL(cased && right);
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
    struct wg_j_val a = c->self, b = c->arg[0];
    bool both = a.t == WG_J_UNDEFINED && b.t == WG_J_UNDEFINED;

    (void)r;
    *out = WG_J_BOOL_VAL(both ? a.u == b.u : wg_j_same(a, b));
    return WG_OK;
}

TEST(is_in)
{
    bool found;

    WG_TRY(wg_j_contains(r, c->self, c->arg[0], &found));
    *out = WG_J_BOOL_VAL(found);
    return WG_OK;
}

static enum wg_status order(struct wg_j_run *r, struct wg_j_call *c, const char *op,
                            struct wg_j_val *out)
{
    struct wg_j_val a = op[0] == '<' ? c->self : c->arg[0], b = op[0] == '<' ? c->arg[0] : c->self;
    bool holds;

    WG_TRY(wg_j_less(r, a, b, op, &holds));
    if (!holds && op[1] == '=')
        WG_TRY(wg_j_equal(r, a, b, &holds));
    *out = WG_J_BOOL_VAL(holds);
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

    WG_TRY(wg_j_equal(r, c->self, c->arg[0], &same));
    *out = WG_J_BOOL_VAL(same);
    return WG_OK;
}

TEST(is_ne)
{
    WG_TRY(is_eq(r, c, out));
    out->b = !out->b;
    return WG_OK;
}

static const struct wg_j_builtin tests[] = {
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

const struct wg_j_builtin *wg_j_find_test(const char *name, size_t n)
{
    for (size_t i = 0; i < WG_COUNT(tests); i++)
        if (wg_j_named(tests[i].name, name, n))
            return &tests[i];
    return NULL;
}
