#include "report/plot.h"

#include "base/fmt.h"
#include "report/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_STEPS = 12, LINES_TOP = 24, LINES_HEIGHT = 220, CURVE_UNITS = 1000 };

/* A place on an axis as SVG writes it: "42.10%". */
struct place {
    char s[24];
};

static struct place percent(double value, double max)
{
    struct place p;
    double v = max > 0 ? 100 * value / max : 0;

    snprintf(p.s, sizeof p.s, "%.2f%%", v < 0 ? 0 : v > 100 ? 100 : v);
    return p;
}

static struct place pixels(double v)
{
    struct place p;

    snprintf(p.s, sizeof p.s, "%.0f", v);
    return p;
}

static const char *swatch(size_t i)
{
    static const char *const names[] = {"c1", "c2", "c3", "c4"};
    return names[i % WG_COUNT(names)];
}

static const char *amount(char out[WG_FMT_BYTES], double v, const char *unit)
{
    char number[WG_FMT_BYTES];

    if (strcmp(unit, "bytes") == 0)
        return wg_fmt_bytes(out, v > 0 ? (uint64_t)v : 0);
    if (strcmp(unit, "USD") == 0)
        return wg_fmt_usd(out, v);
    snprintf(out, WG_FMT_BYTES, "%.24s %.20s", wg_fmt_real(number, v), unit);
    return out;
}

double wg_plot_step(double v)
{
    static const double nice[] = {1, 2, 2.5, 5};
    double ten = pow(10, floor(log10(v)));

    for (size_t i = 0; i < WG_COUNT(nice); i++)
        if (nice[i] * ten >= v * (1 - 1e-9))
            return nice[i] * ten;
    return 10 * ten;
}

static void rect(struct wg_html *h, const char *cls, struct place x, double y, struct place width,
                 double height)
{
    wg_html_void(h, "rect", "class", cls, "x", x.s, "y", pixels(y).s, "width", width.s, "height",
                 pixels(height).s, NULL);
}

static void vertical(struct wg_html *h, const char *cls, struct place x, double y1, double y2)
{
    wg_html_void(h, "line", "class", cls, "x1", x.s, "x2", x.s, "y1", pixels(y1).s, "y2",
                 pixels(y2).s, NULL);
}

/* A label that stays inside the plot: its anchor follows its place. */
static void label(struct wg_html *h, const char *cls, double value, double max, double y,
                  const char *text)
{
    double f = max > 0 ? value / max : 0;

    wg_html_open(h, "text", "class", cls, "x", percent(value, max).s, "y", pixels(y).s,
                 "text-anchor",
                 f > 0.6    ? "end"
                 : f < 0.25 ? "start"
                            : "middle",
                 NULL);
    wg_html_text(h, text);
    wg_html_close(h);
}

static void limit_line(struct wg_html *h, const json_t *limit, double max, double y1, double y2,
                       double y_label, const char *unit)
{
    char text[128], value[WG_FMT_BYTES];
    double v = wg_view_num(limit, "value");

    if (!limit)
        return;
    vertical(h, "limit", percent(v, max), y1, y2);
    snprintf(text, sizeof text, "%.60s %s", wg_view_str(limit, "label"), amount(value, v, unit));
    label(h, "strong", v, max, y_label, text);
}

static void open_svg(struct wg_html *h, const json_t *plot, double height)
{
    wg_html_open(h, "svg", "role", "img", "aria-label", wg_view_str(plot, "title"), "width", "100%",
                 "height", pixels(height).s, NULL);
}

static void legend_entry(struct wg_html *h, size_t i, const char *name, const char *value)
{
    wg_html_open(h, "li", NULL);
    wg_html_open(h, "span", "class", swatch(i), NULL);
    wg_html_close(h);
    wg_html_text(h, name);
    if (value)
        wg_html_element(h, "b", NULL, value);
    wg_html_close(h);
}

static void stack(struct wg_html *h, const json_t *plot)
{
    const json_t *parts = json_object_get(plot, "parts"), *limit = json_object_get(plot, "limit");
    const char *unit = wg_view_str(plot, "unit");
    double sum = 0, at = 0;
    size_t i;
    json_t *part;
    char value[WG_FMT_BYTES];

    json_array_foreach(parts, i, part)
        sum += wg_view_num(part, "value");
    double max = 1.02 * WG_MAX(sum, wg_view_num(limit, "value"));
    open_svg(h, plot, 66);
    rect(h, "track", percent(0, 1), 24, percent(1, 1), 30);
    json_array_foreach(parts, i, part) {
        double v = wg_view_num(part, "value");
        rect(h, swatch(i), percent(at, max), 24, percent(v, max), 30);
        at += v;
    }
    limit_line(h, limit, max, 18, 60, 13, unit);
    wg_html_close(h);
    wg_html_open(h, "ul", "class", "legend", NULL);
    json_array_foreach(parts, i, part)
        legend_entry(h, i, wg_view_str(part, "label"),
                     amount(value, wg_view_num(part, "value"), unit));
    wg_html_close(h);
}

