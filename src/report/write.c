#include "report/report.h"

#include "base/file.h"
#include "base/mem.h"

#include <stdio.h>

static enum wg_status json_text(const json_t *report, struct wg_buf *b, struct wg_err *err)
{
    WG_TRY(wg_json_write(b, report, 2, err));
    wg_buf_addc(b, '\n');
    return wg_buf_check(b, "report.json", err);
}

enum wg_status wg_report_write(const json_t *report, const char *dir, struct wg_err *err)
{
    static const struct {
        const char *name;
        enum wg_status (*render)(const json_t *, struct wg_buf *, struct wg_err *);
    } files[] = {
        {"report.json", json_text},
        {"report.md", wg_report_markdown},
        {"report.html", wg_report_html},
    };
    struct wg_buf text[WG_COUNT(files)];
    enum wg_status st = wg_mkdirs(dir, err);

    for (size_t i = 0; i < WG_COUNT(files); i++)
        wg_buf_init(&text[i], SIZE_MAX);
    /* All three are made before the first is written: a failure leaves the old report whole. */
    for (size_t i = 0; i < WG_COUNT(files) && st == WG_OK; i++)
        st = files[i].render(report, &text[i], err);
    for (size_t i = 0; i < WG_COUNT(files) && st == WG_OK; i++) {
        char *path = wg_path_join(dir, files[i].name);
        st = path ? wg_file_write(path, text[i].p, text[i].len, err) : wg_oom(err, "a path");
        wg_free(path);
    }
    for (size_t i = 0; i < WG_COUNT(files); i++)
        wg_buf_release(&text[i]);
    return st;
}
