#include "package/archive.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/limits.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 256 * 1024 };

struct entry {
    char *path; /* in the archive */
    char *to;   /* in the model; NULL: left out */
    uint64_t bytes;
    char sha256[WG_SHA256_HEX]; /* once taken */
    char *tmp;
};

struct box {
    const char *file, *name, *source; /* name: of the file, for messages */
    uint64_t packed_bytes, unpacked_bytes, wanted_bytes;
    struct entry *entries;
    size_t n, cap;
};

bool wg_is_archive(const char *path)
{
    static const char *const ends[] = {".whl", ".zip", ".tar.gz", ".tgz", ".tar", ".tar.xz"};

    for (size_t i = 0; i < WG_COUNT(ends); i++)
        if (wg_has_suffix(path, ends[i]))
            return true;
    return false;
}

static void release(struct box *b)
{
    for (size_t i = 0; i < b->n; i++) {
        wg_free(b->entries[i].path);
        wg_free(b->entries[i].to);
        wg_free(b->entries[i].tmp);
    }
    wg_free(b->entries);
}

static enum wg_status archive_fail(const struct box *b, struct archive *a, struct wg_err *err)
{
    const char *why = archive_error_string(a);
    return wg_fail(err, WG_E_INPUT, "%s: the archive is damaged: %s", b->name,
                   why ? why : "it cannot be read");
}

static enum wg_status open_archive(const struct box *b, struct archive **out, struct wg_err *err)
{
    struct archive *a = archive_read_new();

    if (!a)
        return wg_oom(err, "an archive");
    archive_read_support_format_zip(a);
    archive_read_support_format_tar(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_xz(a);
    if (archive_read_open_filename(a, b->file, BLOCK) != ARCHIVE_OK) {
        enum wg_status st = archive_fail(b, a, err);
        archive_read_free(a);
        return st;
    }
    *out = a;
    return WG_OK;
}

/* The rule that a path breaks, or NULL. */
static const char *path_fault(const char *path)
{
    size_t n = strlen(path);

    if (n == 0 || n >= WG_PKG_MAX_PATH_BYTES)
        return "has an empty or too long path";
    if (path[0] == '/')
        return "has an absolute path";
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f || path[i] == '\\')
            return "has a backslash or control character in its path";
    for (const char *p = path; *p;) {
        size_t part = strcspn(p, "/");
        if (part == 0 || (part == 1 && p[0] == '.') || (part == 2 && p[0] == '.' && p[1] == '.'))
            return "leaves its folder: its path has an empty part, \".\" or \"..\"";
        p += part + (p[part] == '/');
    }
    return NULL;
}

static enum wg_status check_size(struct box *b, const char *path, int64_t bytes, struct wg_err *err)
{
    if (bytes < 0 || (uint64_t)bytes > WG_ARCHIVE_MAX_BYTES - b->unpacked_bytes)
        return wg_fail(err, WG_E_INPUT, "%s: entry \"%s\" takes it over the limit of %llu bytes",
                       b->name, path, (unsigned long long)WG_ARCHIVE_MAX_BYTES);
    b->unpacked_bytes += (uint64_t)bytes;
    if (b->unpacked_bytes > WG_ARCHIVE_FREE_BYTES &&
        b->unpacked_bytes / WG_ARCHIVE_MAX_RATIO > b->packed_bytes)
        return wg_fail(
            err, WG_E_INPUT,
            "%s: entry \"%s\" unpacks to %lld bytes: over %u times the archive's size is "
            "taken for a decompression bomb",
            b->name, path, (long long)bytes, WG_ARCHIVE_MAX_RATIO);
    return WG_OK;
}

static enum wg_status add_entry(struct box *b, const char *path, uint64_t bytes, struct wg_err *err)
{
    if (b->n >= WG_ARCHIVE_MAX_ENTRIES)
        return wg_fail(err, WG_E_INPUT, "%s: the archive has over %u entries", b->name,
                       WG_ARCHIVE_MAX_ENTRIES);
    if (b->n == b->cap) {
        size_t cap = b->cap ? 2 * b->cap : 64;
        struct entry *e = wg_realloc(b->entries, cap, sizeof *e);
        if (!e)
            return wg_oom(err, "a list of files");
        b->entries = e;
        b->cap = cap;
    }
    b->entries[b->n] = (struct entry){.path = wg_strdup(path), .bytes = bytes};
    return b->entries[b->n++].path ? WG_OK : wg_oom(err, "a list of files");
}

