/*
 * The whole path for one model: run the stages, build the report value, write the three files.
 */
#ifndef WG_REPORT_ASSESS_H
#define WG_REPORT_ASSESS_H

#include "report/stages.h"

#include "base/json.h"

/* Writes the report of `pkg` into `dir` and hands out its value (a new reference). Input files that
 * are missing or broken are WG_E_NOT_FOUND or WG_E_INPUT before anything is measured. */
enum wg_status wg_assess(const struct wg_pkg *pkg, const struct wg_assess_ask *ask, const char *dir,
                         json_t **report, struct wg_err *err) WG_NODISCARD;

#endif
