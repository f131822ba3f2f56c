/* text/jinja: the fixtures that Python's jinja2 made, limits, failures, and what is not supported.
 */
#include "text/jinja/jinja.h"

#include "base/log.h"
#include "base/mem.h"
#include "text/chat.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static enum wg_status render(const char *source, const json_t *vars,
                             const struct wg_jinja_limits *limits, struct wg_buf *out,
                             struct wg_err *err)
{
    struct wg_jinja *t = NULL;
    enum wg_status st = wg_jinja_compile(source, strlen(source), "t", &t, err);

    if (st == WG_OK)
        st = wg_jinja_render(t, vars, limits, out, err);
    wg_jinja_free(t);
    return st;
}

static enum wg_status render_json(const char *source, const char *vars, char *text, size_t size,
                                  struct wg_err *err)
{
    struct wg_buf b;
    json_t *j = NULL;

    assert_int_equal(wg_json_parse(vars, strlen(vars), "vars", &j, NULL), WG_OK);
    wg_buf_init(&b, SIZE_MAX);
    enum wg_status st = render(source, j, NULL, &b, err);
    snprintf(text, size, "%s", b.p ? b.p : "");
    wg_buf_release(&b);
    json_decref(j);
    return st;
}

/* 1 when the case is not as the fixture says. */
static int check_case(const char *group, const json_t *common, const json_t *c)
{
    const char *source = json_string_value(json_object_get(c, "template"));
    const json_t *want = json_object_get(c, "text");
    const char *message = json_string_value(json_object_get(c, "message"));
    json_t *vars = json_copy((json_t *)common);
    struct wg_buf b;
    struct wg_err err = {0};
    struct wg_jinja *t = NULL;
    int bad;

    json_object_update(vars, json_object_get(c, "vars"));
    wg_buf_init(&b, SIZE_MAX);
    size_t n = json_string_length(json_object_get(c, "template"));
    enum wg_status st = wg_jinja_compile(source, n, "t", &t, &err);
    if (st == WG_OK)
        st = wg_jinja_render(t, vars, NULL, &b, &err);
    wg_jinja_free(t);
    if (want) {
        bad = st != WG_OK || b.len != json_string_length(want) ||
              memcmp(b.p ? b.p : "", json_string_value(want), b.len) != 0;
        if (bad)
            print_error("%s: %s\n  want %s\n  got  %s\n", group, source, json_string_value(want),
                        st == WG_OK ? (b.p ? b.p : "") : err.msg);
    } else {
        bad = st == WG_OK || st == WG_E_INTERNAL || st == WG_E_OOM ||
              strncmp(err.msg, "t: line ", 8) != 0 || (message != NULL) != (st == WG_E_FAILED) ||
              (message && !strstr(err.msg, message));
        if (bad)
            print_error("%s: %s\n  want %s %s\n  got  %s\n", group, source,
                        json_string_value(json_object_get(c, "raises")), message ? message : "",
                        st == WG_OK ? (b.p ? b.p : "") : err.msg);
    }
    wg_buf_release(&b);
    json_decref(vars);
    return bad;
}

static void renders_as_jinja2_does(void **state)
{
    const char *other = getenv("JINJA_FIXTURES"); /* tools/jinja_random.py */
    const char *folder = other ? other : "tests/fixtures/jinja";
    DIR *dir = opendir(folder);
    struct dirent *e;
    int bad = 0, files = 0;

    (void)state;
    assert_non_null(dir);
    while ((e = readdir(dir))) {
        char path[512];
        json_t *doc, *c;
        size_t i;
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        assert_int_equal(wg_json_load(path, 64 << 20, &doc, NULL), WG_OK);
        json_array_foreach(json_object_get(doc, "cases"), i, c)
            bad += check_case(e->d_name, json_object_get(doc, "vars"), c);
        json_decref(doc);
        files++;
    }
    closedir(dir);
    assert_true(files >= 6 || other);
    assert_int_equal(bad, 0);
}