static enum wg_status list_entry(struct box *b, struct archive_entry *e, struct wg_err *err)
{
    const char *path = archive_entry_pathname_utf8(e);
    int64_t bytes = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;

    if (!path)
        path = archive_entry_pathname(e);
    if (!path)
        return wg_fail(err, WG_E_INPUT, "%s: entry %zu has no readable path", b->name, b->n + 1);
    const char *fault = path_fault(path);
    if (!fault && (archive_entry_symlink(e) || archive_entry_hardlink(e)))
        fault = "is a link";
    else if (!fault && archive_entry_filetype(e) != AE_IFREG &&
             archive_entry_filetype(e) != AE_IFDIR)
        fault = "is neither a file nor a folder";
    else if (!fault && archive_entry_is_encrypted(e))
        fault = "is encrypted";
    if (fault)
        return wg_fail(err, WG_E_INPUT, "%s: entry \"%s\" %s; nothing was taken out", b->name, path,
                       fault);
    if (archive_entry_filetype(e) == AE_IFDIR)
        return WG_OK;
    WG_TRY(check_size(b, path, bytes, err));
    return add_entry(b, path, (uint64_t)bytes, err);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

static enum wg_status list_entries(struct box *b, struct wg_err *err)
{
    struct archive *a = NULL;
    struct archive_entry *e;
    int code = ARCHIVE_EOF;

    WG_TRY(open_archive(b, &a, err));
    enum wg_status st = WG_OK;
    while (st == WG_OK && (code = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
        st = list_entry(b, e, err);
        if (st == WG_OK && wg_interrupted())
            st = wg_fail(err, WG_E_INTERRUPTED, "interrupted");
    }
    if (st == WG_OK && code != ARCHIVE_EOF)
        st = archive_fail(b, a, err);
    archive_read_free(a);
    WG_TRY(st);
    if (b->n > 1)
        qsort(b->entries, b->n, sizeof *b->entries, by_path);
    for (size_t i = 1; i < b->n; i++)
        if (strcmp(b->entries[i - 1].path, b->entries[i].path) == 0)
            return wg_fail(err, WG_E_INPUT, "%s: entry \"%s\" is there twice", b->name,
                           b->entries[i].path);
    return WG_OK;
}

/* Length of the folder that all entries share, with its slash, or 0. */
static size_t common_top(const struct box *b)
{
    size_t n = strcspn(b->entries[0].path, "/") + 1;

    for (size_t i = 0; i < b->n; i++)
        if (strncmp(b->entries[i].path, b->entries[0].path, n) != 0)
            return 0;
    return b->entries[0].path[n - 1] == '/' ? n : 0;
}

static bool is_metadata(const char *path, size_t top)
{
    const char *name = wg_basename(path);

    return (strcmp(name, "METADATA") == 0 && strstr(path, ".dist-info/METADATA")) ||
           (strcmp(path + top, "PKG-INFO") == 0);
}

static bool is_taken(const char *path)
{
    enum wg_role role = wg_role_of(path);
    return role != WG_ROLE_CODE && role != WG_ROLE_OTHER;
}

/* Where an entry goes: the part of its path behind the weights' folder or the dist-info folder. */
static const char *place(const char *path, size_t top, const char *root, size_t root_n)
{
    const char *info = strstr(path, ".dist-info/");

    if (is_metadata(path, top))
        return "METADATA";
    if (root_n && strncmp(path, root, root_n) == 0)
        return path + root_n;
    if (info && !memchr(path, '/', (size_t)(info - path)))
        return info + sizeof ".dist-info/" - 1;
    return path + top;
}

static bool is_free(const struct box *b, const char *to)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->entries[i].to && strcmp(b->entries[i].to, to) == 0)
            return false;
    return true;
}

