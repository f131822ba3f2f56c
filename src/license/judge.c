/*
 * From what was found to a verdict for one use. Go needs every text known word for word, no label
 * against it, every question answered that its clauses ask, and a grant; everything else is no-go
 * where a known clause forbids, and a person's matter otherwise.
 */
#include "license/work.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static enum wg_status say(struct wg_license_work *w, const char *topic, const char *file,
                          size_t line, const char *quote, const char *why)
{
    if (!why)
        return wg_oom(w->err, "the reasons of a verdict");
    return wg_license_reason(w, (struct wg_license_reason){.topic = topic,
                                                           .verdict = WG_VERDICT_REVIEW,
                                                           .why = why,
                                                           .file = file,
                                                           .line = line,
                                                           .quote = quote});
}

static const struct wg_license_edit *worst_edit(const struct wg_license_file *f)
{
    for (size_t i = 0; i < f->n_edits; i++)
        if (f->edits[i].sensitive)
            return &f->edits[i];
    return f->n_edits ? &f->edits[0] : NULL;
}

static enum wg_status judge_file(struct wg_license_work *w, const struct wg_license_file *f)
{
    struct wg_arena *a = &w->r->arena;
    const struct wg_license_edit *e = worst_edit(f);
    const char *name = f->n_found ? f->found[0].ref->name : "";
    size_t line = e ? e->line : 0;
    const char *quote = e && e->text[0] ? e->text : NULL, *why;

    if (f->flags & WG_LICENSE_SUSPICIOUS_CHARACTERS)
        WG_TRY(say(w, "text", f->path, f->suspicious_line, NULL,
                   "characters that cannot be seen or pass for others: what is shown may not be "
                   "what was compared"));
    switch (f->state) {
    case WG_LICENSE_EXACT_BYTES:
    case WG_LICENSE_EXACT_TEXT:
        return WG_OK;
    case WG_LICENSE_EXACT_IN_FILE:
        why = f->n_edits ? wg_license_textf(a,
                                            "%s, word for word, and other text that nobody has "
                                            "read",
                                            name)
                         : wg_license_textf(a, "%s more than once: for what does each hold?", name);
        return say(w, "text", f->path, line, quote, why);
    case WG_LICENSE_MULTI:
        why = wg_license_textf(a,
                               "%zu licences in one file (%s, %s%s): a person has to say what "
                               "each holds for",
                               f->n_found, name, f->found[1].ref->name,
                               f->n_found > 2 ? ", ..." : "");
        return say(w, "text", f->path, f->found[0].first_line, NULL, why);
    case WG_LICENSE_EDITED:
        why = wg_license_textf(a, "not %s: its text with %zu edit%s", name, f->n_edits,
                               f->n_edits == 1 ? "" : "s");
        return say(w, "text", f->path, line, quote, why);
    default:
        why = f->role == WG_ROLE_CARD ? "the card says more about use than a licence label; a "
                                        "person has to read it"
              : f->role == WG_ROLE_POLICY
                  ? "a use policy: it holds beside the licence, and a person has to read it"
                  : "not a licence text that is known here; a person has to read it";
        return say(w, f->role == WG_ROLE_POLICY ? "aup" : "text", f->path, line, quote, why);
    }
}

/* One label of a list ("apache-2.0, mit") among the texts found? */
static bool label_found(const struct wg_license_result *r, const char *label, size_t n)
{
    for (size_t i = 0; i < r->n_files; i++)
        for (size_t k = 0; k < r->files[i].n_found; k++) {
            const struct wg_ref_text *ref = r->files[i].found[k].ref;
            if ((strlen(ref->id) == n && strncasecmp(ref->id, label, n) == 0) ||
                (strlen(ref->spdx) == n && strncasecmp(ref->spdx, label, n) == 0))
                return true;
        }
    return false;
}

static enum wg_status judge_label(struct wg_license_work *w)
{
    struct wg_license_result *r = w->r;
    size_t found = 0;

    for (size_t i = 0; i < r->n_files; i++)
        found += r->files[i].state == WG_LICENSE_EDITED ? 0 : r->files[i].n_found;
    r->mismatch_known = r->label && found > 0;
    if (!r->mismatch_known)
        return WG_OK;
    for (const char *p = r->label; *p;) {
        size_t n = strcspn(p, ",");
        while (n > 0 && p[n - 1] == ' ')
            n--;
        r->mismatch |= !label_found(r, p, n);
        p += strcspn(p, ",");
        p += strspn(p, ", ");
    }
    if (!r->mismatch)
        return WG_OK;
    return say(w, "label", r->label_source, 0, NULL,
               wg_license_textf(
                   &r->arena, "the label says \"%s\", the text in the package does not", r->label));
}

static enum wg_status judge_texts(struct wg_license_work *w)
{
    struct wg_license_result *r = w->r;
    bool any = false;

