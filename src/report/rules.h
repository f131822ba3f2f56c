/*
 * The sections of a report and the rules that give each its verdict: data, printed in the report
 * beside the ones that applied (docs/REPORT.md).
 *
 * To add a rule: 1. its row in WG_RULES; 2. the place in src/report/section_*.c that picks it;
 * 3. its row in docs/REPORT.md; tests/unit/test_report.c checks that ids are unique, named after
 * their section and documented.
 */
#ifndef WG_REPORT_RULES_H
#define WG_REPORT_RULES_H

#include "license/verdict.h"

#include <stddef.h>

/* X(enumerator, name, title, the question that it answers), in the order of the report */
// clang-format off
#define WG_SECTIONS(X)                                                                             \
    X(PACKAGE, "package", "Package and integrity",                                                 \
      "Are these the files that were fetched, unchanged?")                                         \
    X(LICENSE, "license", "Licence", "Do the terms in the package allow the intended use?")        \
    X(OPENNESS, "openness", "Openness", "How much of the model is open, and what shows it?")       \
    X(FIT, "fit", "Memory", "Does it fit this machine with the users it will have?")               \
    X(SPEED, "speed", "Speed", "Is this machine fast enough for the expected load?")               \
    X(COST, "cost", "Cost", "Is running it here cheaper than buying the same from a provider?")    \
    X(QUALITY, "quality", "Quality on the own task", "Does it do the job well enough?")            \
    X(SAFETY, "safety", "Safety", "Does it refuse what it should, and nothing else?")              \
    X(ADAPTATION, "adaptation", "Adaptation", "Can it be tuned to the own data, and does it help?")

/* X(enumerator, section, id, verdict, when it applies, why in the report,
 *   what would change it) */
