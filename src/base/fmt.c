#include "base/fmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

const char *wg_fmt_bytes(char out[WG_FMT_BYTES], uint64_t bytes)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double x = (double)bytes;
    int i = 0;

    /* 1023.95 would print as 1024.0 of the smaller unit. */
    for (; x >= (i ? 1023.95 : 1024) && i < 5; i++)
        x /= 1024;
    snprintf(out, WG_FMT_BYTES, i ? "%.1f %s" : "%.0f %s", x, unit[i]);
    return out;
}

const char *wg_fmt_count(char out[WG_FMT_BYTES], int64_t n)
{
    char digits[32];
    uint64_t v = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v), at = 0;

    if (n < 0)
        out[at++] = '-';
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

/* Of three significant digits, for 0 and 0.001 to 100. */
static int digits_after_point(double a)
{
    static const double from[] = {9.995, 0.9995, 0.09995, 0.009995};

    if (a == 0)
        return 0;
    for (int i = 0; i < 4; i++)
        if (a >= from[i])
            return i + 1;
    return 5;
}

const char *wg_fmt_real(char out[WG_FMT_BYTES], double v)
{
    double a = fabs(v);

    if (!isfinite(v) || a >= 9e18)
        snprintf(out, WG_FMT_BYTES, isfinite(v) ? "%.3g" : "unknown", v);
    else if (a >= 99.95)
        wg_fmt_count(out, (int64_t)llround(v));
    else if (a > 0 && a < 0.001)
        snprintf(out, WG_FMT_BYTES, "%.2e", v);
    else
        snprintf(out, WG_FMT_BYTES, "%.*f", digits_after_point(a), v);
    return out;
}

const char *wg_fmt_usd(char out[WG_FMT_BYTES], double v)
{
    char number[WG_FMT_BYTES];

    if (fabs(v) >= 99.995 || !isfinite(v) || (v != 0 && fabs(v) < 0.01))
        wg_fmt_real(number, v);
    else
        snprintf(number, sizeof number, "%.2f", v);
    snprintf(out, WG_FMT_BYTES, "USD %.40s", number);
    return out;
}

const char *wg_fmt_time(char out[WG_FMT_BYTES], int64_t unix_seconds)
{
    struct tm tm = {0};
    time_t t = (time_t)unix_seconds;

    gmtime_r(&t, &tm);
    if (strftime(out, WG_FMT_BYTES, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        out[0] = '\0';
    return out;
}
