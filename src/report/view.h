/* Reading a report value: what is absent or of another kind reads as empty. */
#ifndef WG_REPORT_VIEW_H
#define WG_REPORT_VIEW_H

#include "base/json.h"

static inline const char *wg_view_str(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

static inline double wg_view_num(const json_t *o, const char *key)
{
    return json_number_value(json_object_get(o, key));
}

/* run.sections.<name>, or NULL. */
static inline const json_t *wg_view_measured(const json_t *report, const char *section)
{
    return json_object_get(json_object_get(json_object_get(report, "run"), "sections"), section);
}

/* Sections in the order in which a reader needs their reasons: no-go first, then review. Go
 * sections are left out. Returns how many were written to out. */
size_t wg_view_reasons(const json_t *report, const json_t **out, size_t max);

#endif
