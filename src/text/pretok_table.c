/*
 * The pre-tokenizer expressions, by the names that GGUF files give them (tokenizer.ggml.pre). Each
 * is the one of the model's own tokenizer.json or tiktoken file.
 */
#include "text/pretok.h"

#include "base/attr.h"

#include <string.h>

// clang-format off
#define TAIL            "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"
#define APOSTROPHE      "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define WORD            "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+"
#define OTHER           " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*"
#define OTHER_SLASH     " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*"
#define UPPER           "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER           "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define CASED_1         "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+"
#define CASED_2         "[^\\r\\n\\p{L}\\p{N}]?" UPPER "+" LOWER "*"
#define GPT2            "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|" \
                        "\\s+(?!\\S)|\\s+"
#define GPT4            APOSTROPHE "|" WORD "|\\p{N}{1,3}|" OTHER "|" TAIL
#define QWEN            APOSTROPHE "|" WORD "|\\p{N}|" OTHER "|" TAIL
#define O200K(digits)   CASED_1 APOSTROPHE "?|" CASED_2 APOSTROPHE "?|" digits "|" OTHER_SLASH \
                        "|" TAIL
#define CJK_KANA        "[\\x{4E00}-\\x{9FA5}\\x{3040}-\\x{309F}\\x{30A0}-\\x{30FF}]+"
#define CJK_HANGUL      "[\\x{4E00}-\\x{9FA5}\\x{800}-\\x{4E00}\\x{AC00}-\\x{D7FF}]+"
#define DEEPSEEK_WORDS  "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|" \
                        "[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|" \
                        " ?[\\p{P}\\p{S}]+[\\r\\n]*|" TAIL
/* Letters with case, as of the Unicode version that DeepSeek LLM was trained with. */
#define DEEPSEEK_CASED \
    "A-Za-z\\x{B5}\\x{C0}-\\x{D6}\\x{D8}-\\x{F6}\\x{F8}-\\x{1BA}\\x{1BC}-\\x{1BF}\\x{1C4}-" \
    "\\x{293}\\x{295}-\\x{2AF}\\x{370}-\\x{373}\\x{376}\\x{377}\\x{37B}-\\x{37D}\\x{37F}" \
    "\\x{386}\\x{388}-\\x{38A}\\x{38C}\\x{38E}-\\x{3A1}\\x{3A3}-\\x{3F5}\\x{3F7}-\\x{481}" \
    "\\x{48A}-\\x{52F}\\x{531}-\\x{556}\\x{10A0}-\\x{10C5}\\x{13A0}-\\x{13F5}\\x{13F8}-" \
    "\\x{13FD}\\x{1C90}-\\x{1CBA}\\x{1CBD}-\\x{1CBF}\\x{1D00}-\\x{1D2B}\\x{1D6B}-\\x{1D77}" \
    "\\x{1D79}-\\x{1D9A}\\x{1E00}-\\x{1F15}\\x{1F18}-\\x{1F1D}\\x{1F20}-\\x{1F45}\\x{1F48}-" \
    "\\x{1F4D}\\x{1F50}-\\x{1F57}\\x{1F59}\\x{1F5B}\\x{1F5D}\\x{1F5F}-\\x{1F7D}\\x{1F80}-" \
    "\\x{1FB4}\\x{1FB6}-\\x{1FBC}\\x{1FBE}\\x{1FC2}-\\x{1FC4}\\x{1FC6}-\\x{1FCC}\\x{1FD0}-" \
    "\\x{1FD3}\\x{1FD6}-\\x{1FDB}\\x{1FE0}-\\x{1FEC}\\x{1FF2}-\\x{1FF4}\\x{1FF6}-\\x{1FFC}" \
    "\\x{2102}\\x{2107}\\x{210A}-\\x{2113}\\x{2115}\\x{2119}-\\x{211D}\\x{2124}\\x{2126}" \
    "\\x{2128}\\x{212A}-\\x{212D}\\x{212F}-\\x{2134}\\x{2139}\\x{213C}-\\x{213F}\\x{2145}-" \
    "\\x{2149}\\x{214E}\\x{2183}\\x{2184}\\x{2C00}-\\x{2C7B}\\x{2C7E}-\\x{2CE4}\\x{2CEB}-" \
    "\\x{2CEE}\\x{2CF2}\\x{2CF3}\\x{A640}-\\x{A66D}\\x{A680}-\\x{A69B}\\x{A722}-\\x{A76F}" \
    "\\x{A771}-\\x{A787}\\x{A78B}-\\x{A78E}\\x{AB70}-\\x{ABBF}\\x{FB00}-\\x{FB06}\\x{FB13}-" \
    "\\x{FB17}\\x{FF21}-\\x{FF3A}\\x{FF41}-\\x{FF5A}\\x{10400}-\\x{1044F}\\x{104B0}-" \
    "\\x{104D3}\\x{104D8}-\\x{104FB}\\x{10C80}-\\x{10CB2}\\x{10CC0}-\\x{10CF2}\\x{118A0}-" \
    "\\x{118DF}\\x{1E900}-\\x{1E943}"
#define DEEPSEEK_MARKS  "[!-/:-~\\x{FF01}-\\x{FF0F}\\x{FF1A}-\\x{FF5E}\\x{2018}-\\x{201F}" \
                        "\\x{3000}-\\x{3002}]"