static void bars(struct wg_html *h, const json_t *plot)
{
    enum { ROW = 44 };
    const json_t *list = json_object_get(plot, "bars"), *limit = json_object_get(plot, "limit");
    const char *unit = wg_view_str(plot, "unit");
    double max = wg_view_num(limit, "value"), rows = (double)json_array_size(list);
    size_t i;
    json_t *bar;
    char text[160], value[WG_FMT_BYTES];

    json_array_foreach(list, i, bar)
        max = fmax(max, wg_view_num(bar, "value"));
    max *= 1.02;
    open_svg(h, plot, rows * ROW + (limit ? 24 : 4));
    json_array_foreach(list, i, bar) {
        double y = (double)i * ROW, v = wg_view_num(bar, "value");
        snprintf(text, sizeof text, "%.80s: %s", wg_view_str(bar, "label"), amount(value, v, unit));
        label(h, NULL, 0, 1, y + 14, text);
        rect(h, "track", percent(0, 1), y + 20, percent(1, 1), 14);
        rect(h, json_is_true(json_object_get(bar, "soft")) ? "c4" : "c1", percent(0, 1), y + 20,
             percent(v, max), 14);
    }
    /* Only across the bars: the labels between them stay readable. */
    for (double y = 0; limit && y < rows * ROW; y += ROW)
        vertical(h, "limit", percent(wg_view_num(limit, "value"), max), y + 17, y + 37);
    if (limit)
        limit_line(h, limit, max, rows * ROW - 7, rows * ROW, rows * ROW + 14, unit);
    wg_html_close(h);
}

static void ranges(const json_t *plot, double *x_max, double *y_max)
{
    size_t i, k;
    json_t *s, *point;

    *x_max = *y_max = 0;
    json_array_foreach(json_object_get(plot, "series"), i, s) {
        json_array_foreach(json_object_get(s, "points"), k, point) {
            *x_max = fmax(*x_max, json_number_value(json_array_get(point, 0)));
            *y_max = fmax(*y_max, json_number_value(json_array_get(point, 1)));
        }
    }
}

static void grid(struct wg_html *h, double x_max, double y_max)
{
    double step = y_max > 0 ? wg_plot_step(y_max / 4) : 1;
    char text[WG_FMT_BYTES];

    for (int i = 0; i < MAX_STEPS && step * i <= y_max; i++) {
        double y = LINES_TOP + LINES_HEIGHT * (1 - step * i / y_max);
        wg_html_void(h, "line", "class", i ? "grid" : "axis", "x1", "0", "x2", "100%", "y1",
                     pixels(y).s, "y2", pixels(y).s, NULL);
        if (i)
            label(h, NULL, 0, 1, y - 4, wg_fmt_usd(text, step * i));
    }
    step = x_max > 0 ? wg_plot_step(x_max / 4) : 1;
    for (int i = 1; i < MAX_STEPS && step * i <= x_max; i++) {
        snprintf(text, sizeof text, "%g M", step * i / 1e6);
        vertical(h, "axis", percent(step * i, x_max), LINES_TOP + LINES_HEIGHT,
                 LINES_TOP + LINES_HEIGHT + 5);
        label(h, NULL, step * i, x_max, LINES_TOP + LINES_HEIGHT + 19, text);
    }
}

static void curve(struct wg_html *h, const json_t *series, size_t index, double x_max, double y_max)
{
    struct wg_buf points;
    size_t i;
    json_t *p;

    wg_buf_init(&points, 1 << 16);
    json_array_foreach(json_object_get(series, "points"), i, p)
        wg_buf_addf(&points, "%s%.1f,%.1f", i ? " " : "",
                    CURVE_UNITS * json_number_value(json_array_get(p, 0)) / x_max,
                    CURVE_UNITS * (1 - json_number_value(json_array_get(p, 1)) / y_max));
    wg_html_void(h, "polyline", "class", swatch(index), "points", points.p ? points.p : "",
                 "vector-effect", "non-scaling-stroke", NULL);
    if (points.failed && !h->b->failed)
        h->b->failed = points.failed;
    wg_buf_release(&points);
}

static void lines(struct wg_html *h, const json_t *plot)
{
    double x_max, y_max;
    size_t i;
    json_t *s, *mark;

    ranges(plot, &x_max, &y_max);
    if (!(x_max > 0) || !(y_max > 0))
        return;
    y_max *= 1.05;
    open_svg(h, plot, LINES_TOP + LINES_HEIGHT + 26);
    /* Marks first: the labels of the axes are written over their lines. */
    json_array_foreach(json_object_get(plot, "marks"), i, mark) {
        double x = wg_view_num(mark, "x");
        vertical(h, "limit", percent(x, x_max), LINES_TOP - 6, LINES_TOP + LINES_HEIGHT);
        label(h, "strong", x, x_max, 13, wg_view_str(mark, "label"));
    }
    grid(h, x_max, y_max);
    wg_html_open(h, "svg", "y", pixels(LINES_TOP).s, "width", "100%", "height",
                 pixels(LINES_HEIGHT).s, "viewBox", "0 0 1000 1000", "preserveAspectRatio", "none",
                 NULL);
    json_array_foreach(json_object_get(plot, "series"), i, s)
        curve(h, s, i, x_max, y_max);
    wg_html_close(h);
    wg_html_close(h);
    wg_html_open(h, "ul", "class", "legend", NULL);
    json_array_foreach(json_object_get(plot, "series"), i, s)
        legend_entry(h, i, wg_view_str(s, "label"), NULL);
    wg_html_close(h);
}

void wg_plot(struct wg_html *h, const json_t *plot)
{
    const char *kind = wg_view_str(plot, "kind");

    wg_html_open(h, "figure", NULL);
    wg_html_element(h, "h3", NULL, wg_view_str(plot, "title"));
    if (strcmp(kind, "stack") == 0)
        stack(h, plot);
    else if (strcmp(kind, "bars") == 0)
        bars(h, plot);
    else
        lines(h, plot);
    wg_html_element(h, "figcaption", NULL, wg_view_str(plot, "caption"));
    wg_html_close(h);
}
