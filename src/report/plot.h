/*
 * Inline SVG of the plots in a report value. Widths are in percent and text in pixels, so that a
 * plot is as readable on a phone as on paper; colours are classes of report.css.
 *
 *   {kind: "stack", title, caption, unit: "bytes", parts[{label, value}], limit{label, value}}
 *   {kind: "bars",  title, caption, unit, bars[{label, value}], limit{label, value} or null}
 *   {kind: "lines", title, caption, x, y, series[{label, points[[x, y]]}], marks[{label, x}]}
 */
#ifndef WG_REPORT_PLOT_H
#define WG_REPORT_PLOT_H

#include "report/html.h"

#include "base/json.h"

void wg_plot(struct wg_html *h, const json_t *plot);

/* The least of 1, 2, 2.5, 5 times a power of ten that is not under v > 0: a round axis step. */
double wg_plot_step(double v);

#endif