#define BLOOM           " ?[^(\\s|.,!?" \
                        "\\x{2026}\\x{3002}\\x{FF0C}\\x{3001}\\x{964}\\x{6D4}\\x{60C})]+"

const char wg_pretok_gpt2[] = GPT2;

static const struct wg_pretok_row rows[] = {
    {"gpt-2 phi-2 gigachat mellum exaone4 jina-es jina-de jina-v2-es jina-v2-de jina-v1-en "
     "jina-v2-code roberta-bpe modern-bert a.x-4.0 trillion granite-docling jais",
     0, {GPT2}},
    {"olmo mpt", WG_PRE_NFC, {GPT2}},
    {"smollm starcoder refact codeshell exaone minerva-7b mellum2", 0, {"\\p{N}", GPT2}},
    {"command-r", WG_PRE_NFC, {"\\p{N}", GPT2}},
    {"llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano",
     WG_PRE_WHOLE_WORDS | WG_PRE_ADD_BOS, {GPT4}},
    {"dbrx smaug-bpe chatglm-bpe", 0, {GPT4}},
    {"glm4 glm5", WG_PRE_WHOLE_WORDS, {GPT4}},
    {"qwen2 stablelm2 megrez kormo f2llmv2", WG_PRE_NFC, {QWEN}},
    {"deepseek-r1-qwen hunyuan solar-open grok-2", 0, {QWEN}},
    {"qwen35", WG_PRE_NFC,
     {APOSTROPHE "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}|"
      " ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" TAIL}},
    {"deepseek-llm", 0,
     {"[\\r\\n]", "\\s?[" DEEPSEEK_CASED "]+", "\\s?" DEEPSEEK_MARKS "+", "\\s+$", CJK_HANGUL,
      "\\p{N}+"}},
    {"deepseek-coder", 0, {"[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", CJK_HANGUL, "\\p{N}"}},
    {"deepseek-v3 hunyuan-dense joyai-llm hy_v4", 0, {"\\p{N}{1,3}", CJK_KANA, DEEPSEEK_WORDS}},
    {"tekken", WG_PRE_WHOLE_WORDS | WG_PRE_ADD_BOS,
     {CASED_1 "|" CASED_2 "|\\p{N}|" OTHER_SLASH "|" TAIL}},
    {"gpt-4o llama4 kanana2 talkie minimax-m2", 0, {O200K("\\p{N}{1,3}")}},
    {"granite-embed-multi-97m", WG_PRE_WHOLE_WORDS, {O200K("\\p{N}{1,3}")}},
    {"tiny_aya cohere2moe", 0, {"\\d{1,3}(?=(?:\\d{3})*\\b)", O200K("\\p{N}{1,3}")}},
    {"falcon", 0, {"[\\p{P}$+<=>^~|`]+", GPT2, "[0-9][0-9][0-9]"}},
    {"bloom gpt3-finnish poro-chat", 0, {BLOOM}},
    {"viking", 0, {BLOOM, "\\p{N}"}},
    {"bailingmoe bailingmoe2 llada-moe", 0,
     {"'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}|"
      " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|"
      "\\s*[\\r\\n]|\\s+(?!\\S)|\\s+"}},
    {"seed-coder", 0,
     {APOSTROPHE "|" WORD "|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|" TAIL}},
    {"superbpe", 0, {"\\p{N}+", "(?=(\\d{3})+(?!\\d))"}},
    {"minicpm5", WG_PRE_WHOLE_WORDS,
     {"\\p{N}{1,3}", APOSTROPHE "|" WORD "|\\p{N}+|" OTHER "|" TAIL}},
    {"gemma4 granite-embed-multi-311m sarvam-moe", WG_PRE_SPACES, {NULL}},
    {"default", 0, {"[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]"}},
};
// clang-format on

const struct wg_pretok_row *wg_pretok_row(const char *name, size_t n)
{
    for (size_t i = 0; i < WG_COUNT(rows); i++)
        for (const char *s = rows[i].names; *s; s += strspn(s, " ")) {
            size_t len = strcspn(s, " ");
            if (len == n && memcmp(s, name, n) == 0)
                return &rows[i];
            s += len;
        }
    return NULL;
}

static bool has_stages(const struct wg_pretok_row *row, const char *const *stage, int n)
{
    int i = 0;

    while (i < n && row->stage[i] && strcmp(row->stage[i], stage[i]) == 0)
        i++;
    return i == n && (n == WG_PRETOK_ROW_STAGES || !row->stage[n]);
}

const struct wg_pretok_row *wg_pretok_row_of(const char *const *stage, int n, unsigned flags)
{
    const unsigned asked = WG_PRE_NFC | WG_PRE_WHOLE_WORDS;

    for (size_t i = 0; i < WG_COUNT(rows); i++)
        if ((rows[i].flags & (asked | WG_PRE_SPACES)) == flags && has_stages(&rows[i], stage, n))
            return &rows[i];
    return NULL;
}

void wg_pretok_names(struct wg_buf *b)
{
    for (size_t i = 0; i < WG_COUNT(rows); i++)
        wg_buf_addf(b, "%s%s", i ? " " : "", rows[i].names);
}
