/*
 * One file over HTTPS with libcurl: resumed by Range and If-Range, hashed while written, tried
 * again while bytes keep coming. The mark beside the file (NAME.json) holds the ETag and the length
 * of what the bytes in it are a part of; without a strong ETag nothing proves that, and a new start
 * is made. Redirects lead to https only.
 */
#include "package/fetch.h"

#include "base/file.h"
#include "base/fmt.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/limits.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
    ETAG_BYTES = 256,
    CONNECT_TIMEOUT_S = 30,
    STALL_TIMEOUT_S = 60, /* without a byte */
    FIRST_PAUSE_MS = 250,
    POLL_MS = 50,
};

struct transfer {
    struct wg_download *d;
    struct wg_err *err;
    enum wg_status st; /* of a callback that stopped the transfer */
    CURL *curl;
    char *url;  /* without its query, for messages */
    char *mark; /* path of the mark */
    int fd;
    uint64_t at; /* bytes in the file, all of them in the hash */
    uint64_t asked_at;
    struct wg_sha256 *hash;
    struct wg_progress progress;
    bool body; /* the first byte of this answer's body is through */
    bool gained;

    char etag[ETAG_BYTES];      /* of this answer */
    char kept_etag[ETAG_BYTES]; /* of the bytes in the file */
    uint64_t kept_total;        /* 0: unknown */
    uint64_t range_at, range_total, length;
};

static bool is_strong(const char *etag)
{
    return etag[0] == '"';
}

static enum wg_status io_fail(const struct transfer *t, const char *verb)
{
    return wg_fail(t->err, WG_E_IO, "%s: cannot %s: %s", t->d->path, verb, strerror(errno));
}

/* Starts the file anew. */
static enum wg_status rewind_file(struct transfer *t)
{
    if (ftruncate(t->fd, 0) != 0 || lseek(t->fd, 0, SEEK_SET) != 0)
        return io_fail(t, "truncate");
    wg_sha256_free(t->hash);
    t->hash = wg_sha256_new();
    t->at = 0;
    t->kept_etag[0] = '\0';
    t->kept_total = 0;
    return t->hash ? WG_OK : wg_oom(t->err, "a hash");
}

static void read_mark(struct transfer *t)
{
    struct wg_err ignored;
    json_t *doc = NULL;

    if (!wg_is_file(t->mark) || wg_json_load(t->mark, 65536, &doc, &ignored) != WG_OK)
        return;
    const char *etag = json_string_value(json_object_get(doc, "etag"));
    json_int_t total = json_integer_value(json_object_get(doc, "bytes"));
    if (etag && strlen(etag) < ETAG_BYTES && total >= 0) {
        snprintf(t->kept_etag, ETAG_BYTES, "%s", etag);
        t->kept_total = (uint64_t)total;
    }
    json_decref(doc);
}

static enum wg_status write_mark(struct transfer *t)
{
    struct wg_buf b;

    wg_buf_init(&b, 65536);
    json_t *doc = json_pack("{s:o, s:I}", "etag", wg_json_text(t->kept_etag, strlen(t->kept_etag)),
                            "bytes", (json_int_t)t->kept_total);
    enum wg_status st = wg_json_write(&b, doc, 0, t->err);
    if (st == WG_OK)
        st = wg_file_write(t->mark, b.p, b.len, t->err);
    json_decref(doc);
    wg_buf_release(&b);
    return st;
}

/* Opens the file and hashes what an earlier run left, when there is proof of what it is. */
static enum wg_status open_file(struct transfer *t)
{
    enum { BLOCK = 1 << 20 };
    enum wg_status st = WG_OK;

    t->fd = open(t->d->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (t->fd < 0)
        return io_fail(t, "open");
    read_mark(t);
    if (!is_strong(t->kept_etag) && !t->d->sha256)
        return rewind_file(t);
    char *block = wg_realloc(NULL, BLOCK, 1);
    t->hash = wg_sha256_new();
    if (!block || !t->hash)
        st = wg_oom(t->err, "a download");
    while (st == WG_OK) {
        ssize_t n = read(t->fd, block, BLOCK);
        if (n < 0)
            st = io_fail(t, "read");
        if (n <= 0)
            break;
        wg_sha256_add(t->hash, block, (size_t)n);
        t->at += (uint64_t)n;
    }
    wg_free(block);
    if (st == WG_OK && t->kept_total && t->at > t->kept_total)
        st = rewind_file(t);
    return st;
}

static bool header_is(const char *line, size_t n, const char *name, const char **value)
{
    size_t k = strlen(name);

    if (n <= k || strncasecmp(line, name, k) != 0 || line[k] != ':')
        return false;
    *value = line + k + 1 + strspn(line + k + 1, " \t");
    return true;
}

/* One header line; libcurl gives them whole, and those of every answer of a chain of redirects. */
static size_t on_header(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    char line[1024];
    const char *v;

    snprintf(line, sizeof line, "%.*s", (int)WG_MIN(n, sizeof line - 1), bytes);
    line[strcspn(line, "\r\n")] = '\0';
    if (strncmp(line, "HTTP/", 5) == 0) {
        t->etag[0] = '\0';
        t->range_at = t->range_total = t->length = 0;
    } else if (header_is(line, n, "ETag", &v) && strlen(v) < ETAG_BYTES) {
        snprintf(t->etag, ETAG_BYTES, "%s", v);
    } else if (header_is(line, n, "Content-Length", &v)) {
        t->length = strtoull(v, NULL, 10);
    } else if (header_is(line, n, "Content-Range", &v) && strncmp(v, "bytes ", 6) == 0) {
        const char *slash = strchr(v, '/');
        t->range_at = strtoull(v + 6, NULL, 10);
        t->range_total = slash ? strtoull(slash + 1, NULL, 10) : 0;
    }
    return n;
}

static enum wg_status check_room(const struct transfer *t, uint64_t total)
{
    struct statvfs fs;
    char need[WG_FMT_BYTES], have[WG_FMT_BYTES];

