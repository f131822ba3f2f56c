#include "license/words.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "license/limits.h"

#include <stdbool.h>
#include <string.h>
#include <utf8proc.h>

uint64_t wg_word_hash(const char *word, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)word[i]) * 0x100000001b3u;
    h ^= h >> 33;
    h *= 0xff51afd7ed558ccdu;
    h ^= h >> 33;
    return h;
}

enum char_class { C_SPACE, C_MARK, C_WORD, C_SIGN, C_COPYRIGHT, C_HIDDEN, C_BROKEN };

/* One decoded character. */
struct glyph {
    uint32_t cp;
    size_t bytes;
    enum char_class class;
};

struct reader {
    struct wg_words *w;
    const char *s;
    size_t n, pos;
    uint32_t line;
    bool line_start; /* nothing but white space and list marks since the line began */
    bool continues;  /* the line before ended inside a sentence */
    const char *name;
    struct wg_err *err;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_alpha(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Invisible, or changes the order in which text is shown. */
static bool is_hidden(uint32_t cp)
{
    return (cp >= 0x200B && cp <= 0x200F) || (cp >= 0x202A && cp <= 0x202E) ||
           (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF || cp == 0x00AD || cp == 0x180E ||
           cp == 0x034F || cp == 0x115F || cp == 0x1160 || cp == 0x3164 || cp == 0xFFA0 ||
           (cp >= 0xFE00 && cp <= 0xFE0F) || cp >= 0xE0000 || (cp < 0x20 && cp != 0) || cp == 0 ||
           (cp >= 0x7F && cp <= 0x9F && cp != 0x85);
}

static bool is_space(uint32_t cp)
{
    return cp == ' ' || (cp >= 9 && cp <= 13) || cp == 0x85 || cp == 0xA0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200A) || cp == 0x2028 || cp == 0x2029 || cp == 0x202F ||
           cp == 0x205F || cp == 0x3000;
}

/* Shapes that lists are made with, although Unicode calls them symbols. */
static bool is_bullet(uint32_t cp)
{
    return (cp >= 0x25A0 && cp <= 0x25FF) || cp == 0x2022 || cp == 0x2023 || cp == 0x2043 ||
           cp == 0x00B7 || cp == 0x2219;
}

static enum char_class classify(uint32_t cp)
{
    if (cp < 0x80) {
        if (is_space(cp))
            return C_SPACE;
        if (is_hidden(cp))
            return C_HIDDEN;
        if (is_alpha((char)cp) || is_digit((char)cp))
            return C_WORD;
        return cp == '$' || cp == '%' || cp == '&' ? C_SIGN : C_MARK;
    }
    if (is_space(cp))
        return C_SPACE;
    if (is_hidden(cp))
        return C_HIDDEN;
    if (cp == 0xA9)
        return C_COPYRIGHT;
    if (is_bullet(cp))
        return C_MARK;
    switch (utf8proc_category((utf8proc_int32_t)cp)) {
    case UTF8PROC_CATEGORY_PC:
    case UTF8PROC_CATEGORY_PD:
    case UTF8PROC_CATEGORY_PS:
    case UTF8PROC_CATEGORY_PE:
    case UTF8PROC_CATEGORY_PI:
    case UTF8PROC_CATEGORY_PF:
    case UTF8PROC_CATEGORY_PO:
        return C_MARK;
    case UTF8PROC_CATEGORY_SM:
    case UTF8PROC_CATEGORY_SC:
    case UTF8PROC_CATEGORY_SK:
    case UTF8PROC_CATEGORY_SO:
        return C_SIGN;
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
        return C_HIDDEN;
    default:
        return C_WORD;
    }
}

/* The character at `at`, which is inside the text. A byte that is not UTF-8 is read as Latin-1. */
static struct glyph look(const struct reader *r, size_t at)
{
    struct glyph g;
    int len = wg_utf8_decode(r->s + at, r->n - at, &g.cp);

    if (len > 0) {
        g.bytes = (size_t)len;
        g.class = classify(g.cp);
    } else {
        g.cp = (uint8_t)r->s[at];
        g.bytes = 1;
        g.class = C_BROKEN;
    }
    return g;
}

static void suspect(struct reader *r, uint32_t line)
{
    if (r->w->suspicious++ == 0)
        r->w->suspicious_line = line;
}

static enum wg_status add_token(struct reader *r, uint64_t hash, size_t offset, size_t end,
                                uint32_t flags)
{
    struct wg_words *w = r->w;

    if (w->n == w->cap) {
        size_t cap = w->cap ? w->cap * 2 : 1024;
        if (w->n >= WG_LICENSE_MAX_TOKENS)
            return wg_fail(r->err, WG_E_LIMIT,
                           "%s: line %u: more than %d words: not read as a licence text", r->name,
                           r->line, (int)WG_LICENSE_MAX_TOKENS);
        struct wg_token *p = wg_realloc(w->tokens, cap, sizeof *p);
        if (!p)
            return wg_oom(r->err, "the words of a licence text");
        w->tokens = p;
        w->cap = cap;
    }
    w->tokens[w->n++] = (struct wg_token){.hash = hash,
                                          .offset = (uint32_t)offset,
                                          .bytes = (uint32_t)(end - offset),
                                          .line = r->line,
                                          .flags = flags};
    return WG_OK;
}

/* Latin ligatures that PDF copies leave; NULL for any other character. */
static const char *ligature(uint32_t cp)
{
    static const char *const table[] = {"ff", "fi", "fl", "ffi", "ffl", "st", "st"};

    return cp >= 0xFB00 && cp <= 0xFB06 ? table[cp - 0xFB00] : NULL;
}

/* Letters that pass for Latin ones, or styled copies of them. */
static bool is_look_alike(uint32_t cp)
{
    return (cp >= 0x0250 && cp <= 0x02AF) || (cp >= 0x0370 && cp <= 0x058F) ||
           (cp >= 0x13A0 && cp <= 0x13FF) || (cp >= 0x1D00 && cp <= 0x1DBF) ||
           (cp >= 0x2100 && cp <= 0x218F) || (cp >= 0xA4D0 && cp <= 0xA4FF) ||
           (cp >= 0xAB30 && cp <= 0xABBF) || (cp >= 0xFF00 && cp <= 0xFF5A) ||
           (cp >= 0x1D400 && cp <= 0x1D7FF);
}

enum { WORD_BYTES = 256 }; /* of a word that are hashed as they are; longer ones are folded */

/* Bytes of a word on their way to its hash. */
struct word {
    char p[WORD_BYTES];
    size_t n;
    uint64_t folded;
};

static void word_add(struct word *d, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (d->n == WORD_BYTES) {
            d->folded = (d->folded ^ wg_word_hash(d->p, d->n)) * 0x9e3779b97f4a7c15u;
            d->n = 0;
        }
        d->p[d->n++] = lower(s[i]);
    }
}

static uint64_t word_hash(const struct word *d)
{
    return wg_word_hash(d->p, d->n) ^ d->folded;
}

/* True where a '.' or ',' at `at` stands between two digits. */
static bool inside_number(const struct reader *r, size_t at)
{
    return (r->s[at] == '.' || r->s[at] == ',') && at > 0 && is_digit(r->s[at - 1]) &&
           at + 1 < r->n && is_digit(r->s[at + 1]);
}

static enum wg_status read_word(struct reader *r)
{
    struct word d = {.n = 0};
    size_t start = r->pos, end = start;
    bool latin = false, alike = false, digits = true;

