/*
 * Evidence first: which components lie in the package (PRESENT), which are only linked from the
 * card (DECLARED), which are nowhere (ABSENT). Then the definition, item by item; what a program
 * cannot prove stays NOT_SHOWN.
 *
 * To add a component: a row in the table below; tests/cli/test_openness.py counts them.
 */
#include "license/openness.h"

#include "base/file.h"
#include "base/mem.h"
#include "license/limits.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MAX_ITEMS = 32, NAMES = 4, HASH_MAX_BYTES = WG_LICENSE_MAX_BYTES };

/* A component of the Model Openness Framework: in which class it is required first, which file
 * proves it (of the role, when there is one, and with a part of the name, when there is one), and
 * which words on a line with a link declare it. */
struct component {
    const char *id, *name;
    int class;                /* 3, 2 or 1 */
    bool required;            /* for that class and the ones above */
    int role;                 /* -1: any */
    const char *files[NAMES]; /* parts of lower-case file names */
    const char *words[NAMES]; /* any of them, beside a link */
};

// clang-format off
static const struct component components[] = {
    {"mof.architecture", "model architecture (code)", 3, true, WG_ROLE_CODE,
     {"modeling_", "modelling_"}, {"architecture", "modeling"}},
    {"mof.parameters", "final model parameters", 3, true, WG_ROLE_WEIGHTS, {NULL}, {NULL}},
    {"mof.evaluation_results", "evaluation results", 3, true, -1,
     {"eval_results", "evaluation_results", "benchmark"},
     {"evaluation", "benchmark", "leaderboard"}},
    {"mof.model_card", "model card", 3, true, WG_ROLE_CARD, {NULL}, {NULL}},
    {"mof.data_card", "data card", 3, true, -1,
     {"data_card", "datacard", "datasheet"}, {"data card", "datasheet"}},
    {"mof.technical_report", "technical report", 3, true, -1,
     {"report.pdf", "technical_report"}, {"technical report", "arxiv.org"}},
    {"mof.sample_outputs", "sample model outputs", 3, false, -1,
     {"sample_output", "samples"}, {NULL}},
    {"mof.training_code", "training code", 2, true, WG_ROLE_CODE,
     {"train", "finetune"}, {"training code", "train the", "training script", "recipe"}},
    {"mof.inference_code", "inference code", 2, true, WG_ROLE_CODE,
     {"inference", "generate"}, {"inference", "usage"}},
    {"mof.evaluation_code", "evaluation code", 2, true, WG_ROLE_CODE,
     {"eval"}, {"evaluation code", "lighteval", "lm-eval", "harness"}},
    {"mof.evaluation_data", "evaluation data", 2, true, -1,
     {"eval_data"}, {"evaluation data", "test set"}},
    {"mof.libraries", "supporting libraries and tools", 2, false, -1,
     {"requirements.txt", "pyproject.toml"}, {NULL}},
    {"mof.datasets", "training data sets", 1, true, -1,
     {"train.jsonl", "train.parquet"}, {"/datasets/", "dataset", "datasets"}},
    {"mof.preprocessing_code", "data preprocessing code", 1, true, WG_ROLE_CODE,
     {"preprocess", "prepare_data"}, {"preprocessing", "data processing", "filtering"}},
    {"mof.intermediate_parameters", "intermediate model parameters", 1, true, -1,
     {"checkpoint-"}, {"checkpoints"}},
    {"mof.research_paper", "research paper", 1, true, -1,
     {"paper.pdf"}, {"arxiv.org", "doi.org"}},
    {"mof.metadata", "model metadata", 1, false, WG_ROLE_CONFIG, {NULL}, {NULL}},
};
// clang-format on

struct work {
    struct wg_openness_result *r;
    const struct wg_pkg *pkg;
    const struct wg_license_result *license;
    const char *card;   /* path of the card */
    struct wg_buf text; /* of it */
    bool accepted;      /* every licence text is known, whole and OSI-approved */
    struct wg_err *err;
};

