/* Files, hashes and sources; and the sections that nothing assesses yet. */
#include "report/build.h"

#include "base/fmt.h"

#include <stdio.h>

static enum wg_verdict verdict_of(enum wg_file_state s)
{
    if (s == WG_FILE_VERIFIED)
        return WG_VERDICT_GO;
    return s == WG_FILE_UNRECORDED ? WG_VERDICT_REVIEW : WG_VERDICT_NO_GO;
}

static const char *explain(enum wg_file_state s)
{
    switch (s) {
    case WG_FILE_VERIFIED:
        return "as fetched";
    case WG_FILE_UNRECORDED:
        return "hashed now, nothing to compare with";
    case WG_FILE_CHANGED:
        return "changed since it was fetched";
    default:
        return "missing";
    }
}

void wg_section_package(struct wg_build *b)
{
    static const enum wg_rule_id rules[] = {
        [WG_VERDICT_NONE] = WG_RULE_PACKAGE_UNRECORDED, /* a package without files */
        [WG_VERDICT_GO] = WG_RULE_PACKAGE_VERIFIED,
        [WG_VERDICT_REVIEW] = WG_RULE_PACKAGE_UNRECORDED,
        [WG_VERDICT_NO_GO] = WG_RULE_PACKAGE_CHANGED,
    };
    const struct wg_stages *s = b->s;
    enum wg_verdict worst = WG_VERDICT_NONE;

    for (size_t i = 0; i < s->pkg->n_files; i++)
        worst = wg_verdict_worse(worst, verdict_of(s->files[i].state));
    json_t *section = wg_build_section(b, rules[worst], "assessed", NULL);
    for (size_t i = 0; i < s->pkg->n_files; i++) {
        const struct wg_pkg_file *f = &s->pkg->files[i];
        const struct wg_file_check *c = &s->files[i];
        char size[WG_FMT_BYTES];
        json_t *p = wg_build_point(b, section, NULL, f->path, wg_fmt_bytes(size, c->bytes),
                                   verdict_of(c->state));
        wg_build_textf(b, p, "note", "%s: %s%s%s", wg_role_name(f->role), explain(c->state),
                       f->source ? ", from " : "", f->source ? f->source : "");
        wg_build_evidence(b, p, &(struct wg_evidence){.file = f->path, .sha256 = c->sha256});
        if (c->state == WG_FILE_CHANGED || c->state == WG_FILE_MISSING)
            wg_build_evidence(
                b, p, &(struct wg_evidence){.file = "the store's record", .sha256 = f->sha256});
    }
}

void wg_section_not_assessed(struct wg_build *b)
{
    const struct wg_use *u = b->s->use;
    const char *task = NULL;
    char text[512];

    if (b->s->ask->task_path) {
        snprintf(text, sizeof text, "The task in %.400s was not run.", b->s->ask->task_path);
        task = text;
    }
    wg_build_section(b, WG_RULE_QUALITY_NOT_ASSESSED, "not assessed", task);
    wg_build_section(b, WG_RULE_SAFETY_NOT_ASSESSED, "not assessed", NULL);
    if (u->known[WG_USE_FINE_TUNES] && !u->fine_tunes)
        wg_build_section(b, WG_RULE_ADAPTATION_NOT_NEEDED, "not needed", NULL);
    else
        wg_build_section(b, WG_RULE_ADAPTATION_NOT_ASSESSED, "not assessed", NULL);
}