static void says_where_and_what(void **state)
{
    static const struct {
        const char *source, *message;
        enum wg_status status;
    } cases[] = {
        {"a\n{% if x %}",
         "t: line 2: Unexpected end of template: the block of line 2 has no 'endif'", WG_E_INPUT},
        {"{{ x.y.z }}", "t: line 1: 'dict object' has no attribute 'y'", WG_E_INPUT},
        {"\n\n{{ nope.y }}", "t: line 3: 'nope' is undefined", WG_E_INPUT},
        {"{{ x|nope }}", "t: line 1: No filter named 'nope'.", WG_E_UNSUPPORTED},
        {"{{ x|pprint }}", "t: line 1: the filter 'pprint' is not supported", WG_E_UNSUPPORTED},
        {"{{ x is nope }}", "t: line 1: No test named 'nope'.", WG_E_UNSUPPORTED},
        {"{{ 'a'.encode() }}", "t: line 1: 'encode' is not supported", WG_E_UNSUPPORTED},
        {"{% include 'x' %}", "t: line 1: the tag 'include' is not supported", WG_E_UNSUPPORTED},
        {"{% block x %}{% endblock %}", "t: line 1: the tag 'block' is not supported",
         WG_E_UNSUPPORTED},
        {"{% do x %}", "t: line 1: Encountered unknown tag 'do'.", WG_E_UNSUPPORTED},
        {"{{ lipsum() }}", "t: line 1: 'lipsum' is not supported", WG_E_UNSUPPORTED},
        {"{{ raise_exception('no ' ~ 1) }}", "t: line 1: no 1", WG_E_FAILED},
        {"{{ [].append(1) }}",
         "t: line 1: access to attribute 'append' of 'list' object is unsafe.", WG_E_INPUT},
        {"{{ 9223372036854775807 + 1 }}", "t: line 1: a whole number does not fit in 64 bits",
         WG_E_LIMIT},
        {"{{ 9223372036854775808 }}",
         "t: line 1: the whole number 9223372036854775808 does not fit in 64 bits", WG_E_LIMIT},
        {"{{ range(100001) }}",
         "t: line 1: Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).",
         WG_E_LIMIT},
        {"{{ '\\N{BULLET}' }}",
         "t: line 1: a string has an escape \\N{...}, which is not supported", WG_E_UNSUPPORTED},
        {"\xff", "t: line 1: the template is not valid UTF-8", WG_E_INPUT},
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < WG_COUNT(cases); i++) {
        struct wg_err err = {0};
        assert_int_equal(render_json(cases[i].source, "{\"x\": {}}", text, sizeof text, &err),
                         cases[i].status);
        assert_string_equal(err.msg, cases[i].message);
    }
}

/* n copies of a, then z, then n copies of b. */
static char *nest(const char *a, const char *z, const char *b, size_t n)
{
    struct wg_buf s;

    wg_buf_init(&s, SIZE_MAX);
    for (size_t i = 0; i < n; i++)
        wg_buf_adds(&s, a);
    wg_buf_adds(&s, z);
    for (size_t i = 0; i < n; i++)
        wg_buf_adds(&s, b);
    return wg_buf_detach(&s);
}

static void bounds_nesting(void **state)
{
    static const struct {
        const char *a, *z, *b;
    } cases[] = {
        {"{{", "1", "}}"},
        {"{{(", "1", ")}}"},
        {"(", "", ")"},
        {"{% if 1 %}", "x", "{% endif %}"},
        {"{% for i in [1] %}", "x", "{% endfor %}"},
        {"{% set x %}", "x", "{% endset %}"},
        {"{% macro m() %}", "x", "{% endmacro %}"},
    };
    static const struct {
        const char *head, *a, *z, *b, *tail;
    } exprs[] = {{"{{ ", "(", "1", ")", " }}"},
                 {"{{ ", "[", "1", "]", " }}"},
                 {"{{ ", "-", "1", "", " }}"},
                 {"{{ ", "not ", "1", "", " }}"},
                 {"{{ ", "1 + ", "1", "", " }}"},
                 {"{{ ", "", "x", ".a", " }}"},
                 {"{{ ", "", "x", "|string", " }}"},
                 {"{{ ", "", "x", "()", " }}"},
                 {"{{ ", "1 if 1 else ", "2", "", " }}"},
                 {"{{ ", "", "x", "[0]", " }}"},
                 {"{% set ", "(", "a", ")", " = 1 %}"}};
    char text[64];

    (void)state;
    for (size_t i = 0; i < WG_COUNT(cases); i++) {
        char *s = nest(cases[i].a, cases[i].z, cases[i].b, 20000);
        struct wg_err err = {0};
        enum wg_status st = render_json(s, "{}", text, sizeof text, &err);
        assert_true(st == WG_E_LIMIT || st == WG_E_INPUT || st == WG_OK);
        wg_free(s);
    }
    for (size_t i = 0; i < WG_COUNT(exprs); i++) {
        char *middle = nest(exprs[i].a, exprs[i].z, exprs[i].b, 20000);
        struct wg_buf b;
        wg_buf_init(&b, SIZE_MAX);
        wg_buf_adds(&b, exprs[i].head);
        wg_buf_adds(&b, middle);
        wg_buf_adds(&b, exprs[i].tail);
        assert_int_equal(render_json(b.p, "{}", text, sizeof text, NULL), WG_E_LIMIT);
        wg_buf_release(&b);
        wg_free(middle);
    }
}