#define WG_RULES(X)                                                                                \
    X(PACKAGE_VERIFIED, PACKAGE, "package.verified", GO,                                           \
      "every file has the SHA-256 that was recorded when it was fetched",                          \
      "Every file has the hash that was recorded when it was fetched.",                            \
      "A file that changes on disk.")                                                              \
    X(PACKAGE_UNRECORDED, PACKAGE, "package.unrecorded", REVIEW,                                   \
      "a file has no recorded source: the package was not fetched by weigh pull",                  \
      "Nothing records where these files came from; their hashes are only what they are now.",     \
      "Fetch the package with weigh pull, which records source and hash of every file.")         \
    X(PACKAGE_CHANGED, PACKAGE, "package.changed", NO_GO,                                          \
      "a file is missing, or its SHA-256 is not the recorded one",                                 \
      "A file is missing or is not the one that was fetched.",                                     \
      "Remove the package with weigh rm, fetch it again, and find out who changed it.")          \
    X(LICENSE_ALLOWED, LICENSE, "license.allowed", GO,                                             \
      "every licence text is known word for word and no clause speaks against the use",            \
      "The licence text is known word for word, and no clause of it speaks against this use.",     \
      "Another use, or another text in the package.")                                              \
    X(LICENSE_PERSON, LICENSE, "license.person", REVIEW,                                           \
      "a text is unknown or edited, a label differs from it, or an answer is missing",             \
      "A question about the terms needs a person.",                                                \
      "Settle the reasons listed in this section, or answer what USE.yaml leaves open.")           \
    X(LICENSE_FORBIDDEN, LICENSE, "license.forbidden", NO_GO,                                      \
      "a clause forbids the intended use",                                                         \
      "A clause of the licence forbids this use.",                                                 \
      "Another use, written permission of the licensor, or another model.")                        \
    X(OPENNESS_STATED, OPENNESS, "openness.stated", GO,                                            \
      "the class is known; which class is good enough is the reader's decision",                   \
      "The class is known, with the evidence for each item below.",                                \
      "Other files in the package.")                                                               \
    X(OPENNESS_UNKNOWN, OPENNESS, "openness.unknown", REVIEW,                                      \
      "the class cannot be told, because no licence text in the package is known",                 \
      "Without a licence text that is known, nobody can say how open this is.",                    \
      "A package that brings its licence text.")                                                   \
    X(FIT_FULL, FIT, "fit.full", GO,                                                               \
      "weights, work memory and the full context of every user fit with the margin",               \
      "It fits with the full context for every user, and a margin.",                               \
      "More users, or less free memory.")                                                          \
    X(FIT_REDUCED, FIT, "fit.reduced", REVIEW,                                                     \
      "every user's average request fits with the margin, the full context of all does not",       \
      "The average request of every user fits, but not the full context for all of them.",         \
      "More memory, fewer users at once, or a limit on the context.")                              \
    X(FIT_USERS, FIT, "fit.users", REVIEW,                                                         \
      "it fits one user; USE.yaml does not say how many there are at once",                        \
      "It fits one user, but USE.yaml does not say how many there are at once.",                   \
      "Answer load.peak_concurrency in USE.yaml.")                                                 \
    X(FIT_CONTEXT, FIT, "fit.context", NO_GO,                                                      \
      "an average request is longer than the context of the model",                                \
      "An average request and its answer are longer than this model can read.",                    \
      "Shorter requests, or a model with a longer context.")                                       \
    X(FIT_NO, FIT, "fit.too-large", NO_GO,                                                         \
      "the average request of every user does not fit in the available memory",                    \
      "It does not fit in the memory that is free on this machine.",                               \
      "A machine with more memory, fewer users at once, or a smaller file of the same model.")     \
    X(FIT_UNREAD, FIT, "fit.unread", REVIEW,                                                       \
      "the weights are of a format or family whose size is not computed",                          \
      "The memory it needs could not be computed from its files.",                                 \
      "A file of this model in a format that this version reads.")                                 \
    X(SPEED_ENOUGH, SPEED, "speed.enough", GO,                                                     \
      "the average load takes at most 70% of the machine, and the last request of the peak gets "  \
      "its first token in time",                                                                   \
      "The measured speed carries the load, and the first token is in time even at the peak.",     \
      "More load, longer requests, or a slower machine.")                                          \
    X(SPEED_PEAK, SPEED, "speed.peak", REVIEW,                                                     \
      "one request gets its first token in time, the last of a peak that arrives at once does not",\
      "One request is answered in time, but not the last one of a peak that arrives at once.",     \
      "A faster machine, shorter prompts, a smaller peak, or a longer max_ttft_ms.")               \
    X(SPEED_BUSY, SPEED, "speed.busy", REVIEW,                                                     \
      "the average load takes 70% to 100% of the machine",                                         \
      "The average load leaves the machine little room for busy hours.",                           \
      "A faster or a second machine, or less load.")                                               \
    X(SPEED_LATE, SPEED, "speed.late", NO_GO,                                                      \
      "even a request that is alone gets its first token later than max_ttft_ms",                  \
      "Even a request that is alone gets its first token too late.",                               \
      "A faster machine, shorter prompts, a smaller model, or a longer max_ttft_ms.")              \
    X(SPEED_OVERLOAD, SPEED, "speed.overload", NO_GO,                                              \
      "the average load is more than the machine can do",                                          \
      "The load is more than this machine can do.",                                                \
      "More machines, a faster one, or less load.")                                                \
    X(SPEED_UNSTEADY, SPEED, "speed.unsteady", REVIEW,                                             \
      "it was too slow, but the machine was busy with other work while it was measured",           \
      "It was too slow, but the machine was busy with other work, so the measurement proves "      \
      "nothing.",                                                                                  \
      "Measure again when the machine is quiet.")                                                  \
    X(SPEED_LOAD, SPEED, "speed.load", REVIEW,                                                     \
      "the speed is measured; USE.yaml does not say what load to compare it with",                 \
      "The speed is measured, but USE.yaml does not say what load to compare it with.",            \
      "Answer the questions under load in USE.yaml.")                                              \
    X(SPEED_UNMEASURED, SPEED, "speed.unmeasured", REVIEW,                                         \
      "the model could not be run here",                                                           \
      "The model could not be run on this machine.",                                               \
      "A file of this model that this version runs.")                                              \
    X(COST_CHEAPER, COST, "cost.not-dearer", GO,                                                   \
      "a month of the load costs no more here than at the provider",                               \
      "For this load, running it here costs no more than the provider.",                           \
      "Another price, another load, or more hours of work.")                                       \
    X(COST_UNKNOWN, COST, "cost.unknown", REVIEW,                                                  \
      "a figure is missing: load, budget, the provider's price, or the speed",                     \
      "A figure that the comparison needs is missing.",                                            \
      "Give what is listed as missing: in USE.yaml, or a price file with --prices.")               \
    X(COST_DEARER, COST, "cost.dearer", NO_GO,                                                     \
      "a month of the load costs more here than at the provider",                                  \
      "For this load, running it here costs more than the provider. Privacy and independence are " \
      "not in this figure.",                                                                       \
      "More load, less work, a cheaper machine; or a decision to pay for keeping data in house.")  \
    X(QUALITY_NOT_ASSESSED, QUALITY, "quality.not-assessed", REVIEW,                               \
      "the model was not evaluated on a task of the user",                                         \
      "Nobody measured how well it does the job: evaluation is not part of this version.",         \
      "Let people who know the task judge a sample of its answers.")                               \
    X(SAFETY_NOT_ASSESSED, SAFETY, "safety.not-assessed", REVIEW,                                  \
      "attacks, leaks and refusals were not tried",                                                \
      "Nobody tried attacks, leaks and refusals: safety is not part of this version.",             \
      "Let a person try what the application has to withstand.")                                   \
    X(ADAPTATION_NOT_ASSESSED, ADAPTATION, "adaptation.not-assessed", REVIEW,                      \
      "USE.yaml asks for tuning, or leaves it open, and tuning was not tried",                     \
      "Nobody tried to tune it: tuning is not part of this version.",                              \
      "Try tuning elsewhere, or decide to use the model as it is (fine_tunes: false).")            \
    X(ADAPTATION_NOT_NEEDED, ADAPTATION, "adaptation.not-needed", GO,                              \
      "USE.yaml says that the model is not tuned",                                                 \
      "The use does not tune the model.",                                                          \
      "A wish to tune it (fine_tunes: true).")
// clang-format on

enum wg_section_id {
#define WG_SECTION_ENUM(e, name, title, question) WG_SECTION_##e,
    WG_SECTIONS(WG_SECTION_ENUM)
#undef WG_SECTION_ENUM
        WG_SECTION_COUNT
};

enum wg_rule_id {
#define WG_RULE_ENUM(e, section, id, verdict, when, why, change) WG_RULE_##e,
    WG_RULES(WG_RULE_ENUM)
#undef WG_RULE_ENUM
        WG_RULE_COUNT
};

struct wg_section_info {
    const char *name, *title, *question;
};

struct wg_rule {
    enum wg_section_id section;
    const char *id; /* "fit.full" */
    enum wg_verdict verdict;
    const char *when, *why, *change;
};

extern const struct wg_section_info wg_sections[WG_SECTION_COUNT];
extern const struct wg_rule wg_rules[WG_RULE_COUNT];

#endif
