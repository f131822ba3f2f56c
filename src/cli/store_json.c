#include "cli/store_json.h"

#include <string.h>
#include <time.h>

uint64_t wg_store_model_bytes(const struct wg_store_model *m)
{
    uint64_t n = 0;

    for (size_t i = 0; i < m->n_files; i++)
        n += m->files[i].bytes;
    return n;
}

json_t *wg_store_model_json(const struct wg_store_model *m)
{
    json_t *files = json_array();

    for (size_t i = 0; i < m->n_files; i++) {
        const struct wg_store_file *f = &m->files[i];
        json_array_append_new(files, json_pack("{s:o, s:s, s:I, s:s, s:o}", "path",
                                               wg_json_text(f->path, strlen(f->path)), "role",
                                               wg_role_name(f->role), "bytes", (json_int_t)f->bytes,
                                               "sha256", f->sha256, "source",
                                               wg_json_text(f->source, strlen(f->source))));
    }
    return json_pack("{s:s, s:o, s:I, s:I, s:o}", "name", m->name, "ref",
                     wg_json_text(m->ref, strlen(m->ref)), "added_at", (json_int_t)m->added_at,
                     "bytes", (json_int_t)wg_store_model_bytes(m), "files", files);
}

const char *wg_when(char out[WG_WHEN_BYTES], int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (!gmtime_r(&t, &tm) || strftime(out, WG_WHEN_BYTES, "%Y-%m-%d %H:%M UTC", &tm) == 0)
        out[0] = '\0';
    return out;
}
