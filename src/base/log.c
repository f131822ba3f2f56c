#include "base/log.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static enum wg_log_level max_level = WG_LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static volatile sig_atomic_t interrupted;

void wg_log_set_level(enum wg_log_level level)
{
    max_level = level;
}

bool wg_log_enabled(enum wg_log_level level)
{
    return level <= max_level;
}

void wg_log(enum wg_log_level level, const char *fmt, ...)
{
    static const char *const prefix[] = {"error: ", "warning: ", "", "debug: "};
    va_list ap;

    if (level > max_level)
        return;
    pthread_mutex_lock(&lock);
    fputs(prefix[level], stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    pthread_mutex_unlock(&lock);
}

double wg_now_s(void)
{
    struct timespec ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec + 1e-9 * (double)ts.tv_nsec;
}

static void amount(char *out, size_t n, uint64_t v, const char *unit)
{
    static const char *const scale[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double x = (double)v;
    int i = 0;

    if (strcmp(unit, "B") != 0) {
        snprintf(out, n, "%llu %s", (unsigned long long)v, unit);
        return;
    }
    for (; x >= 1024 && i < 4; i++)
        x /= 1024;
    snprintf(out, n, i ? "%.1f %s" : "%.0f %s", x, scale[i]);
}

static void show(struct wg_progress *p, double now)
{
    char done[64], total[64], line[256];
    double secs = now - p->started_s, rate = 0;
    int n;

    if (secs > 0 && p->done > p->first)
        rate = (double)(p->done - p->first) / secs;
    amount(done, sizeof done, p->done, p->unit);
    n = snprintf(line, sizeof line, "%s: %s", p->what, done);
    if (p->total && n > 0 && n < (int)sizeof line) {
        amount(total, sizeof total, p->total, p->unit);
        n += snprintf(line + n, sizeof line - (size_t)n, " of %s (%.0f%%)", total,
                      100.0 * (double)p->done / (double)p->total);
    }
    if (rate > 0 && n > 0 && n < (int)sizeof line) {
        amount(total, sizeof total, (uint64_t)rate, p->unit);
        n += snprintf(line + n, sizeof line - (size_t)n, ", %s/s", total);
        if (p->total > p->done && n > 0 && n < (int)sizeof line)
            snprintf(line + n, sizeof line - (size_t)n, ", %.0f s left",
                     (double)(p->total - p->done) / rate);
    }
    pthread_mutex_lock(&lock);
    if (p->tty)
        fprintf(stderr, "\r%s\033[K", line);
    else
        fprintf(stderr, "%s\n", line);
    fflush(stderr);
    pthread_mutex_unlock(&lock);
    p->shown = true;
    p->shown_s = now;
}

void wg_progress_start(struct wg_progress *p, const char *what, const char *unit, uint64_t first,
                       uint64_t total)
{
    double now = wg_now_s();

    *p = (struct wg_progress){.what = what,
                              .unit = unit,
                              .total = total,
                              .done = first,
                              .first = first,
                              .started_s = now,
                              .shown_s = now,
                              .tty = isatty(STDERR_FILENO) == 1};
}

void wg_progress_at(struct wg_progress *p, uint64_t done)
{
    double now = wg_now_s();

    p->done = done;
    if (max_level >= WG_LOG_INFO && now - p->shown_s >= (p->tty ? 0.1 : 5.0))
        show(p, now);
}

void wg_progress_end(struct wg_progress *p)
{
    if (!p->shown)
        return;
    show(p, wg_now_s());
    if (p->tty)
        fputc('\n', stderr);
}

bool wg_interrupted(void)
{
    return interrupted != 0;
}

void wg_interrupt(void)
{
    interrupted = 1;
}

void wg_interrupt_clear(void)
{
    interrupted = 0;
}