    for (size_t i = 0; i < r->n_files; i++) {
        if (r->files[i].role == WG_ROLE_NOTICE)
            continue;
        any |= r->files[i].role == WG_ROLE_LICENSE || r->files[i].n_found > 0;
        WG_TRY(judge_file(w, &r->files[i]));
    }
    if (!any && r->label)
        WG_TRY(say(w, "text", r->label_source, 0, NULL,
                   wg_license_textf(&r->arena,
                                    "only a label, \"%s\", and no licence text: get the text from "
                                    "the publisher",
                                    r->label)));
    else if (!any)
        WG_TRY(say(w, "text", NULL, 0, NULL,
                   "no licence text and no label: without a licence nothing is permitted"));
    WG_TRY(judge_label(w));
    for (size_t i = 0; i < r->n_base_models; i++)
        WG_TRY(
            say(w, "inheritance", r->base_models[i].source, 0, NULL,
                wg_license_textf(&r->arena,
                                 "made from %s: its terms may hold too, and they are not in this "
                                 "package",
                                 r->base_models[i].id)));
    return WG_OK;
}

static bool passes_on(const struct wg_use *u)
{
    return (u->known[WG_USE_REDISTRIBUTES_WEIGHTS] && u->redistributes_weights) ||
           (u->known[WG_USE_REDISTRIBUTES_FINE_TUNE] && u->redistributes_fine_tune);
}

static bool applies(const struct wg_license_work *w, enum wg_when when)
{
    const struct wg_use *u = w->use;

    switch (when) {
    case WG_WHEN_ALWAYS:
        return true;
    case WG_WHEN_COMMERCIAL:
        return u->known[WG_USE_COMMERCIAL] && u->commercial;
    case WG_WHEN_REDISTRIBUTES:
        return passes_on(u);
    case WG_WHEN_REDISTRIBUTES_FINE_TUNE:
        return u->known[WG_USE_REDISTRIBUTES_FINE_TUNE] && u->redistributes_fine_tune;
    case WG_WHEN_NOTICE_FILE:
        return w->notice_file && passes_on(u);
    }
    return false;
}

static enum wg_status ask(struct wg_license_work *w, const struct wg_license_clause *c, bool *asked)
{
    for (size_t i = 0; i < c->clause->n_needs; i++) {
        enum wg_use_key k = c->clause->needs[i];
        if (w->use->known[k] || asked[k])
            continue;
        asked[k] = true;
        WG_TRY(say(w, c->clause->topic, c->file, c->line, c->quote,
                   wg_license_textf(&w->r->arena, "%s does not answer %s: %s", w->use->path,
                                    wg_use_key_name(k), wg_use_question(k))));
    }
    return WG_OK;
}

static enum wg_status add_obligation(struct wg_license_work *w, const struct wg_license_clause *c)
{
    struct wg_license_obligation *all =
        wg_license_grow(&w->r->arena, w->r->obligations, &w->r->n_obligations, sizeof *all);

    if (!all)
        return wg_oom(w->err, "the obligations of a licence");
    w->r->obligations = all;
    all[w->r->n_obligations - 1] = (struct wg_license_obligation){
        .what = c->clause->what, .file = c->file, .line = c->line, .quote = c->quote};
    return WG_OK;
}

static enum wg_status judge_clause(struct wg_license_work *w, const struct wg_license_clause *c,
                                   bool *asked)
{
    if (c->state != WG_CLAUSE_INTACT)
        return say(w, c->clause->topic, c->file, 0, NULL,
                   wg_license_textf(&w->r->arena, "clause %s of %s is not there as it is known",
                                    c->clause->clause, c->ref->name));
    WG_TRY(ask(w, c, asked));
    if (!applies(w, c->clause->when))
        return WG_OK;
    if (c->clause->effect == WG_EFFECT_DUTY)
        return add_obligation(w, c);
    if (c->clause->effect == WG_EFFECT_NOTE)
        return WG_OK;
    return wg_license_reason(
        w, (struct wg_license_reason){
               .topic = c->clause->topic,
               .verdict = c->clause->effect == WG_EFFECT_DENY ? WG_VERDICT_NO_GO : WG_VERDICT_GO,
               .why = c->clause->value,
               .file = c->file,
               .line = c->line,
               .quote = c->quote});
}

enum wg_status wg_license_judge(struct wg_license_work *w)
{
    struct wg_license_result *r = w->r;
    bool asked[WG_USE_COUNT] = {false};
    bool granted = false;

    WG_TRY(judge_texts(w));
    if (!w->use)
        return WG_OK;
    for (size_t i = 0; i < r->n_clauses; i++)
        WG_TRY(judge_clause(w, &r->clauses[i], asked));
    r->verdict = WG_VERDICT_GO;
    for (size_t i = 0; i < r->n_reasons; i++) {
        r->verdict = wg_verdict_worse(r->verdict, r->reasons[i].verdict);
        granted |= r->reasons[i].verdict == WG_VERDICT_GO &&
                   strcmp(r->reasons[i].topic, "commercial") == 0;
    }
    if (!granted)
        r->verdict = wg_verdict_worse(r->verdict, WG_VERDICT_REVIEW);
    return WG_OK;
}
