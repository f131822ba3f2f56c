#include "report/rules.h"

const struct wg_section_info wg_sections[WG_SECTION_COUNT] = {
#define WG_SECTION_ROW(e, name, title, question) {name, title, question},
    WG_SECTIONS(WG_SECTION_ROW)
#undef WG_SECTION_ROW
};

const struct wg_rule wg_rules[WG_RULE_COUNT] = {
#define WG_RULE_ROW(e, section, id, verdict, when, why, change)                                    \
    {WG_SECTION_##section, id, WG_VERDICT_##verdict, when, why, change},
    WG_RULES(WG_RULE_ROW)
#undef WG_RULE_ROW
};
