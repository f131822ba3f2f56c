/*
 * Talk on stderr: log lines and progress. The only output of library code; stdout is data and
 * belongs to src/cli and src/serve. Thread-safe.
 */
#ifndef WG_BASE_LOG_H
#define WG_BASE_LOG_H

#include "base/attr.h"

#include <stdbool.h>
#include <stdint.h>

enum wg_log_level { WG_LOG_ERROR, WG_LOG_WARN, WG_LOG_INFO, WG_LOG_DEBUG };

void wg_log_set_level(enum wg_log_level level); /* default INFO; --quiet sets ERROR */
bool wg_log_enabled(enum wg_log_level level);
void wg_log(enum wg_log_level level, const char *fmt, ...) WG_PRINTF(2, 3);

/*
 * Progress of one long piece of work: a line redrawn on a terminal, or a log line every few seconds
 * when stderr is not one. unit is "B" (printed as KiB..GiB) or a plain noun.
 */
struct wg_progress {
    const char *what; /* borrowed */
    const char *unit;
    uint64_t total; /* 0: unknown */
    uint64_t done;
    uint64_t first; /* where this run began (resumed work): rates count from here */
    double started_s, shown_s;
    bool tty, shown;
};

void wg_progress_start(struct wg_progress *p, const char *what, const char *unit, uint64_t first,
                       uint64_t total);
void wg_progress_at(struct wg_progress *p, uint64_t done);
void wg_progress_end(struct wg_progress *p); /* finishes the line */

/* Seconds on a clock that never goes back. */
double wg_now_s(void);

/* Set by SIGINT/SIGTERM handlers; long loops test it and return WG_E_INTERRUPTED. */
bool wg_interrupted(void);
void wg_interrupt(void); /* async-signal-safe */
void wg_interrupt_clear(void);

#endif
