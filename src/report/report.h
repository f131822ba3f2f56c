/*
 * The decision report: one JSON value, and three renderings that walk it, so that they cannot
 * disagree. docs/report.schema.json is its published form; docs/REPORT.md says what it means.
 *
 *   format, format_version   "weigh-report", 1
 *   program                  name and version
 *   subject                  model, facts[{name, value}]
 *   verdict, summary         of the whole
 *   sections[]               name, title, question, state ("assessed", "not assessed", "not
 *                            needed"), verdict, rule, why, change, points[], tables[]
 *     points[]               group (a heading), what, value, verdict, note (each absent if none),
 *                            evidence[]
 *     tables[]               title, columns[{title, number}], rows[][], note
 *     evidence[]             what proves it: file, sha256, line, quote, command (absent if none)
 *   rules[]                  id, section, verdict, when, applied
 *   inputs[]                 file, sha256, bytes, role: everything that was read
 *   use                      the answers of USE.yaml
 *   documents                full results of the stages: license, openness, fit
 *   disclaimer
 *   run                      all that differs from run to run: started, finished, command, machine,
 *                            documents (bench, cost, fit) and, under sections.<name>, detail (a
 *                            sentence), points[], tables[], plots[]
 *
 * The same inputs give the same value apart from `run`; a verdict that rests on a measurement can
 * differ with it.
 */
#ifndef WG_REPORT_REPORT_H
#define WG_REPORT_REPORT_H

#include "base/buf.h"
#include "base/json.h"

/* Appends the rendering of a report value to b. */
enum wg_status wg_report_html(const json_t *report, struct wg_buf *b,
                              struct wg_err *err) WG_NODISCARD;
enum wg_status wg_report_markdown(const json_t *report, struct wg_buf *b,
                                  struct wg_err *err) WG_NODISCARD;
/* Writes report.json, report.md and report.html into dir, which is made when missing. Each file
 * appears whole or not at all; report.html comes last. */
enum wg_status wg_report_write(const json_t *report, const char *dir,
                               struct wg_err *err) WG_NODISCARD;

#endif
