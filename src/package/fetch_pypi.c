/*
 * pypi: references, through pip as a child process: it knows indexes, proxies, credentials and
 * mirrors as the user configured them, and checks the hashes that the index gives. Wheels only:
 * to look at a source package pip would run the code in it.
 */
#include "package/fetch.h"

#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/archive.h"
#include "package/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SAID_BYTES = 64 * 1024, POLL_MS = 100 };

struct child {
    pid_t pid;
    int err_fd; /* its stderr */
};

/* The environment with TMPDIR=tmp: what a killed pip leaves lies in the stage. The array and its
 * last entry are the caller's to free. */
static char **child_environ(const char *tmp)
{
    size_t n = 0, k = 0;
    char *own = NULL;

    while (environ[n])
        n++;
    char **env = wg_calloc(n + 2, sizeof *env);
    if (!env)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (strncmp(environ[i], "TMPDIR=", 7) != 0)
            env[k++] = environ[i];
    size_t bytes = strlen(tmp) + sizeof "TMPDIR=";
    own = wg_calloc(bytes, 1);
    if (!own) {
        wg_free(env);
        return NULL;
    }
    snprintf(own, bytes, "TMPDIR=%s", tmp);
    env[k] = own;
    return env;
}

static void free_environ(char **env)
{
    size_t n = 0;

    if (!env)
        return;
    while (env[n])
        n++;
    wg_free(env[n - 1]);
    wg_free(env);
}

static int set_actions(posix_spawn_file_actions_t *fa, const char *tmp, int err_write)
{
    bool show = wg_log_enabled(WG_LOG_INFO) && isatty(STDERR_FILENO) == 1;
    int code = posix_spawn_file_actions_addopen(fa, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

    if (!code && show) /* its progress bar; stdout itself is data */
        code = posix_spawn_file_actions_adddup2(fa, STDERR_FILENO, STDOUT_FILENO);
    else if (!code)
        code = posix_spawn_file_actions_addopen(fa, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    if (!code)
        code = posix_spawn_file_actions_adddup2(fa, err_write, STDERR_FILENO);
    /* python -m looks for modules in the current folder first, which may be anybody's. */
    return code ? code : posix_spawn_file_actions_addchdir_np(fa, tmp);
}

static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t defaults;
    int code;

    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    code = posix_spawnattr_setsigdefault(attr, &defaults);
    return code ? code : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGDEF);
}

static enum wg_status start(struct child *c, char *const argv[], const char *tmp,
                            struct wg_err *err)
{
    posix_spawn_file_actions_t fa;
    posix_spawnattr_t attr;
    int ends[2], code;
    char **env = child_environ(tmp);

    if (!env)
        return wg_oom(err, "a child process");
    if (pipe2(ends, O_CLOEXEC) != 0) {
        free_environ(env);
        return wg_fail(err, WG_E_IO, "cannot make a pipe: %s", strerror(errno));
    }
    posix_spawn_file_actions_init(&fa);
    posix_spawnattr_init(&attr);
    code = set_actions(&fa, tmp, ends[1]);
    if (!code)
        code = set_signals(&attr);
    if (!code)
        code = posix_spawnp(&c->pid, argv[0], &fa, &attr, argv, env);
    posix_spawn_file_actions_destroy(&fa);
    posix_spawnattr_destroy(&attr);
    free_environ(env);
    close(ends[1]);
    c->err_fd = ends[0];
    if (!code)
        return WG_OK;
    close(ends[0]);
    return wg_fail(err, WG_E_FAILED,
                   "cannot start %s (%s): pypi: references need Python 3 with pip; on Debian: "
                   "apt install python3-pip",
                   argv[0], strerror(code));
}

/* Reads what it says until it ends; *exit_code is its own, or 128 and the signal. */
static enum wg_status finish(struct child *c, struct wg_buf *said, int *exit_code,
                             struct wg_err *err)
{
    bool stopped = false, open = true;
    int status = 0;