static enum wg_status choose(struct box *b, struct wg_err *err)
{
    const char *weights = NULL;
    size_t top = b->n ? common_top(b) : 0, left_out = 0;

    for (size_t i = b->n; i-- > 0;)
        if (wg_role_of(b->entries[i].path) == WG_ROLE_WEIGHTS)
            weights = b->entries[i].path;
    if (!weights)
        return wg_fail(err, WG_E_INPUT,
                       "%s: holds no model: none of its %zu files is .gguf or .safetensors",
                       b->name, b->n);
    size_t root_n = (size_t)(wg_basename(weights) - weights);
    for (size_t i = 0; i < b->n; i++) {
        struct entry *e = &b->entries[i];
        if (!is_taken(e->path) && !is_metadata(e->path, top)) {
            left_out++;
            continue;
        }
        const char *to = place(e->path, top, weights, root_n);
        if (!is_free(b, to))
            to = e->path;
        if (!is_free(b, to))
            return wg_fail(err, WG_E_INPUT, "%s: two entries would be \"%s\"", b->name, to);
        e->to = wg_strdup(to);
        if (!e->to)
            return wg_oom(err, "a list of files");
        b->wanted_bytes += e->bytes;
    }
    if (left_out)
        wg_log(WG_LOG_INFO, "%s: left out %zu files of code and packaging", b->name, left_out);
    return WG_OK;
}

/* Data of the current entry to fd, hashed on the way. */
static enum wg_status copy_data(const struct box *b, struct archive *a, struct entry *e, int fd,
                                struct wg_progress *progress, struct wg_err *err)
{
    struct wg_sha256 *h = wg_sha256_new();
    char *block = wg_realloc(NULL, BLOCK, 1);
    uint64_t total = 0;
    enum wg_status st = h && block ? WG_OK : wg_oom(err, "a file");

    while (st == WG_OK) {
        la_ssize_t n = archive_read_data(a, block, BLOCK);
        if (n < 0)
            st = archive_fail(b, a, err);
        if (n <= 0)
            break;
        total += (uint64_t)n;
        if (total > e->bytes)
            st = wg_fail(err, WG_E_INPUT, "%s: entry \"%s\" is longer than the %llu bytes it says",
                         b->name, e->path, (unsigned long long)e->bytes);
        if (st == WG_OK)
            st = wg_write_all(fd, e->tmp, block, (size_t)n, err);
        wg_sha256_add(h, block, (size_t)n);
        wg_progress_at(progress, progress->done + (uint64_t)n);
        if (st == WG_OK && wg_interrupted())
            st = wg_fail(err, WG_E_INTERRUPTED, "interrupted");
    }
    if (st == WG_OK && total != e->bytes)
        st = wg_fail(err, WG_E_INPUT, "%s: entry \"%s\" has %llu bytes, it says %llu", b->name,
                     e->path, (unsigned long long)total, (unsigned long long)e->bytes);
    if (st == WG_OK)
        wg_sha256_finish(h, e->sha256);
    else
        wg_sha256_free(h);
    wg_free(block);
    return st;
}

static enum wg_status take_entry(const struct box *b, struct archive *a, struct entry *e,
                                 const struct wg_stage *stage, struct wg_progress *progress,
                                 struct wg_err *err)
{
    char name[64];

    snprintf(name, sizeof name, "entry-%zu", (size_t)(e - b->entries));
    e->tmp = wg_stage_path(stage, name);
    int fd = e->tmp ? open(e->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
    if (fd < 0)
        return wg_fail(err, WG_E_IO, "%s/%s: cannot create: %s", stage->dir, name, strerror(errno));
    enum wg_status st = copy_data(b, a, e, fd, progress, err);
    if (close(fd) != 0 && st == WG_OK)
        st = wg_fail(err, WG_E_IO, "%s: cannot write: %s", e->tmp, strerror(errno));
    return st;
}

static struct entry *entry_named(const struct box *b, const char *path)
{
    struct entry key = {.path = (char *)path};
    return path ? bsearch(&key, b->entries, b->n, sizeof key, by_path) : NULL;
}

static enum wg_status take_entries(struct box *b, const struct wg_stage *stage, struct wg_err *err)
{
    struct archive *a = NULL;
    struct archive_entry *ae;
    struct wg_progress progress;
    enum wg_status st = WG_OK;
    int code = ARCHIVE_EOF;

