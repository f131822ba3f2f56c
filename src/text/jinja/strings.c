/* Methods of strings, with Python's meanings. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <string.h>

#define METHOD(name)                                                                               \
    static enum wg_status name(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)

static enum wg_status want_str(struct wg_j_run *r, const struct wg_j_call *c, struct wg_j_val v)
{
    if (v.t == WG_J_STR)
        return WG_OK;
    if (v.t == WG_J_UNDEFINED)
        return wg_j_fail(r, WG_E_INPUT, "%s() needs a string: %s", c->fn->name, v.u->message);
    return wg_j_fail(r, WG_E_INPUT, "%s() needs a string, not %s", c->fn->name, wg_j_type_name(v));
}

/* An int argument, or what it is when not given. */
static enum wg_status get_int(struct wg_j_run *r, const struct wg_j_call *c, int i, int64_t missing,
                              int64_t *out)
{
    *out = missing;
    if (c->arg[i].t == WG_J_MISSING)
        return WG_OK;
    if (!WG_J_IS_INT(c->arg[i]))
        return wg_j_fail(r, WG_E_INPUT, "%s(): '%s' object cannot be interpreted as an integer",
                         c->fn->name, wg_j_type_name(c->arg[i]));
    *out = WG_J_AS_INT(c->arg[i]);
    return WG_OK;
}

/* Case */