static const char *say(struct work *w, const char *fmt, ...) WG_PRINTF(2, 3);

static const char *say(struct work *w, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    return wg_arena_strndup(&w->r->arena, line, strlen(line));
}

static enum wg_status add(struct work *w, const char *id, const char *name, const char *state,
                          const char *evidence)
{
    if (!evidence)
        return wg_oom(w->err, "the evidence of openness");
    w->r->items[w->r->n_items++] = (struct wg_openness_item){
        .id = id, .name = name, .state = state, .evidence = evidence, .sha256 = ""};
    return WG_OK;
}

static bool is_state(const struct wg_openness_item *i, const char *state)
{
    return strcmp(i->state, state) == 0;
}

/* Every licence text whole and OSI-approved, and nothing beside it that limits the use. */
static bool is_accepted(const struct wg_license_result *l)
{
    bool any = false;

    for (size_t i = 0; i < l->n_files; i++) {
        const struct wg_license_file *f = &l->files[i];
        if (f->role == WG_ROLE_NOTICE)
            continue;
        if ((f->state != WG_LICENSE_EXACT_BYTES && f->state != WG_LICENSE_EXACT_TEXT) || f->flags ||
            !f->found[0].ref->osi_approved)
            return false;
        any = true;
    }
    return any && !(l->mismatch_known && l->mismatch) && !l->label_conflict;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static bool is_letter(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

/* Does s[0, n) contain the lower-case word, whatever its case? With `whole`, not inside another. */
static bool contains(const char *s, size_t n, const char *word, bool whole)
{
    size_t len = strlen(word);

    for (size_t i = 0; i + len <= n; i++) {
        size_t k = 0;
        while (k < len && lower(s[i + k]) == word[k])
            k++;
        bool inside = (i > 0 && is_letter(word[0]) && is_letter(s[i - 1])) ||
                      (i + len < n && is_letter(word[len - 1]) && is_letter(s[i + len]));
        if (k == len && !(whole && inside))
            return true;
    }
    return false;
}

static const struct wg_pkg_file *find_file(const struct work *w, const struct component *c)
{
    for (size_t i = 0; i < w->pkg->n_files; i++) {
        const struct wg_pkg_file *f = &w->pkg->files[i];
        if (c->role >= 0 && f->role != (enum wg_role)c->role)
            continue;
        if (!c->files[0] && c->role >= 0)
            return f;
        for (size_t k = 0; k < NAMES && c->files[k]; k++)
            if (contains(f->path, strlen(f->path), c->files[k], false))
                return f;
    }
    return NULL;
}

/* Line of the card that has a link and one of the words; 0 for none. */
static size_t find_link(const struct work *w, const struct component *c, const char **line,
                        size_t *n)
{
    const char *p = w->text.p ? w->text.p : "", *end = p + w->text.len;

    for (size_t number = 1; p < end; number++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        *line = p;
        *n = (size_t)((nl ? nl : end) - p);
        p = nl ? nl + 1 : end;
        if (!contains(*line, *n, "https://", false) && !contains(*line, *n, "http://", false))
            continue;
        for (size_t k = 0; k < NAMES && c->words[k]; k++)
            if (contains(*line, *n, c->words[k], true))
                return number;
    }
    return 0;
}

static enum wg_status add_present(struct work *w, const struct component *c,
                                  const struct wg_pkg_file *f)
{
    char hex[WG_SHA256_HEX] = "";
    uint64_t bytes;

    if (f->sha256[0])
        memcpy(hex, f->sha256, sizeof hex);
    else if (f->bytes <= HASH_MAX_BYTES)
        WG_TRY(wg_sha256_file(f->full, hex, &bytes, w->err));
    WG_TRY(add(w, c->id, c->name, "PRESENT", say(w, "%s", f->path)));
    struct wg_openness_item *item = &w->r->items[w->r->n_items - 1];
    item->path = item->evidence;
    item->sha256 = wg_arena_strndup(&w->r->arena, hex, strlen(hex));
    return item->sha256 ? WG_OK : wg_oom(w->err, "the evidence of openness");
}

static enum wg_status add_component(struct work *w, const struct component *c)
{
    const struct wg_pkg_file *f = find_file(w, c);
    const char *line;
    size_t n, number;

    if (f)
        return add_present(w, c, f);
    if (strcmp(c->id, "mof.datasets") == 0 && w->license->n_datasets)
        return add(w, c->id, c->name, "DECLARED",
                   say(w, "%s names %s%s", w->license->datasets[0].source,
                       w->license->datasets[0].id,
                       w->license->n_datasets > 1 ? " and others" : ""));
    if ((number = find_link(w, c, &line, &n)) > 0)
        return add(w, c->id, c->name, "DECLARED",
                   say(w, "%s:%zu: %.*s", w->card, number, (int)WG_MIN(n, 300u), line));
    return add(w, c->id, c->name, "ABSENT", "not in the package, and no link that says so");
}

/* Is every required component of `class` and the classes before it there, links counted or not? */
static bool reaches(const struct work *w, int class, bool links)
{
    bool paper = false, report = false;

    if (!w->accepted)
        return false;
    for (size_t i = 0; i < WG_COUNT(components); i++) {
        const struct component *c = &components[i];
        const struct wg_openness_item *item = &w->r->items[i];
        bool has = is_state(item, "PRESENT") || (links && is_state(item, "DECLARED"));
        bool is_report = strcmp(c->id, "mof.technical_report") == 0;
        report |= is_report && has;
        paper |= strcmp(c->id, "mof.research_paper") == 0 && has;
        if (c->required && c->class >= class && !has && !is_report)
            return false;
    }
    return report || paper; /* the paper may stand for the report */
}

static const char *mof_class(const struct work *w, bool links)
{
    static const char *const names[] = {"I", "II", "III"};

    for (int class = 1; class <= 3; class ++)
        if (reaches(w, class, links))
            return names[class - 1];
    return "none";
}

static enum wg_status add_freedoms(struct work *w)
{
    static const char *const ids[][2] = {{"osaid.F1", "use for any purpose"},
                                         {"osaid.F3", "modify for any purpose"},
                                         {"osaid.F4", "share with or without changes"}};
    const struct wg_license_file *f = w->license->n_files ? &w->license->files[0] : NULL;

    for (size_t i = 0; i < WG_COUNT(ids); i++)
        WG_TRY(add(w, ids[i][0], ids[i][1], w->accepted ? "PROVEN" : "NOT_SHOWN",
                   w->accepted ? say(w, "%s: %s, word for word; approved by OSI", f->path,
                                     f->found[0].ref->name)
                               : "no licence text that is known, whole, and all there is"));
    return WG_OK;
}

static enum wg_status add_definition(struct work *w)
{
    bool weights = w->pkg->format != WG_WEIGHTS_NONE;
    const struct wg_license_result *l = w->license;

    WG_TRY(add_freedoms(w));
    WG_TRY(add(w, "osaid.F2", "study how it works", "NOT_SHOWN",
               "needs data information and code (D1, C1), which are not shown"));
    WG_TRY(add(w, "osaid.D1", "data information", "NOT_SHOWN",
               l->n_datasets
                   ? say(w, "%s names %zu data sets; whether that suffices needs a person",
                         l->datasets[0].source, l->n_datasets)
                   : "no data sets named; whether any description suffices needs a person"));
    WG_TRY(add(w, "osaid.C1", "complete code for training and running", "NOT_SHOWN",
               wg_pkg_find(w->pkg, WG_ROLE_CODE)
                   ? "there is code; whether it is complete needs a person"
                   : "no code in the package"));
    bool shown = weights && w->accepted;
    WG_TRY(add(w, "osaid.P1", "parameters under open terms", shown ? "PROVEN" : "NOT_SHOWN",
               !weights ? "no weights in the package"
               : !shown ? "no licence text that is known, whole, and all there is"
                        : say(w, "%s", w->pkg->files[w->pkg->weights].path)));
    return add(w, "osaid.S", "same terms may be demanded of modified versions",
               w->accepted ? "PROVEN" : "NOT_SHOWN",
               w->accepted ? "the known clauses demand nothing more"
                           : "no licence text that is known, whole, and all there is");
}

static void classify(struct work *w)
{
    struct wg_openness_result *r = w->r;
    bool weights = w->pkg->format != WG_WEIGHTS_NONE;

    r->class = WG_OPEN_UNKNOWN;
    if (w->accepted && weights && w->license->n_base_models) {
        r->why = "the text is open, but the terms of the base model are not in the package";
    } else if (w->accepted && weights) {
        r->class = WG_OPEN_WEIGHTS;
        r->why =
            "weights under an OSI-approved text; for open source AI (OSAID 1.0) not shown: F2, "
            "D1, C1, and D1 needs a person";
    } else if (!weights) {
        r->why = "no weights in the package";
    } else {
        r->why = "no licence text that is known, whole, and all there is";
    }
    r->mof_class = mof_class(w, false);
    r->mof_if_links_hold = mof_class(w, true);
}

static enum wg_status read_card(struct work *w)
{
    const struct wg_pkg_file *f = wg_pkg_find(w->pkg, WG_ROLE_CARD);

    if (!f)
        return WG_OK;
    w->card = f->path;
    return wg_file_read(&w->text, f->full, WG_LICENSE_MAX_BYTES, w->err);
}

enum wg_status wg_openness(const struct wg_pkg *p, const struct wg_license_result *license,
                           struct wg_openness_result **out, struct wg_err *err)
{
    struct wg_openness_result *r = wg_calloc(1, sizeof *r);
    struct work w = {.r = r, .pkg = p, .license = license, .err = err};

    if (!r)
        return wg_oom(err, "an openness result");
    wg_arena_init(&r->arena, 1 << 20);
    wg_buf_init(&w.text, 2 * WG_LICENSE_MAX_BYTES);
    w.accepted = is_accepted(license);
    r->items = wg_arena_alloc(&r->arena, MAX_ITEMS, sizeof *r->items);
    enum wg_status st = r->items ? read_card(&w) : wg_oom(err, "an openness result");
    for (size_t i = 0; st == WG_OK && i < WG_COUNT(components); i++)
        st = add_component(&w, &components[i]);
    if (st == WG_OK)
        st = add_definition(&w);
    if (st == WG_OK)
        classify(&w);
    wg_buf_release(&w.text);
    if (st == WG_OK)
        *out = r;
    else
        wg_openness_free(r);
    return st;
}

void wg_openness_free(struct wg_openness_result *r)
{
    if (!r)
        return;
    wg_arena_release(&r->arena);
    wg_free(r);
}

const char *wg_openness_class_name(enum wg_openness_class c)
{
    static const char *const names[] = {"unknown", "proprietary", "restricted weights",
                                        "open weights", "OSI open source"};

    return names[c];
}

static json_t *text(const char *s)
{
    return s ? wg_json_text(s, strlen(s)) : json_null();
}

json_t *wg_openness_json(const struct wg_openness_result *r)
{
    json_t *items = json_array();

    for (size_t i = 0; i < r->n_items; i++) {
        const struct wg_openness_item *x = &r->items[i];
        json_array_append_new(items,
                              json_pack("{s:s, s:s, s:s, s:o, s:o, s:s}", "id", x->id, "name",
                                        x->name, "state", x->state, "evidence", text(x->evidence),
                                        "path", text(x->path), "sha256", x->sha256));
    }
    return json_pack("{s:s, s:s, s:o, s:{s:s, s:s}}", "class", wg_openness_class_name(r->class),
                     "why", r->why, "items", items, "mof", "class", r->mof_class, "if_links_hold",
                     r->mof_if_links_hold);
}