    if (total > WG_FETCH_MAX_BYTES)
        return wg_fail(t->err, WG_E_LIMIT, "%s: has %llu bytes, the limit is %llu", t->url,
                       (unsigned long long)total, (unsigned long long)WG_FETCH_MAX_BYTES);
    if (fstatvfs(t->fd, &fs) != 0)
        return WG_OK;
    uint64_t room = (uint64_t)fs.f_bavail * fs.f_frsize;
    if (total > t->at && total - t->at > room)
        return wg_fail(t->err, WG_E_IO, "%s: needs %s of disk space, %s is free at %s", t->url,
                       wg_fmt_bytes(need, total - t->at), wg_fmt_bytes(have, room), t->d->path);
    return WG_OK;
}

/* What the answer says about the bytes that now come. */
static enum wg_status begin_body(struct transfer *t, long code)
{
    uint64_t total = code == 206 ? t->range_total : t->length;

    if (code == 206 && t->range_at != t->asked_at)
        return wg_fail(t->err, WG_E_NET, "%s: the server sent bytes from %llu on, not from %llu",
                       t->url, (unsigned long long)t->range_at, (unsigned long long)t->asked_at);
    if (code == 200) {
        if (t->at > 0)
            wg_log(WG_LOG_INFO, "%s: the server starts anew", wg_basename(t->url));
        WG_TRY(rewind_file(t));
    }
    WG_TRY(check_room(t, total));
    snprintf(t->kept_etag, ETAG_BYTES, "%s", t->etag);
    t->kept_total = total;
    WG_TRY(write_mark(t));
    wg_progress_start(&t->progress, wg_basename(t->url), "B", t->at, total);
    t->body = true;
    return WG_OK;
}

static size_t on_body(char *bytes, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t n = size * count;
    long code = 0;

    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code != 200 && code != 206)
        return n; /* the text of an error page */
    if (!t->body)
        t->st = begin_body(t, code);
    if (t->st == WG_OK && n > WG_FETCH_MAX_BYTES - t->at)
        t->st = wg_fail(t->err, WG_E_LIMIT, "%s: is over the limit of %llu bytes", t->url,
                        (unsigned long long)WG_FETCH_MAX_BYTES);
    if (t->st == WG_OK)
        t->st = wg_write_all(t->fd, t->d->path, bytes, n, t->err);
    if (t->st != WG_OK)
        return 0;
    wg_sha256_add(t->hash, bytes, n);
    t->at += n;
    t->gained = true;
    wg_progress_at(&t->progress, t->at);
    return n;
}

static int on_tick(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)arg;
    (void)a;
    (void)b;
    (void)c;
    (void)d;
    return wg_interrupted() ? 1 : 0;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char line[ETAG_BYTES + 64];

    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(list, line);
    return longer ? longer : list;
}

/* Range with If-Range for the rest; or If-None-Match when everything is here already. */
static struct curl_slist *set_conditions(struct transfer *t)
{
    bool whole = t->kept_total && t->at == t->kept_total && is_strong(t->kept_etag);

    t->asked_at = t->at;
    curl_easy_setopt(t->curl, CURLOPT_RANGE, NULL);
    if (whole)
        return add_header(NULL, "If-None-Match", t->kept_etag);
    if (t->at > 0) {
        char range[64];
        snprintf(range, sizeof range, "%llu-", (unsigned long long)t->at);
        curl_easy_setopt(t->curl, CURLOPT_RANGE, range);
        return is_strong(t->kept_etag) ? add_header(NULL, "If-Range", t->kept_etag) : NULL;
    }
    if (t->d->known_etag && t->d->known_etag[0])
        return add_header(NULL, "If-None-Match", t->d->known_etag);
    return NULL;
}

static void set_options(struct transfer *t)
{
    CURL *c = t->curl;
    const char *first = strncmp(t->d->url, "http://", 7) == 0 ? "http" : "https";

    curl_easy_setopt(c, CURLOPT_URL, t->d->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, first);
    curl_easy_setopt(c, CURLOPT_REDIR_PROTOCOLS_STR, "https");
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(c, CURLOPT_MAXREDIRS, WG_FETCH_MAX_REDIRECTS);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "weigh/" WG_VERSION);
    curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)STALL_TIMEOUT_S);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, on_tick);
}

