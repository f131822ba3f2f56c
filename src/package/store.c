/* The catalogue of the store: SQLite, transactions, queries. Blobs are store_blob.c's. */
#include "package/store.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/near.h"
#include "package/limits.h"
#include "package/store_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { SCHEMA_VERSION = 1, BUSY_TIMEOUT_MS = 30000 };

static const char schema[] = "CREATE TABLE model ("
                             "  id INTEGER PRIMARY KEY,"
                             "  name TEXT NOT NULL UNIQUE,"
                             "  ref TEXT NOT NULL,"
                             "  added_at INTEGER NOT NULL);"
                             "CREATE TABLE file ("
                             "  model_id INTEGER NOT NULL REFERENCES model(id) ON DELETE CASCADE,"
                             "  path TEXT NOT NULL,"
                             "  role TEXT NOT NULL,"
                             "  sha256 TEXT NOT NULL,"
                             "  bytes INTEGER NOT NULL,"
                             "  source TEXT NOT NULL,"
                             "  etag TEXT NOT NULL,"
                             "  PRIMARY KEY (model_id, path));"
                             "CREATE INDEX file_sha256 ON file (sha256);"
                             "CREATE INDEX model_ref ON model (ref);"
                             "PRAGMA user_version = 1;";

enum wg_status wg_store_home(char **out, struct wg_err *err)
{
    const char *home = getenv("WEIGH_HOME"), *data = getenv("XDG_DATA_HOME"),
               *user = getenv("HOME");

    if (home && home[0])
        *out = wg_strdup(home);
    else if (data && data[0] == '/') /* the XDG specification ignores relative paths */
        *out = wg_path_join(data, "weigh");
    else if (user && user[0])
        *out = wg_path_join(user, ".local/share/weigh");
    else
        return wg_fail(err, WG_E_USAGE,
                       "there is no home folder: set WEIGH_HOME to the folder "
                       "that the store shall use");
    return *out ? WG_OK : wg_oom(err, "a path");
}

enum wg_status wg_store_sql_fail(struct wg_store *s, struct wg_err *err)
{
    int code = sqlite3_errcode(s->db) & 0xff;
    enum wg_status st = code == SQLITE_BUSY || code == SQLITE_LOCKED      ? WG_E_BUSY
                        : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? WG_E_INPUT
                        : code == SQLITE_NOMEM                            ? WG_E_OOM
                                                                          : WG_E_IO;
    return wg_fail(err, st, "%s/catalogue.db: %s", s->folder, sqlite3_errmsg(s->db));
}

static enum wg_status run_sql(struct wg_store *s, const char *sql, struct wg_err *err)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? WG_OK
                                                                   : wg_store_sql_fail(s, err);
}