    while (r->pos < r->n) {
        struct glyph g = look(r, r->pos);
        if (g.class == C_HIDDEN || g.class == C_BROKEN) {
            suspect(r, r->line);
            if (g.class == C_BROKEN) {
                word_add(&d, r->s + r->pos, 1);
                digits = false;
                end = r->pos + 1;
            }
            r->pos += g.bytes;
            continue;
        }
        if (g.class != C_WORD && !inside_number(r, r->pos))
            break;
        const char *lig = ligature(g.cp);
        if (lig)
            word_add(&d, lig, strlen(lig));
        else
            word_add(&d, r->s + r->pos, g.bytes);
        latin |= g.cp < 0x80 && is_alpha((char)g.cp);
        alike |= is_look_alike(g.cp);
        digits &= g.cp < 0x80 && !is_alpha((char)g.cp);
        r->pos += g.bytes;
        end = r->pos;
    }
    if (latin && alike)
        suspect(r, r->line);
    if (end == start)
        return WG_OK;
    return add_token(r, word_hash(&d), start, end, digits ? WG_TOKEN_NUMBER : 0);
}

static bool starts_with(const struct reader *r, size_t at, const char *lower_prefix)
{
    size_t n = strlen(lower_prefix);

    if (r->n - at < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (lower(r->s[at + i]) != lower_prefix[i])
            return false;
    return true;
}

/* Bytes of "http://", "https://" at `at`, so that both schemes give one address; 0 for none. A
 * bare "www." is an address with an empty scheme. */
static bool address_at(const struct reader *r, size_t at, size_t *scheme)
{
    *scheme = starts_with(r, at, "https://") ? 8 : starts_with(r, at, "http://") ? 7 : 0;
    return *scheme > 0 || starts_with(r, at, "www.");
}

/* End of an address that starts at `at`, without closing punctuation. */
static size_t address_end(const struct reader *r, size_t at)
{
    size_t end = at;

    while (end < r->n && (uint8_t)r->s[end] > ' ' && !strchr("<>\"'`()[]{}|\\^", r->s[end]) &&
           (uint8_t)r->s[end] < 0x7F)
        end++;
    while (end > at && strchr(".,;:!?*_~/", r->s[end - 1]))
        end--;
    return end;
}

static uint64_t address_hash(const struct reader *r, size_t at, size_t end)
{
    struct word d = {.n = 0};
    size_t host = at;

    word_add(&d, "@", 1); /* no word has it, so an address never equals one */
    while (host < end && r->s[host] != '/')
        host++;
    word_add(&d, r->s + at, host - at);
    return word_hash(&d) + 31 * wg_word_hash(r->s + host, end - host);
}

static enum wg_status read_address(struct reader *r, size_t scheme)
{
    size_t start = r->pos, end = address_end(r, start);

    if (end <= start + scheme) {
        r->pos = start + scheme;
        return WG_OK;
    }
    uint64_t hash = address_hash(r, start + scheme, end);
    r->pos = end;
    return add_token(r, hash, start, end, WG_TOKEN_ADDRESS);
}

/* "](target" of a Markdown link, at ']'. The target is a word unless the link text is the same
 * address, or it points inside the document. */
static enum wg_status read_link_target(struct reader *r)
{
    size_t start = r->pos + 2, scheme;

    while (start < r->n && (r->s[start] == ' ' || r->s[start] == '<'))
        start++;
    r->pos = start;
    if (start >= r->n || r->s[start] == '#')
        return WG_OK;
    (void)address_at(r, start, &scheme);
    size_t end = address_end(r, start);
    if (end <= start + scheme)
        return WG_OK;
    uint64_t hash = address_hash(r, start + scheme, end);
    r->pos = end;
    if (r->w->n > 0 && r->w->tokens[r->w->n - 1].hash == hash)
        return WG_OK;
    return add_token(r, hash, start, end, WG_TOKEN_ADDRESS);
}

/* Length of an enumerator's label at `at`: one letter, a Roman numeral up to xii, or up to three
 * numbers of at most two digits with dots; 0 for none. */
static size_t label_length(const struct reader *r, size_t at, bool *dotted, bool *number)
{
    static const char *const roman[] = {"viii", "xii", "iii", "vii", "ii", "iv", "vi", "ix", "xi"};
    size_t i = at;

    *dotted = false;
    *number = at < r->n && is_digit(r->s[at]);
    if (*number) {
        for (int groups = 0; groups < 4; groups++) {
            size_t digits = 0;
            while (i + digits < r->n && is_digit(r->s[i + digits]) && digits < 3)
                digits++;
            if (digits == 0 || digits > 2)
                return 0;
            i += digits;
            if (i + 1 >= r->n || r->s[i] != '.' || !is_digit(r->s[i + 1]))
                return i - at;
            *dotted = true;
            i++;
        }
        return 0;
    }
    for (size_t k = 0; k < WG_COUNT(roman); k++)
        if (starts_with(r, at, roman[k]) &&
            (at + strlen(roman[k]) >= r->n || !is_alpha(r->s[at + strlen(roman[k])])))
            return strlen(roman[k]);
    return at < r->n && is_alpha(r->s[at]) && (at + 1 >= r->n || !is_alpha(r->s[at + 1])) ? 1 : 0;
}

static bool ends_word(const struct reader *r, size_t at)
{
    return at >= r->n || is_space((uint8_t)r->s[at]) || r->s[at] == '*' || r->s[at] == '_';
}

/* Reads "(a)", "1.", "2.1" or "b)" at the cursor as a soft word; *done tells whether it did. */
static enum wg_status read_enumerator(struct reader *r, bool *done)
{
    size_t open = r->s[r->pos] == '(' ? 1 : 0, at = r->pos + open, end;
    bool dotted, number;
    bool at_start = r->line_start && !r->continues;
    size_t len = label_length(r, at, &dotted, &number);

    *done = false;
    if (len == 0)
        return WG_OK;
    end = at + len;
    char close = end < r->n ? r->s[end] : ' ';
    if (close == '\\' && end + 1 < r->n && (r->s[end + 1] == '.' || r->s[end + 1] == ')')) {
        end++;
        close = r->s[end];
    }
    if (open) {
        bool before = r->pos == 0 || is_space((uint8_t)r->s[r->pos - 1]);
        if (close != ')' || !before || !ends_word(r, end + 1) || (number && !at_start))
            return WG_OK;
    } else if (!at_start || (close != '.' && close != ')' && !dotted) ||
               !ends_word(r, end + (close == '.' || close == ')'))) {
        return WG_OK;
    }
    struct word d = {.n = 0};
    word_add(&d, r->s + at, len);
    uint64_t hash = word_hash(&d);
    size_t start = r->pos;
    r->pos = end + (close == '.' || close == ')');
    *done = true;
    return add_token(r, hash, start, r->pos, WG_TOKEN_SOFT);
}

/* A line that ends here: does its sentence go on? Decided by its last mark. */
static bool sentence_goes_on(const struct reader *r, size_t end)
{
    const struct wg_words *w = r->w;
    static const char *const joins[] = {"and", "or"};

    while (end > 0 && is_space((uint8_t)r->s[end - 1]))
        end--;
    if (end == 0)
        return false;
    if (strchr(".;:,!?)*_\"'|>#-=", r->s[end - 1]))
        return false;
    /* "...; and" before an item of a list */
    for (size_t k = 0; k < WG_COUNT(joins); k++) {
        size_t n = strlen(joins[k]);
        if (w->n > 0 && end >= n + 2 && starts_with(r, end - n, joins[k]) &&
            (r->s[end - n - 2] == ';' || r->s[end - n - 2] == ',') && r->s[end - n - 1] == ' ')
            return false;
    }
    return true;
}

static void end_line(struct reader *r)
{
    size_t end = r->pos;
    bool blank = r->line_start;

    if (r->s[r->pos] == '\r' && r->pos + 1 < r->n && r->s[r->pos + 1] == '\n')
        r->pos++;
    r->pos++;
    r->line++;
    r->continues = !blank && sentence_goes_on(r, end);
    r->line_start = true;
}

static bool is_list_mark(char c)
{
    return strchr("#*-+>|/;=~_`(", c) != NULL;
}

/* '<', '>' and '=' are marks of Markdown and HTML, and words where they compare amounts. */
static bool compares_amount(const struct reader *r)
{
    size_t at = r->pos + 1;

    if (r->line_start || !strchr("<>=", r->s[r->pos]))
        return false;
    while (at < r->n && (r->s[at] == ' ' || r->s[at] == '='))
        at++;
    return at < r->n && (is_digit(r->s[at]) || r->s[at] == '$');
}

static enum wg_status read_mark(struct reader *r, const struct glyph *g)
{
    if (g->cp == '~' && r->pos + 1 < r->n && r->s[r->pos + 1] == '~')
        suspect(r, r->line);
    if (g->cp == ']' && r->pos + 1 < r->n && r->s[r->pos + 1] == '(')
        return read_link_target(r);
    if (g->cp < 0x80 && compares_amount(r)) {
        size_t start = r->pos++;
        return add_token(r, wg_word_hash(r->s + start, 1), start, start + 1, 0);
    }
    r->line_start = r->line_start && g->cp < 0x80 ? is_list_mark((char)g->cp) : r->line_start;
    r->pos += g->bytes;
    return WG_OK;
}

static enum wg_status read_glyph(struct reader *r)
{
    struct glyph g = look(r, r->pos);
    size_t scheme, start = r->pos;
    bool done = false;

    if (g.cp == '\n' || g.cp == '\r') {
        end_line(r);
        return WG_OK;
    }
    if (g.class == C_SPACE) {
        r->pos += g.bytes;
        return WG_OK;
    }
    if (g.class == C_HIDDEN) {
        suspect(r, r->line);
        r->pos += g.bytes;
        return WG_OK;
    }
    if (g.cp == '(' || g.class == C_WORD) {
        WG_TRY(read_enumerator(r, &done));
        if (done) {
            r->line_start = false;
            return WG_OK;
        }
    }
    if (g.class == C_MARK)
        return read_mark(r, &g);
    r->line_start = false;
    if (g.class == C_WORD && address_at(r, start, &scheme))
        return read_address(r, scheme);
    if (g.class == C_COPYRIGHT || (g.class == C_BROKEN && g.cp == 0xA9)) {
        if (g.class == C_BROKEN)
            suspect(r, r->line);
        r->pos += g.bytes;
        return add_token(r, wg_word_hash("c", 1), start, r->pos, WG_TOKEN_SOFT);
    }
    if (g.class == C_SIGN) {
        r->pos += g.bytes;
        return add_token(r, wg_word_hash(r->s + start, g.bytes), start, r->pos, 0);
    }
    return read_word(r);
}

enum wg_status wg_words_read(struct wg_words *w, const char *text, size_t n, const char *name,
                             struct wg_err *err)
{
    *w = (struct wg_words){.text = text, .text_bytes = n};
    if (n > WG_LICENSE_MAX_BYTES)
        return wg_fail(err, WG_E_LIMIT,
                       "%s: %zu bytes: a licence text has at most %d MiB; this file is not read",
                       name, n, (int)(WG_LICENSE_MAX_BYTES >> 20));
    struct reader r = {
        .w = w, .s = text, .n = n, .line = 1, .line_start = true, .name = name, .err = err};
    if (n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        r.pos = 3;
    enum wg_status st = WG_OK;
    while (st == WG_OK && r.pos < r.n)
        st = read_glyph(&r);
    if (st != WG_OK)
        wg_words_release(w);
    return st;
}

void wg_words_release(struct wg_words *w)
{
    wg_free(w->tokens);
    w->tokens = NULL;
    w->n = w->cap = 0;
}