    while (open) {
        struct pollfd p = {.fd = c->err_fd, .events = POLLIN};
        char block[4096];
        if (wg_interrupted() && !stopped) {
            kill(c->pid, SIGTERM);
            stopped = true;
        }
        if (poll(&p, 1, POLL_MS) <= 0)
            continue;
        ssize_t n = read(c->err_fd, block, sizeof block);
        if (n > 0 && said->len + (size_t)n < SAID_BYTES)
            wg_buf_add(said, block, (size_t)n);
        open = n > 0 || (n < 0 && errno == EINTR);
    }
    close(c->err_fd);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        ;
    *exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return wg_interrupted() ? wg_fail(err, WG_E_INTERRUPTED, "interrupted") : WG_OK;
}

/* The last line that says ERROR, else the last line. Writes NULs into `said`. */
static const char *last_error(char *said)
{
    const char *last = "it said nothing", *error = NULL;

    for (char *line = said; line && *line;) {
        char *end = line + strcspn(line, "\n"), *next = *end ? end + 1 : end;
        *end = '\0';
        if (line[0])
            last = line;
        if (strncmp(line, "ERROR: ", 7) == 0)
            error = line + 7;
        line = next;
    }
    return error ? error : last;
}

static enum wg_status explain(const struct wg_ref *ref, struct wg_buf *said, int exit_code,
                              struct wg_err *err)
{
    char *text = said->p ? said->p : (char[]){""};

    if (strstr(text, "No module named pip"))
        return wg_fail(err, WG_E_FAILED,
                       "%s: this Python has no pip; on Debian: apt install "
                       "python3-pip",
                       ref->text);
    if (strstr(text, "No matching distribution") || strstr(text, "Could not find a version"))
        return wg_fail(err, WG_E_NOT_FOUND,
                       "%s: the package index has no such package, version or wheel for this "
                       "machine (source packages are not taken: they run code when they are "
                       "fetched); pip says: %.300s",
                       ref->text, last_error(text));
    if (strstr(text, "DO NOT MATCH THE HASHES"))
        return wg_fail(err, WG_E_INPUT,
                       "%s: what came is not what the package index promised: its "
                       "hash differs",
                       ref->text);
    if (strstr(text, "No space left"))
        return wg_fail(err, WG_E_IO, "%s: there is no space left for it", ref->text);
    return wg_fail(err, WG_E_NET, "%s: pip failed (%d): %.400s", ref->text, exit_code,
                   last_error(text));
}

static enum wg_status run_pip(const struct wg_ref *ref, const char *dest, const char *tmp,
                              struct wg_err *err)
{
    const char *python = getenv("WEIGH_PYTHON");
    char *want = wg_strdup(ref->text + sizeof "pypi:" - 1);
    struct child c = {.err_fd = -1};
    struct wg_buf said;
    int exit_code = 0;

    if (!want)
        return wg_oom(err, "a child process");
    char *const argv[] = {python && python[0] ? (char *)python : (char[]){"python3"},
                          (char[]){"-m"},
                          (char[]){"pip"},
                          (char[]){"download"},
                          (char[]){"--no-deps"},
                          (char[]){"--only-binary=:all:"},
                          (char[]){"--no-cache-dir"},
                          (char[]){"--disable-pip-version-check"},
                          (char[]){"--no-input"},
                          (char[]){"--dest"},
                          (char *)dest,
                          want,
                          NULL};
    wg_log(WG_LOG_INFO, "pip fetches %s", want);
    wg_buf_init(&said, SAID_BYTES + 1);
    enum wg_status st = start(&c, argv, tmp, err);
    if (st == WG_OK)
        st = finish(&c, &said, &exit_code, err);
    if (st == WG_OK && exit_code != 0)
        st = explain(ref, &said, exit_code, err);
    wg_buf_release(&said);
    wg_free(want);
    return st;
}

static enum wg_status find_wheel(const struct wg_ref *ref, const char *dir, char **out,
                                 struct wg_err *err)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    *out = NULL;
    while (d && !*out && (e = readdir(d)) != NULL)
        if (wg_has_suffix(e->d_name, ".whl"))
            *out = wg_path_join(dir, e->d_name);
    if (d)
        closedir(d);
    return *out ? WG_OK : wg_fail(err, WG_E_FAILED, "%s: pip brought no wheel", ref->text);
}