    WG_TRY(open_archive(b, &a, err));
    wg_progress_start(&progress, "unpack", "B", 0, b->wanted_bytes);
    while (st == WG_OK && (code = archive_read_next_header(a, &ae)) == ARCHIVE_OK) {
        const char *path = archive_entry_pathname_utf8(ae);
        struct entry *e = entry_named(b, path ? path : archive_entry_pathname(ae));
        if (e && e->to && !e->tmp)
            st = take_entry(b, a, e, stage, &progress, err);
    }
    wg_progress_end(&progress);
    if (st == WG_OK && code != ARCHIVE_EOF)
        st = archive_fail(b, a, err);
    archive_read_free(a);
    return st;
}

/* "sha256=..." of RECORD is base64 with the URL alphabet, without padding. */
static void record_form(const char *hex, char out[64])
{
    unsigned char raw[WG_SHA256_BYTES + 1];

    for (int i = 0; i < WG_SHA256_BYTES; i++) {
        unsigned hi = (unsigned)(strchr("0123456789abcdef", hex[2 * i]) - "0123456789abcdef");
        unsigned lo = (unsigned)(strchr("0123456789abcdef", hex[2 * i + 1]) - "0123456789abcdef");
        raw[i] = (unsigned char)(hi << 4 | lo);
    }
    int n = EVP_EncodeBlock((unsigned char *)out, raw, WG_SHA256_BYTES);
    for (int i = 0; i < n; i++)
        out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
    out[strcspn(out, "=")] = '\0';
}

/* One line of RECORD, path,sha256=DIGEST,bytes: lines with quotes or without a digest say nothing
 * about the files that are taken. */
static enum wg_status check_record_line(const struct box *b, char *line, struct wg_err *err)
{
    char *hash = strstr(line, ",sha256="), want[64];

    if (!hash || line[0] == '"')
        return WG_OK;
    *hash = '\0';
    const struct entry *e = entry_named(b, line);
    if (!e || !e->tmp)
        return WG_OK;
    hash += sizeof ",sha256=" - 1;
    hash[strcspn(hash, ",\r")] = '\0';
    record_form(e->sha256, want);
    if (strcmp(hash, want) != 0)
        return wg_fail(err, WG_E_INPUT,
                       "%s: entry \"%s\" is not what the wheel's RECORD says: its SHA-256 is %s",
                       b->name, e->path, e->sha256);
    return WG_OK;
}

/* Text of a small entry; the caller releases b. */
static enum wg_status read_entry(const struct box *box, const struct entry *e, struct wg_buf *b,
                                 struct wg_err *err)
{
    struct archive *a = NULL;
    struct archive_entry *ae;
    enum wg_status st = WG_OK;

    if (e->bytes > WG_ARCHIVE_MAX_META_BYTES)
        return wg_fail(err, WG_E_LIMIT, "%s: entry \"%s\" is over the limit of %zu bytes",
                       box->name, e->path, WG_ARCHIVE_MAX_META_BYTES);
    WG_TRY(open_archive(box, &a, err));
    while (archive_read_next_header(a, &ae) == ARCHIVE_OK) {
        const char *path = archive_entry_pathname_utf8(ae);
        if (!path || strcmp(path, e->path) != 0)
            continue;
        char *p = wg_buf_reserve(b, (size_t)e->bytes);
        la_ssize_t n = p ? archive_read_data(a, p, (size_t)e->bytes) : 0;
        if (!p)
            st = wg_buf_check(b, e->path, err);
        else if (n < 0)
            st = archive_fail(box, a, err);
        else
            b->p[b->len += (size_t)n] = '\0';
        break;
    }
    archive_read_free(a);
    return st;
}

static enum wg_status check_record(const struct box *b, struct wg_err *err)
{
    const struct entry *record = NULL;
    struct wg_buf text;

