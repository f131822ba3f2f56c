/*
 * What a file of a package is for, by its name. Case does not count. The first rule that fits
 * decides, so the order of the table matters: code before licences keeps `license.py` code.
 */
#include "package/package.h"

#include "base/attr.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

const char *wg_role_name(enum wg_role role)
{
    static const char *const names[] = {"weights", "config", "tokenizer", "template",
                                        "license", "notice", "policy",    "card",
                                        "adapter", "code",   "other"};
    return (unsigned)role < WG_COUNT(names) ? names[role] : "other";
}

enum match {
    IS,       /* the name */
    BEGINS,   /* the beginning of the name */
    ENDS,     /* the end of the name */
    TEXT_HAS, /* anywhere in the name of a text file (below) */
    FOLDER,   /* a folder on the way */
};

struct rule {
    enum match match;
    const char *word;
    enum wg_role role;
};

// clang-format off
static const struct rule rules[] = {
    {IS,       "adapter_config.json",     WG_ROLE_ADAPTER},
    {BEGINS,   "adapter_model.",          WG_ROLE_ADAPTER},
    {BEGINS,   "mmproj",                  WG_ROLE_OTHER}, /* the projector of a vision model */
    {ENDS,     ".gguf",                   WG_ROLE_WEIGHTS},
    {ENDS,     ".safetensors",            WG_ROLE_WEIGHTS},
    {ENDS,     ".safetensors.index.json", WG_ROLE_CONFIG},
    {IS,       "config.json",             WG_ROLE_CONFIG},
    {IS,       "generation_config.json",  WG_ROLE_CONFIG},
    {IS,       "params.json",             WG_ROLE_CONFIG},
    {IS,       "preprocessor_config.json", WG_ROLE_CONFIG},
    {BEGINS,   "tokenizer.",              WG_ROLE_TOKENIZER},
    {IS,       "tokenizer_config.json",   WG_ROLE_TOKENIZER},
    {IS,       "tekken.json",             WG_ROLE_TOKENIZER},
    {IS,       "special_tokens_map.json", WG_ROLE_TOKENIZER},
    {IS,       "added_tokens.json",       WG_ROLE_TOKENIZER},
    {IS,       "vocab.json",              WG_ROLE_TOKENIZER},
    {IS,       "vocab.txt",               WG_ROLE_TOKENIZER},
    {IS,       "merges.txt",              WG_ROLE_TOKENIZER},
    {IS,       "spiece.model",            WG_ROLE_TOKENIZER},
    {IS,       "sentencepiece.bpe.model", WG_ROLE_TOKENIZER},
    {BEGINS,   "chat_template.",          WG_ROLE_TEMPLATE},
    {ENDS,     ".jinja",                  WG_ROLE_TEMPLATE},
    {ENDS,     ".py",                     WG_ROLE_CODE},
    {ENDS,     ".ipynb",                  WG_ROLE_CODE},
    {ENDS,     ".sh",                     WG_ROLE_CODE},
    {ENDS,     ".c",                      WG_ROLE_CODE},
    {ENDS,     ".cpp",                    WG_ROLE_CODE},
    {ENDS,     ".js",                     WG_ROLE_CODE},
    {TEXT_HAS, "use_policy",              WG_ROLE_POLICY},
    {TEXT_HAS, "use-policy",              WG_ROLE_POLICY},
    {TEXT_HAS, "acceptable_use",          WG_ROLE_POLICY},
    {TEXT_HAS, "acceptable-use",          WG_ROLE_POLICY},
    {TEXT_HAS, "prohibited_use",          WG_ROLE_POLICY},
    {TEXT_HAS, "prohibited-use",          WG_ROLE_POLICY},
    {TEXT_HAS, "license",                 WG_ROLE_LICENSE},
    {TEXT_HAS, "licence",                 WG_ROLE_LICENSE},
    {BEGINS,   "copying",                 WG_ROLE_LICENSE},
    {TEXT_HAS, "notice",                  WG_ROLE_NOTICE},
    {FOLDER,   "licenses",                WG_ROLE_LICENSE},
    {FOLDER,   "licences",                WG_ROLE_LICENSE},
    {IS,       "readme",                  WG_ROLE_CARD},
    {BEGINS,   "readme.",                 WG_ROLE_CARD},
    {BEGINS,   "readme_",                 WG_ROLE_CARD},
    {TEXT_HAS, "model_card",              WG_ROLE_CARD},
    {TEXT_HAS, "modelcard",               WG_ROLE_CARD},
};
// clang-format on

static bool ends(const char *s, const char *end)
{
    size_t n = strlen(s), m = strlen(end);
    return n >= m && strcasecmp(s + n - m, end) == 0;
}

/* No extension, one of a text, or one of a weights licence ("LICENSE.weights.txt", "LICENSE-CODE",
 * "LICENSE.Apache-2.0"): anything but data and markup that is made by programs. */
static bool is_text_name(const char *name)
{
    static const char *const not_text[] = {".json", ".bin", ".gz",  ".zip", ".png",
                                           ".jpg",  ".xml", ".css", ".so",  ".npy",
                                           ".yaml", ".yml", ".csv", ".toml"};
    for (size_t i = 0; i < WG_COUNT(not_text); i++)
        if (ends(name, not_text[i]))
            return false;
    return true;
}

static bool has_folder(const char *path, const char *word)
{
    size_t n = strlen(word);

    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + 1)
        if ((size_t)(slash - path) == n && strncasecmp(path, word, n) == 0)
            return true;
    return false;
}

static bool fits(const struct rule *r, const char *path, const char *name)
{
    switch (r->match) {
    case IS:
        return strcasecmp(name, r->word) == 0;
    case BEGINS:
        return strncasecmp(name, r->word, strlen(r->word)) == 0;
    case ENDS:
        return ends(name, r->word);
    case TEXT_HAS:
        return strcasestr(name, r->word) != NULL && is_text_name(name);
    case FOLDER:
        return has_folder(path, r->word) && is_text_name(name);
    }
    return false;
}

enum wg_role wg_role_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < WG_COUNT(rules); i++)
        if (fits(&rules[i], path, name))
            return rules[i].role;
    return WG_ROLE_OTHER;
}
