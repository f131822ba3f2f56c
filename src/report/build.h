/*
 * Building a report value (report.h) from the results of the stages. One section_*.c a subject
 * fills its sections through the functions below; running out of memory is sticky in `failed` and
 * checked once, at the end.
 */
#ifndef WG_REPORT_BUILD_H
#define WG_REPORT_BUILD_H

#include "report/rules.h"
#include "report/stages.h"

#include "base/json.h"

struct wg_build {
    const struct wg_stages *s;
    json_t *report;   /* the value */
    json_t *sections; /* borrowed: report.sections */
    json_t *measured; /* borrowed: report.run.sections */
    bool applied[WG_RULE_COUNT];
    bool failed;
};

/* The report value of an assessment; a new reference in *out. */
enum wg_status wg_report_build(const struct wg_stages *s, json_t **out,
                               struct wg_err *err) WG_NODISCARD;

/* One function a subject; each adds its sections in the order of WG_SECTIONS. */
void wg_section_package(struct wg_build *b);
void wg_section_license(struct wg_build *b);
void wg_section_openness(struct wg_build *b);
void wg_section_fit(struct wg_build *b);
void wg_section_speed(struct wg_build *b);
void wg_section_cost(struct wg_build *b);
void wg_section_not_assessed(struct wg_build *b);

/* Adds the section that `rule` belongs to. `more` (may be NULL) follows the rule's reason. Returns
 * the section, borrowed; never NULL (a failed build gets a value that is thrown away). */
json_t *wg_build_section(struct wg_build *b, enum wg_rule_id rule, const char *state,
                         const char *more);
/* The section's place for measurements, made when missing: run.sections.<name>. Borrowed. */
json_t *wg_build_measured(struct wg_build *b, enum wg_section_id id);

/* Sets a key of an object to a text, made valid UTF-8; NULL sets nothing. */
void wg_build_text(struct wg_build *b, json_t *object, const char *key, const char *text);
void wg_build_textf(struct wg_build *b, json_t *object, const char *key, const char *fmt, ...)
    WG_PRINTF(4, 5);
/* Sets a key to a value, which is stolen. */
void wg_build_set(struct wg_build *b, json_t *object, const char *key, json_t *value);
/* Appends a value, which is stolen, to the list under a key, made when missing. */
void wg_build_add(struct wg_build *b, json_t *object, const char *key, json_t *value);

/* A point of a section or of its measured part; borrowed. Strings may be NULL. */
json_t *wg_build_point(struct wg_build *b, json_t *owner, const char *group, const char *what,
                       const char *value, enum wg_verdict verdict);
/* What proves a point. Each string may be NULL, line 0. */
struct wg_evidence {
    const char *file, *sha256, *quote, *command, *time;
    size_t line;
};
void wg_build_evidence(struct wg_build *b, json_t *point, const struct wg_evidence *e);

/* A table: columns as "Name" or "#Name" for numbers, NULL at the end; borrowed. */
json_t *wg_build_table(struct wg_build *b, json_t *owner, const char *title,
                       const char *const *columns);
/* A row of n texts. */
void wg_build_row(struct wg_build *b, json_t *table, const char *const *cells, size_t n);

/* Hash of a file of the package by its path in it, or "path: key"; NULL when it is none. */
const char *wg_build_hash_of(const struct wg_build *b, const char *path);
/* The weights file as evidence for what its header says. */
struct wg_evidence wg_build_weights(const struct wg_build *b);

#endif