    for (size_t i = 0; i < b->n; i++)
        if (wg_has_suffix(b->entries[i].path, ".dist-info/RECORD"))
            record = &b->entries[i];
    if (!record)
        return WG_OK;
    wg_buf_init(&text, WG_ARCHIVE_MAX_META_BYTES + 1);
    enum wg_status st = read_entry(b, record, &text, err);
    for (char *line = text.p; st == WG_OK && line && *line;) {
        char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;
        *end = '\0';
        st = check_record_line(b, line, err);
        line = next;
    }
    wg_buf_release(&text);
    return st;
}

static enum wg_status stage_entry(const struct box *b, const struct entry *e, const char *to,
                                  const char *tmp, const char *sha256, uint64_t bytes,
                                  struct wg_stage *stage, struct wg_err *err)
{
    struct wg_buf source;

    wg_buf_init(&source, 2 * WG_PKG_MAX_PATH_BYTES);
    wg_buf_addf(&source, "%s#%s", b->source, e->path);
    enum wg_status st = wg_buf_check(&source, "a source", err);
    if (st == WG_OK)
        st = wg_stage_add(stage, to, tmp, sha256, bytes, source.p, NULL, err);
    wg_buf_release(&source);
    return st;
}

/* What is behind the first empty line. */
static const char *body_of(const char *mail)
{
    const char *lf = strstr(mail, "\n\n"), *crlf = strstr(mail, "\n\r\n");

    if (crlf && (!lf || crlf < lf))
        return crlf + 3;
    return lf ? lf + 2 : "";
}

/* METADATA is made like a mail: the description of the package is its body. */
static enum wg_status card_from_metadata(const struct box *b, struct wg_stage *stage,
                                         struct wg_err *err)
{
    const struct entry *meta = NULL;
    struct wg_buf text;
    char hex[WG_SHA256_HEX];

    for (size_t i = 0; i < b->n; i++)
        if (b->entries[i].to && strcmp(b->entries[i].to, "METADATA") == 0)
            meta = &b->entries[i];
    if (!meta || meta->bytes > WG_ARCHIVE_MAX_META_BYTES)
        return WG_OK;
    wg_buf_init(&text, WG_ARCHIVE_MAX_META_BYTES + 131072);
    enum wg_status st = wg_file_read(&text, meta->tmp, WG_ARCHIVE_MAX_META_BYTES, err);
    const char *body = st == WG_OK ? body_of(text.p) : "";
    char *tmp = wg_stage_path(stage, "card");
    if (*body) {
        size_t n = text.len - (size_t)(body - text.p);
        wg_sha256_hex(body, n, hex);
        st = tmp ? wg_file_write(tmp, body, n, err) : wg_oom(err, "a path");
        if (st == WG_OK)
            st = stage_entry(b, meta, "README.md", tmp, hex, n, stage, err);
    }
    wg_free(tmp);
    wg_buf_release(&text);
    return st;
}

static enum wg_status stage_all(const struct box *b, struct wg_stage *stage, struct wg_err *err)
{
    bool card = false;

    for (size_t i = 0; i < b->n; i++) {
        const struct entry *e = &b->entries[i];
        if (!e->to)
            continue;
        WG_TRY(stage_entry(b, e, e->to, e->tmp, e->sha256, e->bytes, stage, err));
        card |= wg_role_of(e->to) == WG_ROLE_CARD;
    }
    return card || wg_stage_has(stage, "README.md") ? WG_OK : card_from_metadata(b, stage, err);
}

enum wg_status wg_archive_take(const char *path, const char *source, struct wg_stage *stage,
                               struct wg_err *err)
{
    struct box b = {.file = path, .name = wg_basename(path), .source = source};
    struct stat sb;

    if (stat(path, &sb) != 0)
        return wg_fail(err, WG_E_IO, "%s: cannot stat: %s", path, strerror(errno));
    b.packed_bytes = (uint64_t)sb.st_size;
    enum wg_status st = list_entries(&b, err);
    if (st == WG_OK)
        st = choose(&b, err);
    if (st == WG_OK)
        st = take_entries(&b, stage, err);
    if (st == WG_OK)
        st = check_record(&b, err);
    if (st == WG_OK)
        st = stage_all(&b, stage, err);
    release(&b);
    return st;
}
