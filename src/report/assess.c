#include "report/assess.h"

#include "report/build.h"
#include "report/report.h"

enum wg_status wg_assess(const struct wg_pkg *pkg, const struct wg_assess_ask *ask, const char *dir,
                         json_t **report, struct wg_err *err)
{
    struct wg_stages s;
    json_t *value = NULL;
    enum wg_status st = wg_stages_run(pkg, ask, &s, err);

    if (st == WG_OK)
        st = wg_report_build(&s, &value, err);
    if (st == WG_OK)
        st = wg_report_write(value, dir, err);
    wg_stages_release(&s);
    if (st == WG_OK)
        *report = value;
    else
        json_decref(value);
    return st;
}
