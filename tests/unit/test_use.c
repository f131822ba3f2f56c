/* license/use: every question is read, every other thing refused by name. */
#include "license/use.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct wg_use *parse(const char *text)
{
    struct wg_use *u = NULL;
    struct wg_err err = {0};

    if (wg_use_parse(text, strlen(text), "USE.yaml", &u, &err) != WG_OK)
        fail_msg("%s", err.msg);
    return u;
}

static void the_sample_answers_every_question(void **state)
{
    struct wg_use *u = NULL;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_use_load("data/samples/USE.yaml", &u, &err), WG_OK);
    for (int k = 0; k < WG_USE_COUNT; k++)
        if (!u->known[k])
            fail_msg("%s is not read", wg_use_key_name((enum wg_use_key)k));
    assert_true(u->commercial);
    assert_int_equal((int)u->monthly_active_users, 12000);
    assert_int_equal(u->n_at_release, 1);
    assert_string_equal(u->at_release[0].date, "2024-11-01");
    assert_int_equal((int)u->at_release[0].users, 9000);
    assert_int_equal(u->n_regions, 2);
    assert_string_equal(u->regions[1], "US");
    assert_int_equal(u->role, WG_DEPLOYER);
    assert_int_equal(u->offers, WG_OFFERS_INTERNAL);
    assert_false(u->redistributes_weights);
    assert_true(u->fine_tunes);
    assert_string_equal(u->modality, "text");
    assert_int_equal((int)u->staff_usd_per_hour, 50);
    assert_int_equal((int)u->max_ttft_ms, 2000);
    assert_string_equal(u->model, "gpt-5-mini");
    wg_use_free(u);
}

static void nothing_has_a_default(void **state)
{
    struct wg_use *u = parse("commercial:\nload: {requests_per_day: 0}\nredistributes:\n");

    (void)state;
    for (int k = 0; k < WG_USE_COUNT; k++)
        assert_int_equal(u->known[k], k == WG_USE_LOAD_REQUESTS);
    wg_use_free(u);
}

static void everything_else_is_refused_by_name(void **state)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"comercial: true", "comercial: there is no such question; the nearest is \"commercial\""},
        {"load: {request_per_day: 1}", "the nearest is \"load.requests_per_day\""},
        {"commercial: 1", "commercial: write true or false"},
        {"commercial: yes", "commercial: write true or false"},
        {"monthly_active_users: 12,000", "monthly_active_users: write a number"},
        {"monthly_active_users: -1", "from 0 to 1e15"},
        {"monthly_active_users: 1e300", "from 0 to 1e15"},
        {"monthly_active_users_at_release: 3", "{YYYY-MM-DD: users}"},
        {"monthly_active_users_at_release: {2024-13-01: 3}", "as YYYY-MM-DD"},
        {"monthly_active_users_at_release: {2024-12-01: x}", "write a number"},
        {"regions: DE", "write a list of country codes"},
        {"regions: []", "write a list of country codes"},
        {"regions: [Germany]", "two capital letters"},
        {"regions: [DE, false]", "two capital letters"},
        {"role: owner", "write one of deployer, end-user"},
        {"offers: [internal, saas]", "write one of internal, hosted-service, product"},
        {"offers: internal", "write a list of"},
        {"redistributes: true", "redistributes: write a mapping"},
        {"redistributes: {weight: true}", "the nearest is \"redistributes.weights\""},
        {"modality: txt", "write one of text, image"},
        {"today: {provider: 3}", "write a text"},
        {"", "the document is empty"},
        {"- commercial", "write a mapping of questions"},
        {"commercial: true\ncommercial: false", "line 2"},
    };

    (void)state;
    for (size_t i = 0; i < WG_COUNT(rows); i++) {
        struct wg_use *u = NULL;
        struct wg_err err = {0};
        assert_int_equal(wg_use_parse(rows[i].text, strlen(rows[i].text), "USE.yaml", &u, &err),
                         WG_E_INPUT);
        if (!strstr(err.msg, rows[i].says) || strncmp(err.msg, "USE.yaml: ", 10) != 0)
            fail_msg("%s: \"%s\"", rows[i].text, err.msg);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_sample_answers_every_question),
        cmocka_unit_test(nothing_has_a_default),
        cmocka_unit_test(everything_else_is_refused_by_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