/* A wheel that an earlier run finished, with the hash that it had then, or NULL. */
static char *kept_wheel(const char *mark, const char *dir)
{
    char hex[WG_SHA256_HEX];
    json_t *doc = NULL;
    char *path = NULL;
    struct wg_err ignored;

    if (!wg_is_file(mark) || wg_json_load(mark, 65536, &doc, &ignored) != WG_OK)
        return NULL;
    const char *file = json_string_value(json_object_get(doc, "file"));
    const char *sha = json_string_value(json_object_get(doc, "sha256"));
    if (file && sha && !strchr(file, '/'))
        path = wg_path_join(dir, file);
    if (path && (wg_sha256_file(path, hex, NULL, &ignored) != WG_OK || strcmp(hex, sha) != 0)) {
        wg_free(path);
        path = NULL;
    }
    json_decref(doc);
    return path;
}

static enum wg_status write_mark(const char *mark, const char *wheel, struct wg_err *err)
{
    char hex[WG_SHA256_HEX];
    struct wg_buf b;

    WG_TRY(wg_sha256_file(wheel, hex, NULL, err));
    wg_buf_init(&b, 65536);
    json_t *doc = json_pack("{s:s, s:s}", "file", wg_basename(wheel), "sha256", hex);
    enum wg_status st = wg_json_write(&b, doc, 0, err);
    if (st == WG_OK)
        st = wg_file_write(mark, b.p, b.len, err);
    json_decref(doc);
    wg_buf_release(&b);
    return st;
}

static enum wg_status fresh_folder(const char *dir, struct wg_err *err)
{
    if (wg_is_dir(dir))
        WG_TRY(wg_rmtree(dir, err));
    return wg_mkdirs(dir, err);
}

static void remove_folder(const char *dir)
{
    struct wg_err why;

    if (wg_is_dir(dir) && wg_rmtree(dir, &why) != WG_OK)
        wg_log(WG_LOG_DEBUG, "%s", why.msg);
}

static enum wg_status download_wheel(const struct wg_ref *ref, const char *mark, const char *dir,
                                     const char *tmp, char **wheel, struct wg_err *err)
{
    enum wg_status st = fresh_folder(dir, err);

    if (st == WG_OK)
        st = fresh_folder(tmp, err);
    if (st == WG_OK)
        st = run_pip(ref, dir, tmp, err);
    if (st == WG_OK)
        st = find_wheel(ref, dir, wheel, err);
    if (st == WG_OK)
        st = write_mark(mark, *wheel, err);
    remove_folder(tmp);
    if (st != WG_OK) /* pip cannot go on from what it has */
        remove_folder(dir);
    return st;
}

static enum wg_status get_wheel(const struct wg_ref *ref, const struct wg_stage *stage,
                                char **wheel, struct wg_err *err)
{
    char *mark = wg_stage_path(stage, "wheel.json"), *dir = wg_stage_path(stage, "wheel");
    char *tmp = wg_stage_path(stage, "tmp");
    enum wg_status st = WG_OK;

    *wheel = NULL;
    if (!mark || !dir || !tmp)
        st = wg_oom(err, "a path");
    else if ((*wheel = kept_wheel(mark, dir)) != NULL)
        wg_log(WG_LOG_INFO, "going on with the wheel of the interrupted pull");
    else
        st = download_wheel(ref, mark, dir, tmp, wheel, err);
    wg_free(mark);
    wg_free(dir);
    wg_free(tmp);
    return st;
}

/* "pypi:NAME==VERSION" with the version that came: the second part of a wheel's name (PEP 427). */
static enum wg_status exact_source(const struct wg_ref *ref, const char *wheel, struct wg_buf *b,
                                   struct wg_err *err)
{
    const char *version = strchr(wg_basename(wheel), '-');

    wg_buf_addf(b, "pypi:%s", ref->package);
    if (version)
        wg_buf_addf(b, "==%.*s", (int)strcspn(version + 1, "-"), version + 1);
    return wg_buf_check(b, "a source", err);
}

enum wg_status wg_fetch_pypi(const struct wg_ref *ref, struct wg_stage *stage, struct wg_err *err)
{
    char *wheel = NULL;
    struct wg_buf source;

    wg_buf_init(&source, WG_PKG_MAX_PATH_BYTES);
    enum wg_status st = get_wheel(ref, stage, &wheel, err);
    if (st == WG_OK)
        st = exact_source(ref, wheel, &source, err);
    if (st == WG_OK)
        st = wg_archive_take(wheel, source.p, stage, err);
    wg_buf_release(&source);
    wg_free(wheel);
    return st;
}
