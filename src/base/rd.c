#include "base/rd.h"

#include <stdio.h>
#include <string.h>

void wg_rd_init(struct wg_rd *r, const void *base, size_t size, const char *name,
                struct wg_err *err)
{
    *r = (struct wg_rd){.base = base, .size = size, .name = name, .err = err};
}

enum wg_status wg_rd_fail(struct wg_rd *r, size_t offset, enum wg_status status, const char *fmt,
                          ...)
{
    char msg[WG_ERR_MSG_BYTES];
    va_list ap;

    if (r->failed)
        return r->failed;
    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    r->failed = status;
    return wg_fail(r->err, status, "%s: offset %zu: %s", r->name, offset, msg);
}

size_t wg_rd_left(const struct wg_rd *r)
{
    return r->size - r->pos;
}

const void *wg_rd_take(struct wg_rd *r, size_t n, const char *what)
{
    if (r->failed)
        return NULL;
    if (n > r->size - r->pos) {
        wg_rd_fail(r, r->pos, WG_E_INPUT, "%s needs %zu bytes, %zu are left: the file is cut short",
                   what, n, r->size - r->pos);
        return NULL;
    }
    const void *p = r->base + r->pos;
    r->pos += n;
    return p;
}

static uint64_t take_le(struct wg_rd *r, size_t n, const char *what)
{
    const uint8_t *p = wg_rd_take(r, n, what);
    uint64_t v = 0;

    if (p)
        for (size_t i = n; i-- > 0;)
            v = v << 8 | p[i];
    return v;
}

uint8_t wg_rd_u8(struct wg_rd *r, const char *what)
{
    return (uint8_t)take_le(r, 1, what);
}

uint16_t wg_rd_u16(struct wg_rd *r, const char *what)
{
    return (uint16_t)take_le(r, 2, what);
}

uint32_t wg_rd_u32(struct wg_rd *r, const char *what)
{
    return (uint32_t)take_le(r, 4, what);
}

uint64_t wg_rd_u64(struct wg_rd *r, const char *what)
{
    return take_le(r, 8, what);
}

float wg_rd_f32(struct wg_rd *r, const char *what)
{
    uint32_t bits = wg_rd_u32(r, what);
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

double wg_rd_f64(struct wg_rd *r, const char *what)
{
    uint64_t bits = wg_rd_u64(r, what);
    double d;

    memcpy(&d, &bits, sizeof d);
    return d;
}
