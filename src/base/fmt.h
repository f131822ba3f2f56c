/* Numbers for people: fixed form, no locale. Every function writes into `out` and returns it. */
#ifndef WG_BASE_FMT_H
#define WG_BASE_FMT_H

#include <stdint.h>

enum { WG_FMT_BYTES = 48 };

/* "512 B", "92.4 MiB": powers of 1024, one digit after the point. */
const char *wg_fmt_bytes(char out[WG_FMT_BYTES], uint64_t bytes);
/* "1,234,567" */
const char *wg_fmt_count(char out[WG_FMT_BYTES], int64_t n);
/* Three significant digits with grouped thousands: "0.0123", "4.57", "86.4", "1,234". Not finite
 * is "unknown". */
const char *wg_fmt_real(char out[WG_FMT_BYTES], double v);
/* "USD 1,234" from 100 on, "USD 12.30" below; amounts under a cent with three digits. */
const char *wg_fmt_usd(char out[WG_FMT_BYTES], double v);
/* "2026-11-23T20:15:00Z" (ISO 8601, UTC). */
const char *wg_fmt_time(char out[WG_FMT_BYTES], int64_t unix_seconds);

#endif