static void bounds_work_output_and_memory(void **state)
{
    static const struct {
        const char *source, *says;
        struct wg_jinja_limits limits;
    } cases[] = {
        {"{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
         "steps",
         {.max_steps = 100000}},
        {"{% for a in range(999) %}{{ 'x' * 99 }}{% endfor %}", "output", {.max_out_bytes = 1000}},
        {"{{ 'x' * 999999999999 }}", "steps", {0}},
        {"{{ [0] * 4000000 }}", "values", {.max_heap_bytes = 1 << 20}},
        {"{% set x = 'ab' * 1000 %}{{ x|replace('', x)|replace('', x) }}",
         "output",
         {.max_heap_bytes = 1 << 20}},
        {"{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "macro", {0}},
        {"{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", "recursive", {0}},
        {"{% set ns = namespace() %}{% set ns.x = ns %}{{ ns }}", "deep", {0}},
        {"{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}"
         "{% endfor %}{{ ns.l }}",
         "deep",
         {0}},
        {"{% set ns = namespace(l=[]) %}{% set ms = namespace(l=[]) %}{% for i in range(5000) %}"
         "{% set ns.l = [ns.l] %}{% set ms.l = [ms.l] %}{% endfor %}{{ ns.l == ms.l }}",
         "deep",
         {0}},
        {"{{ '{:999999999}'.format(1) }}", "wider", {0}},
        {"{{ 'a'.center(99999999999) }}", "steps", {0}},
    };

    (void)state;
    for (size_t i = 0; i < WG_COUNT(cases); i++) {
        struct wg_err err = {0};
        struct wg_buf b;
        json_t *vars = json_object();
        wg_buf_init(&b, SIZE_MAX);
        assert_int_equal(render(cases[i].source, vars, &cases[i].limits, &b, &err), WG_E_LIMIT);
        if (!strstr(err.msg, cases[i].says))
            fail_msg("%s: %s", cases[i].source, err.msg);
        wg_buf_release(&b);
        json_decref(vars);
    }
}

static void keeps_what_was_written_before_a_failure(void **state)
{
    char text[64];

    (void)state;
    assert_int_equal(render_json("abc{{ x.y.z }}def", "{}", text, sizeof text, NULL), WG_E_INPUT);
    assert_string_equal(text, "abc");
}

static void knows_the_names_it_reads(void **state)
{
    static const char source[] =
        "{% if tools %}{{ messages }}{% endif %}{% set mine = 1 %}{{ mine }}{{ x.attr }}";
    struct wg_jinja *t;

    (void)state;
    assert_int_equal(wg_jinja_compile(source, strlen(source), "t", &t, NULL), WG_OK);
    assert_int_equal(wg_jinja_uses(t, "tools"), 1);
    assert_int_equal(wg_jinja_uses(t, "messages"), 1);
    assert_int_equal(wg_jinja_uses(t, "mine"), 0);
    assert_int_equal(wg_jinja_uses(t, "attr"), 0);
    wg_jinja_free(t);
}

static void tells_the_time(void **state)
{
    static const char source[] =
        "{{ strftime_now('%Y-%m-%d %H:%M:%S|%d %b %Y|%A %B %-d|%j %y %I %p "
        "%e|%F %T %R %D|%%|%u%w|%U|%W|%f|%h %a') }}";
    struct wg_jinja_limits limits = {.now_unix = 1772719629}; /* 2026-03-05 14:07:09 UTC */
    json_t *vars = json_object();
    struct wg_buf b;
    struct wg_err err = {0};

    (void)state;
    setenv("TZ", "UTC", 1);
    wg_buf_init(&b, SIZE_MAX);
    assert_int_equal(render(source, vars, &limits, &b, &err), WG_OK);
    assert_string_equal(b.p, "2026-03-05 14:07:09|05 Mar 2026|Thursday March 5|064 26 02 PM  5|"
                             "2026-03-05 14:07:09 14:07 03/05/26|%|44|09|09|000000|Mar Thu");
    wg_buf_clear(&b);
    assert_int_equal(render("{{ strftime_now('%k') }}", vars, &limits, &b, &err), WG_E_UNSUPPORTED);
    wg_buf_release(&b);
    json_decref(vars);
}

/* Every allocation of a compilation and a render fails once: no crash, no leak, one message. */
static void survives_failing_allocations(void **state)
{
    static const char source[] =
        "{% macro m(a, b=1) %}{{ a ~ b }}{% endmacro %}{% for k, v in d.items() if v %}"
        "{{ loop.index }}{{ m(k)|upper }}{{ v|tojson(indent=1) }}{% set q %}{{ '%s'|format(k) }}"
        "{% endset %}{{ q.split('a') }}{% endfor %}{{ 'x' 'y' }}{{ '\\n' }}";
    static const char json[] = "{\"d\": {\"a\": [1, {\"b\": 2.5}], \"c\": \"text\", \"e\": null}}";
    json_t *vars;
    long n;

    (void)state;
    assert_int_equal(wg_json_parse(json, strlen(json), "vars", &vars, NULL), WG_OK);
    for (n = 0; n < 10000; n++) {
        struct wg_buf b;
        struct wg_err err = {0};
        wg_buf_init(&b, SIZE_MAX);
        wg_mem_fail_after(n);
        enum wg_status st = render(source, vars, NULL, &b, &err);
        wg_mem_fail_after(-1);
        wg_buf_release(&b);
        if (st == WG_OK)
            break;
        assert_int_equal(st, WG_E_OOM);
        assert_true(strlen(err.msg) > 0);
    }
    assert_in_range(n, 5, 9999);
    json_decref(vars);
}

/* 4,000 messages with a template that collects text and lists: the time grows with the length. */
static void long_conversations_take_linear_time(void **state)
{
    static const char source[] =
        "{% set ns = namespace(all='', list=[]) %}{% for m in messages %}"
        "{% set ns.all = ns.all ~ m.role ~ ': ' ~ m.content|trim ~ '\n' %}"
        "{% if m.role == 'user' and loop.last %}{% set ns.list = ns.list + [m] %}{% endif %}"
        "{% endfor %}{{ ns.all }}";
    double took[2];

    (void)state;
    for (int k = 0; k < 2; k++) {
        json_t *vars = json_object(), *messages = json_array();
        struct wg_buf b;
        json_object_set_new(vars, "messages", messages);
        for (int i = 0; i < (k ? 16000 : 4000); i++)
            json_array_append_new(messages,
                                  json_pack("{s:s, s:s}", "role", i % 2 ? "assistant" : "user",
                                            "content", " some words that make up a message "));
        wg_buf_init(&b, SIZE_MAX);
        double start = wg_now_s();
        assert_int_equal(render(source, vars, NULL, &b, NULL), WG_OK);
        took[k] = wg_now_s() - start;
        wg_buf_release(&b);
        json_decref(vars);
    }
    if (took[1] > 10 * took[0] + 0.1)
        fail_msg("4000 messages: %.3f s, 16000: %.3f s", took[0], took[1]);
}

static void chat_prepares_messages(void **state)
{
    static const char source[] =
        "{{ bos_token }}{% for m in messages %}{{ m|tojson }}{% endfor %}{{ tools }}{{ documents }}"
        "{{ add_generation_prompt }}{{ eos_token is defined }}{{ extra }}";
    static const char messages[] =
        "[{\"role\": \"user\", \"content\": null, \"x\": 1},"
        " {\"role\": \"assistant\", \"reasoning\": \"r\", \"content\": \"c\"}]";
    struct wg_chat *c;
    struct wg_buf b;
    struct wg_err err = {0};
    json_t *m, *bad, *extra = json_pack("{s:s}", "extra", "E");

    (void)state;
    assert_int_equal(wg_json_parse(messages, strlen(messages), "m", &m, NULL), WG_OK);
    assert_int_equal(wg_chat_new(source, strlen(source), "t", "<s>", NULL, &c, &err), WG_OK);
    wg_buf_init(&b, SIZE_MAX);
    struct wg_chat_request req = {.messages = m, .extra = extra, .add_generation_prompt = true};
    assert_int_equal(wg_chat_render(c, &req, &b, &err), WG_OK);
    assert_string_equal(b.p, "<s>{\"role\": \"user\", \"x\": 1}{\"thinking\": \"r\", \"role\": "
                             "\"assistant\", \"reasoning\": \"r\", \"content\": \"c\", "
                             "\"reasoning_content\": \"r\"}NoneNoneTrueFalseE");
    bad = json_pack("[{s:s}, {s:i}]", "role", "user", "role", 1);
    req.messages = bad;
    assert_int_equal(wg_chat_render(c, &req, &b, &err), WG_E_INPUT);
    assert_string_equal(err.msg, "messages[1].role: must be a string");
    json_array_clear(bad);
    assert_int_equal(wg_chat_render(c, &req, &b, &err), WG_E_INPUT);
    assert_string_equal(err.msg, "messages: is empty; give at least one message");
    wg_buf_release(&b);
    wg_chat_free(c);
    json_decref(bad);
    json_decref(m);
    json_decref(extra);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders_as_jinja2_does),
        cmocka_unit_test(says_where_and_what),
        cmocka_unit_test(bounds_nesting),
        cmocka_unit_test(bounds_work_output_and_memory),
        cmocka_unit_test(keeps_what_was_written_before_a_failure),
        cmocka_unit_test(knows_the_names_it_reads),
        cmocka_unit_test(tells_the_time),
        cmocka_unit_test(survives_failing_allocations),
        cmocka_unit_test(long_conversations_take_linear_time),
        cmocka_unit_test(chat_prepares_messages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