static void roll_back(struct wg_store *s)
{
    sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

enum wg_status wg_store_prepare(struct wg_store *s, const char *sql, sqlite3_stmt **q,
                                struct wg_err *err)
{
    return sqlite3_prepare_v2(s->db, sql, -1, q, NULL) == SQLITE_OK ? WG_OK
                                                                    : wg_store_sql_fail(s, err);
}

static void bind_text(sqlite3_stmt *q, int column, const char *s)
{
    sqlite3_bind_text(q, column, s, -1, SQLITE_TRANSIENT);
}

static char *text_at(sqlite3_stmt *q, int column)
{
    const unsigned char *s = sqlite3_column_text(q, column);
    return wg_strdup(s ? (const char *)s : "");
}

/* "file:PATH?immutable=1": reads a catalogue on a file system that nobody can write to. */
static char *immutable_uri(const char *path)
{
    struct wg_buf b;

    wg_buf_init(&b, 3 * WG_PKG_MAX_PATH_BYTES);
    wg_buf_adds(&b, "file:");
    for (const char *p = path; *p; p++)
        if (strchr("%?#", *p))
            wg_buf_addf(&b, "%%%02X", (unsigned char)*p);
        else
            wg_buf_addc(&b, *p);
    wg_buf_adds(&b, "?immutable=1");
    char *uri = b.failed ? NULL : wg_buf_detach(&b);
    wg_buf_release(&b);
    return uri;
}

static bool has_log(const char *path)
{
    char wal[WG_PKG_MAX_PATH_BYTES];
    struct stat sb;

    snprintf(wal, sizeof wal, "%s-wal", path);
    return stat(wal, &sb) == 0 && sb.st_size > 0;
}

static int user_version(struct wg_store *s)
{
    sqlite3_stmt *q = NULL;
    int v = -1;

    if (sqlite3_prepare_v2(s->db, "PRAGMA user_version", -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW)
        v = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    return v;
}

static enum wg_status connect_existing(struct wg_store *s, const char *path, struct wg_err *err)
{
    /* Writable where that is allowed, so that the last one to close tidies the WAL away. */
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
        return wg_store_sql_fail(s, err);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    if (user_version(s) >= 0)
        return WG_OK;
    int code = sqlite3_errcode(s->db) & 0xff;
    if (code != SQLITE_CANTOPEN && code != SQLITE_READONLY)
        return wg_store_sql_fail(s, err);
    /* WAL needs a writable folder even to read. Without its log the file alone is the catalogue. */
    if (has_log(path))
        return wg_fail(err, WG_E_IO,
                       "%s: was not closed properly: let its owner run weigh list once", path);
    char *uri = immutable_uri(path);
    if (!uri)
        return wg_oom(err, "a path");
    sqlite3_close(s->db);
    s->db = NULL;
    code = sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    wg_free(uri);
    return code == SQLITE_OK ? WG_OK : wg_store_sql_fail(s, err);
}

static enum wg_status make_schema(struct wg_store *s, struct wg_err *err)
{
    WG_TRY(run_sql(s, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE", err));
    enum wg_status st = user_version(s) == 0 ? run_sql(s, schema, err) : WG_OK;
    if (st == WG_OK)
        st = run_sql(s, "COMMIT", err);
    if (st != WG_OK)
        roll_back(s);
    return st;
}

static enum wg_status connect_writable(struct wg_store *s, const char *path, struct wg_err *err)
{
    if (sqlite3_open_v2(path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) !=
        SQLITE_OK)
        return wg_store_sql_fail(s, err);
    sqlite3_busy_timeout(s->db, BUSY_TIMEOUT_MS);
    WG_TRY(run_sql(s, "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", err));
    if (user_version(s) != 0)
        return WG_OK;
    /* A change to WAL does not wait for other connections, so only one process makes it. */
    int lock = wg_store_lock(s, true, err);
    if (lock < 0)
        return err ? err->status : WG_E_IO;
    enum wg_status st = make_schema(s, err);
    close(lock);
    return st;
}

static enum wg_status connect(struct wg_store *s, bool create, struct wg_err *err)
{
    char *path = wg_path_join(s->folder, "catalogue.db");
    enum wg_status st;

    if (!path)
        return wg_oom(err, "a path");
    if (create)
        st = connect_writable(s, path, err);
    else if (!wg_is_file(path))
        st = wg_fail(err, WG_E_NOT_FOUND, "there is no store at %s yet; weigh pull fetches a model",
                     s->folder);
    else
        st = connect_existing(s, path, err);
    wg_free(path);
    WG_TRY(st);
    int version = user_version(s);
    if (version < 0)
        return wg_store_sql_fail(s, err);
    if (version == 0) /* another process is just making it */
        return wg_fail(err, WG_E_NOT_FOUND, "the store at %s is empty; weigh pull fetches a model",
                       s->folder);
    if (version != SCHEMA_VERSION)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s/catalogue.db: has schema %d, this weigh knows %d: use the weigh that "
                       "wrote it, or a newer one",
                       s->folder, version, SCHEMA_VERSION);
    return WG_OK;
}

enum wg_status wg_store_open(bool create, struct wg_store **out, struct wg_err *err)
{
    struct wg_store *s = wg_calloc(1, sizeof *s);
    enum wg_status st = s ? wg_store_home(&s->folder, err) : wg_oom(err, "the store");

    if (st == WG_OK && create)
        st = wg_mkdirs(s->folder, err);
    if (st == WG_OK)
        st = connect(s, create, err);
    if (st != WG_OK) {
        wg_store_close(s);
        return st;
    }
    *out = s;
    return WG_OK;
}

void wg_store_close(struct wg_store *s)
{
    if (!s)
        return;
    sqlite3_close(s->db);
    wg_free(s->folder);
    wg_free(s);
}

const char *wg_store_folder(const struct wg_store *s)
{
    return s->folder;
}

void wg_store_model_free(struct wg_store_model *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n_files; i++) {
        wg_free(m->files[i].path);
        wg_free(m->files[i].source);
        wg_free(m->files[i].etag);
    }
    wg_free(m->files);
    wg_free(m->name);
    wg_free(m->ref);
    wg_free(m);
}

void wg_store_models_free(struct wg_store_model **models, size_t n)
{
    for (size_t i = 0; i < n; i++)
        wg_store_model_free(models[i]);
    wg_free(models);
}

static enum wg_role role_named(const char *name)
{
    for (int r = 0; r < WG_ROLE_OTHER; r++)
        if (strcmp(wg_role_name((enum wg_role)r), name) == 0)
            return (enum wg_role)r;
    return WG_ROLE_OTHER;
}

static enum wg_status add_file_row(struct wg_store_model *m, sqlite3_stmt *q, struct wg_err *err)
{
    struct wg_store_file *files = wg_realloc(m->files, m->n_files + 1, sizeof *files);

    if (!files)
        return wg_oom(err, "a list of files");
    m->files = files;
    struct wg_store_file *f = &files[m->n_files++];
    const char *role = (const char *)sqlite3_column_text(q, 1);
    const char *sha = (const char *)sqlite3_column_text(q, 2);
    *f = (struct wg_store_file){.path = text_at(q, 0),
                                .role = role_named(role ? role : ""),
                                .bytes = (uint64_t)sqlite3_column_int64(q, 3),
                                .source = text_at(q, 4),
                                .etag = text_at(q, 5)};
    if (!f->path || !f->source || !f->etag)
        return wg_oom(err, "a list of files");
    /* The hash becomes a path of the file system, so it is held to its form. */
    if (!sha || strlen(sha) != WG_SHA256_HEX - 1 ||
        strspn(sha, "0123456789abcdef") != WG_SHA256_HEX - 1)
        return wg_fail(err, WG_E_INPUT,
                       "the catalogue of the store is damaged: \"%s\" of model "
                       "\"%s\" has no valid hash",
                       f->path, m->name);
    memcpy(f->sha256, sha, WG_SHA256_HEX);
    return WG_OK;
}

/* The row of `q` (id, name, ref, added_at) and its files. */
static enum wg_status read_model(struct wg_store *s, sqlite3_stmt *q, struct wg_store_model **out,
                                 struct wg_err *err)
{
    struct wg_store_model *m = wg_calloc(1, sizeof *m);
    sqlite3_stmt *fq = NULL;
    int code = SQLITE_DONE;

    if (m) {
        m->name = text_at(q, 1);
        m->ref = text_at(q, 2);
        m->added_at = sqlite3_column_int64(q, 3);
    }
    enum wg_status st = m && m->name && m->ref ? WG_OK : wg_oom(err, "a model of the store");
    if (st == WG_OK)
        st = wg_store_prepare(s,
                              "SELECT path, role, sha256, bytes, source, etag FROM file "
                              "WHERE model_id = ? ORDER BY path",
                              &fq, err);
    if (st == WG_OK)
        sqlite3_bind_int64(fq, 1, sqlite3_column_int64(q, 0));
    while (st == WG_OK && (code = sqlite3_step(fq)) == SQLITE_ROW)
        st = add_file_row(m, fq, err);
    if (st == WG_OK && code != SQLITE_DONE)
        st = wg_store_sql_fail(s, err);
    sqlite3_finalize(fq);
    if (st != WG_OK) {
        wg_store_model_free(m);
        return st;
    }
    *out = m;
    return WG_OK;
}

static enum wg_status read_models(struct wg_store *s, sqlite3_stmt *q, struct wg_store_model ***out,
                                  size_t *n, struct wg_err *err)
{
    enum wg_status st = WG_OK;
    int code = SQLITE_DONE;

    *out = NULL;
    *n = 0;
    while (st == WG_OK && (code = sqlite3_step(q)) == SQLITE_ROW) {
        struct wg_store_model **list = wg_realloc(*out, *n + 1, sizeof(struct wg_store_model *));
        if (!list) {
            st = wg_oom(err, "a list of models");
            break;
        }
        *out = list;
        st = read_model(s, q, &list[*n], err);
        *n += st == WG_OK;
    }
    if (st == WG_OK && code != SQLITE_DONE)
        st = wg_store_sql_fail(s, err);
    if (st != WG_OK) {
        wg_store_models_free(*out, *n);
        *out = NULL;
        *n = 0;
    }
    return st;
}

enum wg_status wg_store_list(struct wg_store *s, struct wg_store_model ***out, size_t *n,
                             struct wg_err *err)
{
    sqlite3_stmt *q = NULL;

    WG_TRY(wg_store_prepare(s, "SELECT id, name, ref, added_at FROM model ORDER BY name", &q, err));
    enum wg_status st = read_models(s, q, out, n, err);
    sqlite3_finalize(q);
    return st;
}

enum { SUGGESTIONS = 3 };

/* "\"a\", \"b\" or \"c\"": the nearest names, or all when there are few. */
static void suggest(struct wg_store *s, const char *asked, struct wg_buf *b)
{
    const char *best[SUGGESTIONS] = {0};
    size_t near[SUGGESTIONS], n = 0, models_n = 0;
    struct wg_store_model **models = NULL;
    struct wg_err ignored;

    if (wg_store_list(s, &models, &models_n, &ignored) != WG_OK)
        return;
    for (size_t i = 0; i < models_n; i++) {
        size_t d = wg_near(asked, models[i]->name), at = n;
        if (d == SIZE_MAX)
            continue;
        while (at > 0 && near[at - 1] > d)
            at--;
        if (at >= SUGGESTIONS)
            continue;
        n += n < SUGGESTIONS;
        for (size_t k = n - 1; k > at; k--) {
            best[k] = best[k - 1];
            near[k] = near[k - 1];
        }
        best[at] = models[i]->name;
        near[at] = d;
    }
    for (size_t i = 0; i < n; i++)
        wg_buf_addf(b, "%s\"%s\"", i == 0 ? "; near it: " : ", ", best[i]);
    if (n == 0 && models_n > 0 && models_n <= SUGGESTIONS)
        for (size_t i = 0; i < models_n; i++)
            wg_buf_addf(b, "%s\"%s\"", i == 0 ? "; in the store: " : ", ", models[i]->name);
    else if (n == 0 && models_n > 0)
        wg_buf_adds(b, "; weigh list shows what is there");
    wg_store_models_free(models, models_n);
}

enum wg_status wg_store_find(struct wg_store *s, const char *name, struct wg_store_model **out,
                             struct wg_err *err)
{
    sqlite3_stmt *q = NULL;
    struct wg_store_model **models = NULL;
    size_t n = 0;

    WG_TRY(wg_store_prepare(s,
                            "SELECT id, name, ref, added_at FROM model "
                            "WHERE name = ?1 OR ref = ?1 "
                            "ORDER BY name = ?1 DESC, added_at DESC, id DESC LIMIT 1",
                            &q, err));
    bind_text(q, 1, name);
    enum wg_status st = read_models(s, q, &models, &n, err);
    sqlite3_finalize(q);
    WG_TRY(st);
    if (n == 1) {
        *out = models[0];
        wg_free(models);
        return WG_OK;
    }
    struct wg_buf b;
    wg_buf_init(&b, 512);
    suggest(s, name, &b);
    st = wg_fail(err, WG_E_NOT_FOUND, "there is no model \"%s\" in the store%s", name,
                 b.p ? b.p : "");
    wg_buf_release(&b);
    return st;
}

static bool same_files(const struct wg_store_model *m, const struct wg_store_file *files, size_t n)
{
    size_t same = 0;

    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < m->n_files; k++)
            same += strcmp(m->files[k].path, files[i].path) == 0 &&
                    strcmp(m->files[k].sha256, files[i].sha256) == 0;
    return same == n && n == m->n_files;
}

/* Whether `name` may be taken by this model: nobody has it, or an earlier state of the same. */
static enum wg_status name_is_ours(struct wg_store *s, const char *name, const char *ref,
                                   const struct wg_store_file *files, size_t n, bool *ours,
                                   char **other_ref, struct wg_err *err)
{
    struct wg_store_model *m = NULL;
    struct wg_err ignored;
    enum wg_status st = wg_store_find(s, name, &m, &ignored);

    *ours = st == WG_E_NOT_FOUND;
    if (st == WG_OK)
        *ours = strcmp(m->name, name) != 0 || strcmp(m->ref, ref) == 0 || same_files(m, files, n);
    else if (st != WG_E_NOT_FOUND)
        return wg_fail(err, st, "%s", ignored.msg);
    if (!*ours && other_ref)
        *other_ref = wg_strdup(m->ref);
    wg_store_model_free(m);
    return WG_OK;
}

static enum wg_status choose_name(struct wg_store *s, const char *fallback, const char *ref,
                                  const struct wg_store_file *files, size_t n,
                                  char out[WG_STORE_NAME_BYTES], struct wg_err *err)
{
    const struct wg_store_file *w = &files[0];
    bool ours = false;

    for (size_t i = n; i-- > 0;)
        if (files[i].role == WG_ROLE_WEIGHTS)
            w = &files[i];
    for (int attempt = 0; attempt < WG_STORE_NAME_ATTEMPTS && !ours; attempt++) {
        wg_store_name(out, w->path, fallback, w->sha256, attempt);
        WG_TRY(name_is_ours(s, out, ref, files, n, &ours, NULL, err));
    }
    return ours ? WG_OK
                : wg_fail(err, WG_E_FAILED,
                          "the name \"%s\" is taken by another model; choose one "
                          "with --name",
                          out);
}

static enum wg_status insert_file(struct wg_store *s, int64_t id, const struct wg_store_file *f,
                                  struct wg_err *err)
{
    sqlite3_stmt *q = NULL;

    WG_TRY(wg_store_prepare(s,
                            "INSERT INTO file (model_id, path, role, sha256, bytes, source, "
                            "etag) VALUES (?, ?, ?, ?, ?, ?, ?)",
                            &q, err));
    sqlite3_bind_int64(q, 1, id);
    bind_text(q, 2, f->path);
    bind_text(q, 3, wg_role_name(f->role));
    bind_text(q, 4, f->sha256);
    sqlite3_bind_int64(q, 5, (int64_t)f->bytes);
    bind_text(q, 6, f->source);
    bind_text(q, 7, f->etag ? f->etag : "");
    enum wg_status st = sqlite3_step(q) == SQLITE_DONE ? WG_OK : wg_store_sql_fail(s, err);
    sqlite3_finalize(q);
    return st;
}

enum wg_status wg_store_delete_row(struct wg_store *s, const char *name, struct wg_err *err)
{
    sqlite3_stmt *q = NULL;

    WG_TRY(wg_store_prepare(s, "DELETE FROM model WHERE name = ?", &q, err));
    bind_text(q, 1, name);
    enum wg_status st = sqlite3_step(q) == SQLITE_DONE ? WG_OK : wg_store_sql_fail(s, err);
    sqlite3_finalize(q);
    return st;
}

static enum wg_status insert_model(struct wg_store *s, const char *name, const char *ref,
                                   const struct wg_store_file *files, size_t n, struct wg_err *err)
{
    sqlite3_stmt *q = NULL;

    WG_TRY(wg_store_delete_row(s, name, err));
    WG_TRY(
        wg_store_prepare(s, "INSERT INTO model (name, ref, added_at) VALUES (?, ?, ?)", &q, err));
    bind_text(q, 1, name);
    bind_text(q, 2, ref);
    sqlite3_bind_int64(q, 3, (int64_t)time(NULL));
    enum wg_status st = sqlite3_step(q) == SQLITE_DONE ? WG_OK : wg_store_sql_fail(s, err);
    sqlite3_finalize(q);
    int64_t id = sqlite3_last_insert_rowid(s->db);
    for (size_t i = 0; i < n && st == WG_OK; i++)
        st = insert_file(s, id, &files[i], err);
    return st;
}

static enum wg_status add_in_transaction(struct wg_store *s, const char *name, const char *fallback,
                                         const char *ref, const struct wg_store_file *files,
                                         size_t n, char chosen[WG_STORE_NAME_BYTES],
                                         struct wg_err *err)
{
    bool ours = true;
    char *other = NULL;

    if (!name)
        WG_TRY(choose_name(s, fallback, ref, files, n, chosen, err));
    else {
        snprintf(chosen, WG_STORE_NAME_BYTES, "%s", name);
        WG_TRY(name_is_ours(s, name, ref, files, n, &ours, &other, err));
    }
    if (!ours) {
        enum wg_status st = wg_fail(err, WG_E_FAILED,
                                    "the name \"%s\" belongs to %s: choose another, or remove that "
                                    "one first with weigh rm %s",
                                    name, other ? other : "another model", name);
        wg_free(other);
        return st;
    }
    return insert_model(s, chosen, ref, files, n, err);
}

enum wg_status wg_store_add(struct wg_store *s, const char *name, const char *fallback,
                            const char *ref, const struct wg_store_file *files, size_t n_files,
                            struct wg_store_model **out, struct wg_err *err)
{
    char chosen[WG_STORE_NAME_BYTES] = "";

    WG_TRY(run_sql(s, "BEGIN IMMEDIATE", err));
    enum wg_status st = add_in_transaction(s, name, fallback, ref, files, n_files, chosen, err);
    if (st == WG_OK)
        st = run_sql(s, "COMMIT", err);
    if (st != WG_OK) {
        roll_back(s);
        return st;
    }
    return wg_store_find(s, chosen, out, err);
}