static enum wg_status map_case(struct wg_j_run *r, const struct wg_j_str *s, enum wg_j_case first,
                               enum wg_j_case rest, bool words, struct wg_j_val *out)
{
    struct wg_buf b;
    bool inside = false;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    wg_j_buf_start(r, &b);
    for (const char *p = s->p; p < s->p + s->n; p += len) {
        uint32_t cp = wg_j_cp(p, &len);
        wg_j_add_case(&b, inside ? rest : first, s->p, p, s->p + s->n);
        inside = !words || wg_j_is_cased(cp);
    }
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

METHOD(str_upper)
{
    return map_case(r, c->self.s, WG_J_UPPER, WG_J_UPPER, false, out);
}

METHOD(str_lower)
{
    return map_case(r, c->self.s, WG_J_LOWER, WG_J_LOWER, false, out);
}

METHOD(str_capitalize)
{
    return map_case(r, c->self.s, WG_J_TITLE, WG_J_LOWER, false, out);
}

METHOD(str_title)
{
    return map_case(r, c->self.s, WG_J_TITLE, WG_J_LOWER, true, out);
}

METHOD(str_swapcase)
{
    const struct wg_j_str *s = c->self.s;
    struct wg_buf b;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    wg_j_buf_start(r, &b);
    for (const char *p = s->p; p < s->p + s->n; p += len) {
        uint32_t cp = wg_j_cp(p, &len);
        if (wg_j_is_upper(cp) || wg_j_is_lower(cp))
            wg_j_add_case(&b, wg_j_is_upper(cp) ? WG_J_LOWER : WG_J_UPPER, s->p, p, s->p + s->n);
        else
            wg_buf_add(&b, p, (size_t)len);
    }
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

/* Classes */

static enum wg_status every(struct wg_j_run *r, const struct wg_j_str *s, bool (*is)(uint32_t),
                            bool when_empty, struct wg_j_val *out)
{
    bool all = s->n > 0 || when_empty;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    for (size_t i = 0; all && i < s->n; i += (size_t)len)
        all = is(wg_j_cp(s->p + i, &len));
    *out = WG_J_BOOL_VAL(all);
    return WG_OK;
}

static bool is_alnum(uint32_t cp)
{
    return wg_j_is_alpha(cp) || wg_j_is_numeric(cp);
}

static bool is_ascii(uint32_t cp)
{
    return cp < 0x80;
}

#define CLASS_METHOD(name, is, when_empty)                                                         \
    METHOD(name)                                                                                   \
    {                                                                                              \
        return every(r, c->self.s, is, when_empty, out);                                           \
    }

CLASS_METHOD(str_isalnum, is_alnum, false)
CLASS_METHOD(str_isalpha, wg_j_is_alpha, false)
CLASS_METHOD(str_isascii, is_ascii, true)
CLASS_METHOD(str_isdecimal, wg_j_is_decimal, false)
CLASS_METHOD(str_isdigit, wg_j_is_digit, false)
CLASS_METHOD(str_isnumeric, wg_j_is_numeric, false)
CLASS_METHOD(str_isprintable, wg_j_is_printable, true)
CLASS_METHOD(str_isspace, wg_j_is_space, false)

static enum wg_status cased_only(struct wg_j_run *r, const struct wg_j_str *s, bool upper,
                                 struct wg_j_val *out)
{
    bool cased = false, right = true;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    for (size_t i = 0; right && i < s->n; i += (size_t)len) {
        uint32_t cp = wg_j_cp(s->p + i, &len);
        bool is_up = wg_j_is_upper(cp), is_low = wg_j_is_lower(cp);
        right = !(upper ? is_low : is_up) && !wg_j_is_title(cp);
        cased = cased || (upper ? is_up : is_low);
    }
    *out = WG_J_BOOL_VAL(cased && right);
    return WG_OK;
}

METHOD(str_isupper)
{
    return cased_only(r, c->self.s, true, out);
}

METHOD(str_islower)
{
    return cased_only(r, c->self.s, false, out);
}

METHOD(str_istitle)
{
    const struct wg_j_str *s = c->self.s;
    bool inside = false, right = true, any = false;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    for (size_t i = 0; right && i < s->n; i += (size_t)len) {
        uint32_t cp = wg_j_cp(s->p + i, &len);
        bool up = wg_j_is_upper(cp) || wg_j_is_title(cp), low = wg_j_is_lower(cp);
        right = up ? !inside : low ? inside : true;
        inside = up || low;
        any = any || inside;
    }
    *out = WG_J_BOOL_VAL(right && any);
    return WG_OK;
}

METHOD(str_isidentifier)
{
    const struct wg_j_str *s = c->self.s;
    bool right = s->n > 0;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    for (size_t i = 0; right && i < s->n; i += (size_t)len)
        right = wg_j_is_name(wg_j_cp(s->p + i, &len), i == 0);
    *out = WG_J_BOOL_VAL(right);
    return WG_OK;
}

/* strip */

static bool in_set(const struct wg_j_str *set, const char *p, size_t n)
{
    return memmem(set->p, set->n, p, n) != NULL;
}

static enum wg_status strip(struct wg_j_run *r, struct wg_j_call *c, bool left, bool right,
                            struct wg_j_val *out)
{
    const struct wg_j_str *s = c->self.s;
    const char *p = s->p, *end = p + s->n;
    size_t n = s->n;
    int len;

    WG_TRY(wg_j_work(r, n));
    if (c->arg[0].t == WG_J_MISSING || c->arg[0].t == WG_J_NONE) {
        wg_j_strip(&p, &n, left, right);
    } else {
        WG_TRY(want_str(r, c, c->arg[0]));
        const struct wg_j_str *set = c->arg[0].s;
        WG_TRY(wg_j_work(r, set->n));
        while (left && p < end) {
            wg_j_cp(p, &len);
            if (!in_set(set, p, (size_t)len))
                break;
            p += len;
        }
        while (right && p < end) {
            wg_j_cp_before(p, end, &len);
            if (!in_set(set, end - len, (size_t)len))
                break;
            end -= len;
        }
        n = (size_t)(end - p);
    }
    if (n == s->n) {
        *out = c->self;
        return WG_OK;
    }
    return wg_j_str_borrow(r, p, n, out);
}

METHOD(str_strip)
{
    return strip(r, c, true, true, out);
}

METHOD(str_lstrip)
{
    return strip(r, c, true, false, out);
}

METHOD(str_rstrip)
{
    return strip(r, c, false, true, out);
}

/* split */

static enum wg_status add_piece(struct wg_j_run *r, struct wg_j_list *l, const char *p,
                                const char *end)
{
    struct wg_j_val v;

    WG_TRY(wg_j_str_borrow(r, p, (size_t)(end - p), &v));
    return wg_j_list_add(r, l, v);
}

/* Between runs of white space; max < 0: all. */
static enum wg_status split_space(struct wg_j_run *r, const struct wg_j_str *s, int64_t max,
                                  struct wg_j_list *l)
{
    const char *p = s->p, *end = p + s->n;
    size_t n = s->n;
    int len;

    for (;;) {
        wg_j_strip(&p, &n, true, false);
        if (!n)
            return WG_OK;
        if (max >= 0 && (int64_t)l->n >= max) {
            return add_piece(r, l, p, p + n);
        }
        const char *q = p;
        while (q < end && !wg_j_is_space(wg_j_cp(q, &len)))
            q += len;
        WG_TRY(add_piece(r, l, p, q));
        p = q;
        n = (size_t)(end - p);
    }
}

static enum wg_status rsplit_space(struct wg_j_run *r, const struct wg_j_str *s, int64_t max,
                                   struct wg_j_list *l)
{
    const char *p = s->p;
    size_t n = s->n;
    int len;

    for (;;) {
        wg_j_strip(&p, &n, false, true);
        if (!n)
            return WG_OK;
        if (max >= 0 && (int64_t)l->n >= max) {
            return add_piece(r, l, p, p + n);
        }
        const char *end = p + n, *q = end;
        while (q > p && !wg_j_is_space(wg_j_cp_before(p, q, &len)))
            q -= len;
        WG_TRY(add_piece(r, l, q, end));
        n = (size_t)(q - p);
    }
}

static enum wg_status split_sep(struct wg_j_run *r, const struct wg_j_str *s,
                                const struct wg_j_str *sep, int64_t max, struct wg_j_list *l)
{
    const char *p = s->p, *end = p + s->n;

    while (max < 0 || (int64_t)l->n < max) {
        const char *hit = memmem(p, (size_t)(end - p), sep->p, sep->n);
        if (!hit)
            break;
        WG_TRY(add_piece(r, l, p, hit));
        p = hit + sep->n;
    }
    return add_piece(r, l, p, end);
}

static const char *find_last(const char *p, size_t n, const struct wg_j_str *what)
{
    if (what->n > n)
        return NULL;
    for (size_t i = n - what->n + 1; i-- > 0;)
        if (memcmp(p + i, what->p, what->n) == 0)
            return p + i;
    return NULL;
}

static enum wg_status rsplit_sep(struct wg_j_run *r, const struct wg_j_str *s,
                                 const struct wg_j_str *sep, int64_t max, struct wg_j_list *l)
{
    const char *end = s->p + s->n;

    while (max < 0 || (int64_t)l->n < max) {
        const char *hit = find_last(s->p, (size_t)(end - s->p), sep);
        if (!hit)
            break;
        WG_TRY(add_piece(r, l, hit + sep->n, end));
        end = hit;
    }
    return add_piece(r, l, s->p, end);
}

static enum wg_status split(struct wg_j_run *r, struct wg_j_call *c, bool from_right,
                            struct wg_j_val *out)
{
    const struct wg_j_str *s = c->self.s;
    struct wg_j_list *l;
    int64_t max;

    WG_TRY(get_int(r, c, 1, -1, &max));
    WG_TRY(wg_j_list_new(r, 0, &l));
    WG_TRY(wg_j_work(r, s->n));
    if (c->arg[0].t == WG_J_MISSING || c->arg[0].t == WG_J_NONE) {
        WG_TRY(from_right ? rsplit_space(r, s, max, l) : split_space(r, s, max, l));
    } else {
        WG_TRY(want_str(r, c, c->arg[0]));
        if (!c->arg[0].s->n)
            return wg_j_fail(r, WG_E_INPUT, "empty separator");
        WG_TRY(from_right ? rsplit_sep(r, s, c->arg[0].s, max, l)
                          : split_sep(r, s, c->arg[0].s, max, l));
    }
    for (size_t i = 0; from_right && i < l->n / 2; i++) {
        struct wg_j_val v = l->v[i];
        l->v[i] = l->v[l->n - 1 - i];
        l->v[l->n - 1 - i] = v;
    }
    *out = WG_J_LIST_VAL(l);
    return WG_OK;
}

METHOD(str_split)
{
    return split(r, c, false, out);
}

METHOD(str_rsplit)
{
    return split(r, c, true, out);
}

METHOD(str_splitlines)
{
    const struct wg_j_str *s = c->self.s;
    bool keep = c->arg[0].t != WG_J_MISSING && wg_j_truth(c->arg[0]);
    const char *p = s->p, *end = p + s->n;
    struct wg_j_list *l;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    WG_TRY(wg_j_list_new(r, 0, &l));
    while (p < end) {
        const char *q = p;
        len = 0;
        while (q < end && !wg_j_is_line_break(wg_j_cp(q, &len)))
            q += len;
        const char *next = q < end ? q + len : q;
        if (q < end && *q == '\r' && next < end && *next == '\n')
            next++;
        WG_TRY(add_piece(r, l, p, keep ? next : q));
        p = next;
    }
    *out = WG_J_LIST_VAL(l);
    return WG_OK;
}

static enum wg_status partition(struct wg_j_run *r, struct wg_j_call *c, bool last,
                                struct wg_j_val *out)
{
    const struct wg_j_str *s = c->self.s;
    struct wg_j_list *l;

    WG_TRY(want_str(r, c, c->arg[0]));
    const struct wg_j_str *sep = c->arg[0].s;
    if (!sep->n)
        return wg_j_fail(r, WG_E_INPUT, "empty separator");
    WG_TRY(wg_j_work(r, s->n));
    WG_TRY(wg_j_list_new(r, 3, &l));
    const char *end = s->p + s->n,
               *hit = last ? find_last(s->p, s->n, sep) : memmem(s->p, s->n, sep->p, sep->n);
    const char *a = hit ? hit : last ? s->p : end, *b = hit ? hit + sep->n : a;
    WG_TRY(add_piece(r, l, s->p, a));
    WG_TRY(add_piece(r, l, a, b));
    WG_TRY(add_piece(r, l, b, end));
    *out = WG_J_TUPLE_VAL(l);
    return WG_OK;
}

METHOD(str_partition)
{
    return partition(r, c, false, out);
}

METHOD(str_rpartition)
{
    return partition(r, c, true, out);
}

/* Search */

/* Byte range of [arg i, arg i + 1), which count code points as a slice does; false when it begins
 * behind the end. */
static enum wg_status bounds(struct wg_j_run *r, struct wg_j_call *c, int i, const char **p,
                             size_t *n, bool *inside)
{
    struct wg_j_str *s = c->self.s;
    int64_t chars = (int64_t)wg_j_chars(s), b[2] = {0, chars};

    for (int k = 0; k < 2; k++) {
        struct wg_j_val v = c->arg[i + k];
        if (v.t == WG_J_MISSING || v.t == WG_J_NONE)
            continue;
        if (!WG_J_IS_INT(v))
            return wg_j_fail(r, WG_E_INPUT, "slice indices must be integers or None");
        b[k] = WG_J_AS_INT(v);
        if (b[k] < 0)
            b[k] = b[k] < -chars ? 0 : b[k] + chars;
    }
    b[1] = WG_MIN(b[1], chars);
    *inside = b[0] <= b[1];
    *p = s->p;
    *n = 0;
    WG_TRY(wg_j_work(r, s->n));
    if (*inside) {
        size_t from = wg_j_char_offset(s, (size_t)b[0]), to = wg_j_char_offset(s, (size_t)b[1]);
        *p = s->p + from;
        *n = to - from;
    }
    return WG_OK;
}

static enum wg_status find(struct wg_j_run *r, struct wg_j_call *c, bool last, bool must,
                           struct wg_j_val *out)
{
    const char *p = NULL, *hit = NULL;
    size_t n = 0;
    bool inside = false;

    WG_TRY(want_str(r, c, c->arg[0]));
    WG_TRY(bounds(r, c, 1, &p, &n, &inside));
    const struct wg_j_str *what = c->arg[0].s;
    if (inside)
        hit = last ? find_last(p, n, what) : what->n ? memmem(p, n, what->p, what->n) : p;
    if (!hit && must)
        return wg_j_fail(r, WG_E_INPUT, "substring not found");
    *out = WG_J_INT_VAL(hit ? (int64_t)wg_j_count_chars(c->self.s->p, (size_t)(hit - c->self.s->p))
                            : -1);
    return WG_OK;
}

METHOD(str_find)
{
    return find(r, c, false, false, out);
}

METHOD(str_rfind)
{
    return find(r, c, true, false, out);
}

METHOD(str_index)
{
    return find(r, c, false, true, out);
}

METHOD(str_rindex)
{
    return find(r, c, true, true, out);
}

METHOD(str_count)
{
    const char *p = NULL;
    size_t n = 0;
    bool inside = false;
    int64_t count = 0;

    WG_TRY(want_str(r, c, c->arg[0]));
    WG_TRY(bounds(r, c, 1, &p, &n, &inside));
    const struct wg_j_str *what = c->arg[0].s;
    if (!what->n) {
        *out = WG_J_INT_VAL(inside ? (int64_t)wg_j_count_chars(p, n) + 1 : 0);
        return WG_OK;
    }
    for (const char *end = p + n; inside && p < end; count++) {
        p = memmem(p, (size_t)(end - p), what->p, what->n);
        if (!p)
            break;
        p += what->n;
    }
    *out = WG_J_INT_VAL(count);
    return WG_OK;
}

static bool has_affix(const char *p, size_t n, const struct wg_j_str *affix, bool end)
{
    return affix->n <= n && memcmp(end ? p + n - affix->n : p, affix->p, affix->n) == 0;
}

static enum wg_status has_one_of(struct wg_j_run *r, struct wg_j_call *c, bool end,
                                 struct wg_j_val *out)
{
    struct wg_j_val a = c->arg[0];
    const char *p = NULL;
    size_t n = 0;
    bool inside = false;

    WG_TRY(bounds(r, c, 1, &p, &n, &inside));
    *out = WG_J_BOOL_VAL(false);
    if (a.t != WG_J_TUPLE) {
        WG_TRY(want_str(r, c, a));
        out->b = inside && has_affix(p, n, a.s, end);
        return WG_OK;
    }
    for (size_t i = 0; i < a.l->n && !out->b; i++) {
        WG_TRY(want_str(r, c, a.l->v[i]));
        out->b = inside && has_affix(p, n, a.l->v[i].s, end);
    }
    return WG_OK;
}

METHOD(str_startswith)
{
    return has_one_of(r, c, false, out);
}

METHOD(str_endswith)
{
    return has_one_of(r, c, true, out);
}

/* Building */

METHOD(str_removeprefix)
{
    const struct wg_j_str *s = c->self.s;

    WG_TRY(want_str(r, c, c->arg[0]));
    *out = c->self;
    if (!has_affix(s->p, s->n, c->arg[0].s, false))
        return WG_OK;
    return wg_j_str_borrow(r, s->p + c->arg[0].s->n, s->n - c->arg[0].s->n, out);
}

METHOD(str_removesuffix)
{
    const struct wg_j_str *s = c->self.s;

    WG_TRY(want_str(r, c, c->arg[0]));
    *out = c->self;
    if (!has_affix(s->p, s->n, c->arg[0].s, true))
        return WG_OK;
    return wg_j_str_borrow(r, s->p, s->n - c->arg[0].s->n, out);
}

enum wg_status wg_j_replace(struct wg_j_run *r, const struct wg_j_str *s,
                            const struct wg_j_str *old, const struct wg_j_str *new, int64_t max,
                            struct wg_j_val *out)
{
    struct wg_buf b;
    const char *p = s->p, *end = p + s->n;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    wg_j_buf_start(r, &b);
    for (int64_t k = 0; (max < 0 || k < max) && !b.failed; k++) {
        if (!old->n) { /* between all characters, and at both ends */
            wg_buf_add(&b, new->p, new->n);
            if (p >= end)
                break;
            wg_j_cp(p, &len);
            wg_buf_add(&b, p, (size_t)len);
            p += len;
            continue;
        }
        const char *hit = memmem(p, (size_t)(end - p), old->p, old->n);
        if (!hit)
            break;
        wg_buf_add(&b, p, (size_t)(hit - p));
        wg_buf_add(&b, new->p, new->n);
        p = hit + old->n;
    }
    wg_buf_add(&b, p, (size_t)(end - p));
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

METHOD(str_replace)
{
    int64_t max;

    WG_TRY(want_str(r, c, c->arg[0]));
    WG_TRY(want_str(r, c, c->arg[1]));
    WG_TRY(get_int(r, c, 2, -1, &max));
    return wg_j_replace(r, c->self.s, c->arg[0].s, c->arg[1].s, max, out);
}

METHOD(str_join)
{
    struct wg_buf b;
    struct wg_j_list *l;

    WG_TRY(wg_j_to_list(r, c->arg[0], &l));
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].t != WG_J_STR)
            return wg_j_fail(r, WG_E_INPUT, "sequence item %zu: expected str instance, %s found", i,
                             wg_j_type_name(l->v[i]));
    wg_j_buf_start(r, &b);
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            wg_buf_add(&b, c->self.s->p, c->self.s->n);
        wg_buf_add(&b, l->v[i].s->p, l->v[i].s->n);
    }
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

/* Padding: `left` fills of the missing width go before the text. */
enum wg_status wg_j_pad(struct wg_j_run *r, struct wg_j_str *s, int64_t width, const char *fill,
                        size_t fill_n, int align, struct wg_j_val *out)
{
    struct wg_buf b;
    int64_t missing = width - (int64_t)wg_j_chars(s);

    if (missing <= 0)
        missing = 0;
    WG_TRY(wg_j_work(r, (size_t)missing));
    /* Python's center puts the odd blank left when the width is odd. */
    int64_t left = align < 0 ? 0 : align > 0 ? missing : missing / 2 + (missing & width & 1);
    wg_j_buf_start(r, &b);
    for (int64_t i = 0; i < left && !b.failed; i++)
        wg_buf_add(&b, fill, fill_n);
    wg_buf_add(&b, s->p, s->n);
    for (int64_t i = left; i < missing && !b.failed; i++)
        wg_buf_add(&b, fill, fill_n);
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

static enum wg_status justify(struct wg_j_run *r, struct wg_j_call *c, int align,
                              struct wg_j_val *out)
{
    struct wg_j_str blank = {.p = " ", .n = 1, .chars = 1}, *fill = &blank;
    int64_t width;

    WG_TRY(get_int(r, c, 0, 0, &width));
    if (c->arg[1].t != WG_J_MISSING) {
        WG_TRY(want_str(r, c, c->arg[1]));
        fill = c->arg[1].s;
        if (wg_j_chars(fill) != 1)
            return wg_j_fail(r, WG_E_INPUT,
                             "The fill character must be exactly one character long");
    }
    return wg_j_pad(r, c->self.s, width, fill->p, fill->n, align, out);
}

METHOD(str_ljust)
{
    return justify(r, c, -1, out);
}

METHOD(str_rjust)
{
    return justify(r, c, 1, out);
}

METHOD(str_center)
{
    return justify(r, c, 0, out);
}

METHOD(str_zfill)
{
    struct wg_j_str *s = c->self.s, rest = {.p = s->p + 1, .n = s->n - 1, .chars = WG_J_UNCOUNTED};
    struct wg_j_val sign;
    int64_t width;

    WG_TRY(get_int(r, c, 0, 0, &width));
    if (!s->n || (s->p[0] != '-' && s->p[0] != '+'))
        return wg_j_pad(r, s, width, "0", 1, 1, out);
    WG_TRY(wg_j_str_borrow(r, s->p, 1, &sign));
    WG_TRY(wg_j_pad(r, &rest, width - 1, "0", 1, 1, out));
    return wg_j_str_concat(r, sign, *out, out);
}

METHOD(str_expandtabs)
{
    const struct wg_j_str *s = c->self.s;
    struct wg_buf b;
    int64_t size, column = 0;
    int len;

    WG_TRY(get_int(r, c, 0, 8, &size));
    if (size > 4096)
        return wg_j_fail(r, WG_E_LIMIT, "expandtabs() is for at most 4096 columns");
    WG_TRY(wg_j_work(r, s->n));
    wg_j_buf_start(r, &b);
    for (size_t i = 0; i < s->n && !b.failed; i += (size_t)len) {
        uint32_t cp = wg_j_cp(s->p + i, &len);
        if (cp != '\t') {
            wg_buf_add(&b, s->p + i, (size_t)len);
            column = cp == '\n' || cp == '\r' ? 0 : column + 1;
        } else if (size > 0) {
            do
                wg_buf_addc(&b, ' ');
            while (++column % size);
        }
    }
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

const struct wg_j_builtin wg_j_str_methods[] = {
    {"capitalize", "/", 0, str_capitalize},
    {"casefold", "*", 0, NULL},
    {"center", "/width fillchar", 1, str_center},
    {"count", "/sub start end", 1, str_count},
    {"encode", "*", 0, NULL},
    {"endswith", "/suffix start end", 1, str_endswith},
    {"expandtabs", "tabsize", 0, str_expandtabs},
    {"find", "/sub start end", 1, str_find},
    {"format", "*", 0, wg_j_str_format},
    {"format_map", "*", 0, NULL},
    {"index", "/sub start end", 1, str_index},
    {"isalnum", "/", 0, str_isalnum},
    {"isalpha", "/", 0, str_isalpha},
    {"isascii", "/", 0, str_isascii},
    {"isdecimal", "/", 0, str_isdecimal},
    {"isdigit", "/", 0, str_isdigit},
    {"isidentifier", "/", 0, str_isidentifier},
    {"islower", "/", 0, str_islower},
    {"isnumeric", "/", 0, str_isnumeric},
    {"isprintable", "/", 0, str_isprintable},
    {"isspace", "/", 0, str_isspace},
    {"istitle", "/", 0, str_istitle},
    {"isupper", "/", 0, str_isupper},
    {"join", "/iterable", 1, str_join},
    {"ljust", "/width fillchar", 1, str_ljust},
    {"lower", "/", 0, str_lower},
    {"lstrip", "/chars", 0, str_lstrip},
    {"maketrans", "*", 0, NULL},
    {"partition", "/sep", 1, str_partition},
    {"removeprefix", "/prefix", 1, str_removeprefix},
    {"removesuffix", "/suffix", 1, str_removesuffix},
    {"replace", "/old new count", 2, str_replace},
    {"rfind", "/sub start end", 1, str_rfind},
    {"rindex", "/sub start end", 1, str_rindex},
    {"rjust", "/width fillchar", 1, str_rjust},
    {"rpartition", "/sep", 1, str_rpartition},
    {"rsplit", "sep maxsplit", 0, str_rsplit},
    {"rstrip", "/chars", 0, str_rstrip},
    {"split", "sep maxsplit", 0, str_split},
    {"splitlines", "keepends", 0, str_splitlines},
    {"startswith", "/prefix start end", 1, str_startswith},
    {"strip", "/chars", 0, str_strip},
    {"swapcase", "/", 0, str_swapcase},
    {"title", "/", 0, str_title},
    {"translate", "*", 0, NULL},
    {"upper", "/", 0, str_upper},
    {"zfill", "/width", 1, str_zfill},
    {0},
};
