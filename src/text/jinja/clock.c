/* strftime_now: local time with Python's directives; names are English whatever the locale. */
#include "text/jinja/run.h"

#include <string.h>
#include <time.h>

static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                   "Thursday", "Friday", "Saturday"};
static const char *const months[] = {"January",   "February", "March",    "April",
                                     "May",       "June",     "July",     "August",
                                     "September", "October",  "November", "December"};

static int week_of_year(const struct tm *t, int first_day)
{
    return (t->tm_yday + 7 - (t->tm_wday - first_day + 7) % 7) / 7;
}

/* A number of two or three digits; a '-' after the % leaves the zeros out. */
static void add_number(struct wg_buf *b, int x, int width, bool bare)
{
    wg_buf_addf(b, "%0*d", bare ? 1 : width, x);
}

static bool add_directive(struct wg_buf *b, const struct tm *t, char c, bool bare)
{
    int hour12 = t->tm_hour % 12 ? t->tm_hour % 12 : 12;

    switch (c) {
    case 'Y':
        wg_buf_addf(b, "%d", t->tm_year + 1900);
        return true;
    case 'y':
        add_number(b, t->tm_year % 100, 2, bare);
        return true;
    case 'm':
        add_number(b, t->tm_mon + 1, 2, bare);
        return true;
    case 'd':
        add_number(b, t->tm_mday, 2, bare);
        return true;
    case 'e':
        wg_buf_addf(b, bare ? "%d" : "%2d", t->tm_mday);
        return true;
    case 'H':
        add_number(b, t->tm_hour, 2, bare);
        return true;
    case 'I':
        add_number(b, hour12, 2, bare);
        return true;
    case 'M':
        add_number(b, t->tm_min, 2, bare);
        return true;
    case 'S':
        add_number(b, t->tm_sec, 2, bare);
        return true;
    case 'j':
        add_number(b, t->tm_yday + 1, 3, bare);
        return true;
    case 'f':
        wg_buf_adds(b, "000000");
        return true;
    case 'p':
        wg_buf_adds(b, t->tm_hour < 12 ? "AM" : "PM");
        return true;
    case 'A':
    case 'a':
        wg_buf_add(b, days[t->tm_wday], c == 'A' ? strlen(days[t->tm_wday]) : 3);
        return true;
    case 'B':
    case 'b':
    case 'h':
        wg_buf_add(b, months[t->tm_mon], c == 'B' ? strlen(months[t->tm_mon]) : 3);
        return true;
    case 'w':
    case 'u':
        wg_buf_addf(b, "%d", c == 'u' && t->tm_wday == 0 ? 7 : t->tm_wday);
        return true;
    case 'U':
    case 'W':
        add_number(b, week_of_year(t, c == 'W'), 2, bare);
        return true;
    default:
        return false;
    }
}

/* Directives that stand for several, as the C locale writes them. */
static const char *expansion(char c)
{
    switch (c) {
    case 'F':
        return "%Y-%m-%d";
    case 'T':
    case 'X':
        return "%H:%M:%S";
    case 'R':
        return "%H:%M";
    case 'D':
    case 'x':
        return "%m/%d/%y";
    case 'c':
        return "%a %b %e %H:%M:%S %Y";
    case 'r':
        return "%I:%M:%S %p";
    default:
        return NULL;
    }
}

static enum wg_status add_format(struct wg_j_run *r, struct wg_buf *b, const struct tm *t,
                                 const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '%' || i + 1 == n) {
            wg_buf_addc(b, p[i]);
            continue;
        }
        bool bare = p[i + 1] == '-' && i + 2 < n;
        char c = p[i += bare ? 2 : 1];
        const char *more = expansion(c);
        if (more)
            WG_TRY(add_format(r, b, t, more, strlen(more)));
        else if (c == '%' || c == 'n' || c == 't')
            wg_buf_addc(b, c == 'n' ? '\n' : c == 't' ? '\t' : '%');
        else if (c == 'z' || c == 'Z') /* empty for a time without a zone, as Python's now() is */
            continue;
        else if (c == 's')
            wg_buf_addf(b, "%lld", (long long)r->now_unix);
        else if (!add_directive(b, t, c, bare))
            return wg_j_fail(r, WG_E_UNSUPPORTED, "strftime_now(): %%%c is not supported",
                             c >= ' ' && c < 127 ? c : '?');
    }
    return WG_OK;
}

enum wg_status wg_j_strftime_now(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_buf b;
    struct tm t;
    time_t now = (time_t)r->now_unix;

    if (c->arg[0].t != WG_J_STR)
        return wg_j_fail(r, WG_E_INPUT, "strftime_now() needs a format string, not %s",
                         wg_j_type_name(c->arg[0]));
    if (!localtime_r(&now, &t))
        return wg_j_fail(r, WG_E_FAILED, "the clock shows no valid time");
    wg_j_buf_start(r, &b);
    enum wg_status st = add_format(r, &b, &t, c->arg[0].s->p, c->arg[0].s->n);
    return wg_j_buf_finish(r, &b, st, out);
}