static enum wg_status explain_code(struct transfer *t, long code, bool *again)
{
    *again = code == 408 || code == 429 || code == 500 || code == 502 || code == 503 || code == 504;
    if (code == 404 || code == 410)
        return wg_fail(t->err, WG_E_NOT_FOUND, "%s: the server has no such file (HTTP %ld)", t->url,
                       code);
    if (code == 401 || code == 403)
        return wg_fail(t->err, WG_E_NET,
                       "%s: the server refuses it (HTTP %ld): it may want an account, or that its "
                       "terms are accepted; credentials are read from ~/.netrc",
                       t->url, code);
    return wg_fail(t->err, WG_E_NET, "%s: the server answered HTTP %ld", t->url, code);
}

static enum wg_status explain_curl(struct transfer *t, CURLcode cc, const char *text, bool *again)
{
    switch (cc) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
        *again = t->gained;
        break;
    case CURLE_PARTIAL_FILE:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2_STREAM:
        *again = true;
        break;
    case CURLE_UNSUPPORTED_PROTOCOL:
        return wg_fail(t->err, WG_E_INPUT, "%s: leads to an address that is not https", t->url);
    default:
        break;
    }
    return wg_fail(t->err, WG_E_NET, "%s: %s", t->url, text[0] ? text : curl_easy_strerror(cc));
}

/* One request. *again: it failed in a way that another try may mend. */
static enum wg_status attempt(struct transfer *t, bool *again)
{
    char text[CURL_ERROR_SIZE] = "";
    long code = 0;

    *again = false;
    t->body = false;
    t->st = WG_OK;
    struct curl_slist *headers = set_conditions(t);
    curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, text);
    CURLcode cc = curl_easy_perform(t->curl);
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, NULL);
    curl_slist_free_all(headers);
    if (t->body)
        wg_progress_end(&t->progress);
    if (t->st != WG_OK)
        return t->st;
    if (wg_interrupted())
        return wg_fail(t->err, WG_E_INTERRUPTED,
                       "interrupted; the same pull goes on from %llu bytes",
                       (unsigned long long)t->at);
    if (cc != CURLE_OK)
        return explain_curl(t, cc, text, again);
    if (code == 304) {
        t->d->unchanged = t->asked_at == 0;
        return WG_OK;
    }
    if (code == 416 && t->at > 0) { /* what is here is not a part of what the server has */
        *again = true;
        enum wg_status st = rewind_file(t);
        return st ? st : wg_fail(t->err, WG_E_NET, "%s: the server answered HTTP 416", t->url);
    }
    if (code != 200 && code != 206)
        return explain_code(t, code, again);
    return t->body ? WG_OK : begin_body(t, code); /* a file of no bytes */
}

static void pause_ms(long ms)
{
    struct timespec ts = {.tv_nsec = POLL_MS * 1000000L};

    for (; ms > 0 && !wg_interrupted(); ms -= POLL_MS)
        nanosleep(&ts, NULL);
}

static enum wg_status try_until_done(struct transfer *t)
{
    bool again = true;
    enum wg_status st = WG_E_NET;

    for (int tries = 0; again && tries < WG_FETCH_TRIES; tries++) {
        uint64_t before = t->at;
        if (tries > 0)
            pause_ms(FIRST_PAUSE_MS << tries);
        st = attempt(t, &again);
        if (st == WG_OK || !again)
            break;
        if (t->at > before)
            tries = 0;
        wg_log(WG_LOG_INFO, "%s: broken off at %llu bytes; trying again", wg_basename(t->url),
               (unsigned long long)t->at);
    }
    return st;
}

enum wg_status wg_http_download(struct wg_download *d, struct wg_err *err)
{
    struct transfer t = {.d = d, .err = err, .fd = -1, .curl = curl_easy_init()};
    struct wg_buf mark;
    enum wg_status st = WG_OK;

    wg_buf_init(&mark, WG_PKG_MAX_PATH_BYTES);
    wg_buf_addf(&mark, "%s.json", d->path);
    t.mark = mark.p;
    t.url = wg_strndup(d->url, strcspn(d->url, "?"));
    if (!t.curl || !t.url || mark.failed)
        st = wg_oom(err, "a download");
    if (st == WG_OK)
        st = open_file(&t);
    if (st == WG_OK) {
        set_options(&t);
        st = try_until_done(&t);
    }
    if (st == WG_OK) {
        wg_sha256_finish(t.hash, d->got_sha256);
        t.hash = NULL;
        d->got_bytes = t.at;
        d->got_etag = wg_strdup(t.kept_etag);
        if (!d->got_etag)
            st = wg_oom(err, "a download");
    }
    if (st != WG_OK && t.at == 0 && t.fd >= 0) { /* nothing to go on from */
        unlink(d->path);
        unlink(t.mark);
    }
    wg_sha256_free(t.hash);
    if (t.fd >= 0 && close(t.fd) != 0 && st == WG_OK)
        st = io_fail(&t, "write");
    curl_easy_cleanup(t.curl);
    wg_free(t.url);
    wg_buf_release(&mark);
    return st;
}
