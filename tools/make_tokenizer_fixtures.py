#!/usr/bin/env python3
"""Writes tests/fixtures/tok/: tiny vocabularies as GGUF files, and the ids that the Python packages
`tokenizers` and `sentencepiece` give for texts.json.

Usage: make_tokenizer_fixtures.py   (needs gguf, tokenizers, sentencepiece)

Every vocabulary is trained here, on TRAINING. The byte-level ones are trained without a
pre-tokenizer, so that their merges cross every boundary and the pre-tokenizer alone decides where
words end. Deterministic: running it twice changes nothing.
"""
import base64
import io
import json
import os
import random

import gguf
import sentencepiece as spm
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, trainers
from tokenizers import pre_tokenizers as pre

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OUT = os.path.join(ROOT, "tests", "fixtures", "tok")
MARK = "\u2581"
SPECIALS = ["<|begin|>", "<|im_start|>", "<|im_end|>", "<|im_start|>user"]
USER = ["<tool>", "\n\n\n"]

TRAINING = """The quick brown fox doesn't jump over the lazy dog. I'll say it's what they've done; we're
here, you'd know. THE QUICK BROWN FOX DOESN'T. HelloWorld helloWorld HTTPServer iPhone McDonald
int main(void) { return x[0] == 1234567890 ? 0.5e-3 : -1; }\t// comment\r\n    def f(self, *args):
        return {k: v for k, v in self.items() if v != "None"}  # <b>bold</b> &amp; 100%
Größe straße naïve café résumé Ελληνικά κείμενα Привет мир, как дела? Українська мова їжак
你好世界 今天天气很好。中文字符和标点，全角！ これは日本語のテキストです。カタカナ ひらがな 한국어 텍스트입니다
مرحبا بالعالم العربية שלום עולם हिन्दी में पाठ नमस्ते ไทยภาษา Tiếng Việt đây là một câu
🙂😀🚀👍🏽👨\u200d👩\u200d👧 ❤\ufe0f ½ ² Ⅳ ٣٤٥ ९ a\u0301 e\u0301 o\u0308 \u00a0nbsp\u3000wide \u200bzero
=== --- *** ... !!! ??? /// \\\\\\ <<<>>> |||   \n\n\n   \t\t   \n \n  end\n"""
# Where expressions differ in what they call a space, a letter, a digit or an apostrophe's company,
# merges must exist that reach across, or the difference does not show.
ODD = "x\u180ey !\u180e! a\u0085b a\u2028 b 1\u180e2 it'\u017f a\u0301b 1\u0660\u00b22 \u01c5x \u10d0\u1c90 a\u200bb \u3000\u3000a _a_b \u2160a !\U0001fa77! \U0001fae8 "
TRAINING += ODD * 40


def texts():
    """What is encoded: str or bytes (malformed UTF-8)."""
    fixed = [
        "", " ", "  ", "   ", "\n", "\n\n", "\n\n\n\n", "\t", "\r\n", " \n ", "\n \n  \n", "a", "Hello",
        "Hello, world!", " Hello", "  Hello", "Hello ", "Hello  ", "Hello\n", "a\n\n\n\nb", "x = 1\r\n",
        "I'm you're he'd THEY'VE she'LL 'tis don'T ''s 's", "can't won't\u2019t I\u2019m 'ſ 'S",
        "1 12 123 1234 12345 1234567890 3.14159 1,000,000 ٣٤٥٦ ½¾ ⅣⅤ ²³ १२३४ a1b22c333",
        "HelloWorld helloWORLD HTTPServer iPhone McDonald ÉCOLE écoLE ǅungla",
        "if (x<=0){\n\treturn\t*p++ ;\n    }\n\n\n  // end\n", "def f(a, b):\n        return a**b\n",
        "https://example.com/a?b=c&d=%20#frag user@mail.org C:\\dir\\file.txt /usr/bin",
        "日本語テキスト。カタカナ漢字ひらがな", "你好，世界！中文123字符abc", "한국어 텍스트 안녕하세요",
        "مرحبا بالعالم ١٢٣", "שָׁלוֹם עולם", "हिन्दी में क्षत्रिय", "ภาษาไทยไม่มีช่องว่าง", "Tiếng Việt đường",
        "Привет, как дела? Ёлка їжак", "Ελληνικά ΑΒΓ ς", "ꙮ ყველა ᲐᲑᲒ ⴀⴁ Ꭰ ꭰ",
        "🙂", "🙂🙂 🚀", "👍🏽👨\u200d👩\u200d👧\u200d👦 🏳️\u200d🌈 🇩🇪🇫🇷", "❤️ ❤ ☃", "a🙂b 🙂1",
        "a\u0301e\u0301 é e\u0301 Å A\u030a \u212b ﬁ ẛ̣ \u0344 \u1100\u1161\u11a8",
        "q\u0323\u0307 q\u0307\u0323 s\u0323\u0307\u0301\u0316 \u0301alone",
        "\u00a0nbsp\u3000ideographic\u2003em\u2028line\u2029para\u0085nel\u180emvs\u200bzw\ufeffbom\u00adshy",
        "\x00\x01\x02 \x1b[0m\x7f \x0b\x0c\x1c\x1f", "tab\tnew\nret\rff\x0cvt\x0b", "\r\r\n\n\r",
        " " * 40, "a" + " " * 17 + "b", "\t" * 9 + "x", "\n" * 20, " \t \n \t\n  x", "   \n   ",
        "a" * 300, "ab" * 150, "=" * 120, "-" * 33 + " " + "_" * 7, "你" * 60, "1" * 50, "🙂" * 20,
        "!?!?!...---===>>> ((())) [[]] {{}} ``` ~~~ $$$ ^^^ ||| @@@ ###", "«quote» “q” ‘q’ „q“ —–…",
        "！？。，、；：「」『』（）【】～", "∑∫√∞≠≤ ±×÷ €£¥₹ ©®™ ←↑→↓ ■□▲ ♠♣ ① ㈱ ㎏",
        "<|im_start|>user\nHi<|im_end|>\n", "<|im_start|>", "<|im_start|>users <|im_start", "<|begin|>a",
        " <|im_end|> <|im_end|>", "<<|im_end|>>", "<tool>x</tool> <tool> <TOOL>", "a<tool>", "<tool>",
        MARK, MARK * 2, MARK * 3 + "a", "a" + MARK + "b", " " + MARK + " ", "Ġ Ċ ĉ Ġthe", "<0x41><0x0A>",
        "<unk> <s> </s>", "the the the  the   the", ODD * 2, "\ufffd", "\ue000\U0010ffff\U000e0001", "\U0001d54f\U00020000",
    ]
    broken = [
        b"\xff", b"a\xffb", b"\xc3", b"\xc3(", b"\xe2\x82", b"\xe2\x82\xac\xe2\x82", b"\xf0\x9f\x99",
        b"\xf0\x9f\x99\x82\x82", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80", b"ok \xfe\xfe ok",
        b"\xe4\xbd\xa0\xe5\xa5", b"\x80\x81\x82", b"<|im_start|>\xff<|im_end|>",
    ]
    parts = ["a", "The", " ", "  ", "\n", "\t", "'", "'s", "'LL", "1", "23", "é", "e\u0301", "ß", "Ж", "你", "の",
             "한", "ع", "ש", "क्", "🙂", "\u200d", "-", "...", "(", "=", "_", "<tool>", "<|im_end|>", MARK, "\r",
             "\u00a0", "X", "YZ", "qu", "ick", "½", "٣", "。", "\u3000", "/", "\n\n"]
    rng = random.Random(20240607)
    mixed = ["".join(rng.choice(parts) for _ in range(rng.randint(2, 24))) for _ in range(60)]
    return fixed + broken + mixed


def as_str(t):
    return t if isinstance(t, str) else t.decode("utf-8", errors="replace")


GPT2 = pre.ByteLevel(add_prefix_space=False, use_regex=True)
BYTES = pre.ByteLevel(add_prefix_space=False, use_regex=False)


def split(*expressions):
    return pre.Sequence([pre.Split(Regex(e), "isolated") for e in expressions] + [BYTES])


TAIL = r"|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*" + TAIL)
QWEN2 = LLAMA3.replace("{1,3}", "")
QWEN35 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*" +
          TAIL)
UP, LOW = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
TEKKEN = (rf"[^\r\n\p{{L}}\p{{N}}]?{UP}*{LOW}+|[^\r\n\p{{L}}\p{{N}}]?{UP}+{LOW}*|\p{{N}}"
          r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL)
APOS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?"
GPT4O = (rf"[^\r\n\p{{L}}\p{{N}}]?{UP}*{LOW}+{APOS}|[^\r\n\p{{L}}\p{{N}}]?{UP}+{LOW}*{APOS}|\p{{N}}{{1,3}}"
         r"| ?[^\s\p{L}\p{N}]+[\r\n/]*" + TAIL)
DEEPSEEK3 = [r"\p{N}{1,3}", "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+",
             "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"
             " ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+"]
DEEPSEEK_CODER = pre.Sequence(
    [pre.Split(Regex(e), "isolated")
     for e in (r"[\r\n]", r"\s?\p{L}+", r"\s?\p{P}+", "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+")] + [pre.Digits(True), BYTES])
DEEPSEEK_CASED = (
    "A-Za-z\u00b5\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u01ba\u01bc-\u01bf\u01c4-\u0293\u0295-\u02af\u0370-"
    "\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03f5\u03f7-"
    "\u0481\u048a-\u052f\u0531-\u0556\u10a0-\u10c5\u13a0-\u13f5\u13f8-\u13fd\u1c90-\u1cba\u1cbd-\u1cbf"
    "\u1d00-\u1d2b\u1d6b-\u1d77\u1d79-\u1d9a\u1e00-\u1f15\u1f18-\u1f1d\u1f20-\u1f45\u1f48-\u1f4d\u1f50-"
    "\u1f57\u1f59\u1f5b\u1f5d\u1f5f-\u1f7d\u1f80-\u1fb4\u1fb6-\u1fbc\u1fbe\u1fc2-\u1fc4\u1fc6-\u1fcc"
    "\u1fd0-\u1fd3\u1fd6-\u1fdb\u1fe0-\u1fec\u1ff2-\u1ff4\u1ff6-\u1ffc\u2102\u2107\u210a-\u2113\u2115"
    "\u2119-\u211d\u2124\u2126\u2128\u212a-\u212d\u212f-\u2134\u2139\u213c-\u213f\u2145-\u2149\u214e"
    "\u2183\u2184\u2c00-\u2c7b\u2c7e-\u2ce4\u2ceb-\u2cee\u2cf2\u2cf3\ua640-\ua66d\ua680-\ua69b\ua722-"
    "\ua76f\ua771-\ua787\ua78b-\ua78e\uab70-\uabbf\ufb00-\ufb06\ufb13-\ufb17\uff21-\uff3a\uff41-\uff5a"
    "\U00010400-\U0001044f\U000104b0-\U000104d3\U000104d8-\U000104fb\U00010c80-\U00010cb2\U00010cc0-"
    "\U00010cf2\U000118a0-\U000118df\U0001e900-\U0001e943")
DEEPSEEK_LLM = split("[\r\n]", rf"\s?[{DEEPSEEK_CASED}]+", "\\s?[!-/:-~\uff01-\uff0f\uff1a-\uff5e\u2018-\u201f\u3000-\u3002]+", r"\s+$",
                     "[\u4e00-\u9fa5\u0800-\u4e00\uac00-\ud7ff]+", r"\p{N}+")
FALCON = split(r"[\p{P}\$\+<=>\^~\|`]+",
               r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", "[0-9][0-9][0-9]")
NFC = normalizers.NFC()

# tokenizer.ggml.pre: pre-tokenizer, normalizer, ignore_merges
BYTE_LEVEL = {
    "gpt-2": (GPT2, None, False),
    "smollm": (pre.Sequence([pre.Digits(individual_digits=True), GPT2]), None, False),
    "llama-bpe": (split(LLAMA3), None, True),
    "dbrx": (split(LLAMA3), None, False),
    "qwen2": (split(QWEN2), NFC, False),
    "deepseek-r1-qwen": (split(QWEN2), None, False),
    "qwen35": (split(QWEN35), NFC, False),
    "deepseek-llm": (DEEPSEEK_LLM, None, False),
    "deepseek-coder": (DEEPSEEK_CODER, None, False),
    "deepseek-v3": (split(*DEEPSEEK3), None, False),
    "tekken": (split(TEKKEN), None, True),
    "gpt-4o": (split(GPT4O), None, False),
    "falcon": (FALCON, None, False),
    "bloom": (split(" ?[^(\\s|.,!?\u2026\u3002\uff0c\u3001\u0964\u06d4\u060c)]+"), None, False),
    "command-r": (pre.Sequence([pre.Digits(individual_digits=True), GPT2]), NFC, False),
}

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = 1, 2, 3, 4, 5, 6


def train_byte_level():
    """(tokens in id order, merges), without a pre-tokenizer."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = BYTES
    trainer = trainers.BpeTrainer(vocab_size=800, initial_alphabet=pre.ByteLevel.alphabet(), show_progress=False,
                                  max_token_length=12)
    t.train_from_iterator([TRAINING], trainer)
    model = json.loads(t.to_str())["model"]
    tokens = [k for k, _ in sorted(model["vocab"].items(), key=lambda kv: kv[1])]
    return tokens, [tuple(m) for m in model["merges"]]


def byte_level(name, tokens, merges, specials, user=USER):
    """The `tokenizers` tokenizer of a row of BYTE_LEVEL."""
    words, norm, ignore = BYTE_LEVEL[name]
    t = Tokenizer(models.BPE(vocab={k: i for i, k in enumerate(tokens)}, merges=merges, ignore_merges=ignore))
    t.pre_tokenizer = words
    t.decoder = decoders.ByteLevel()
    if norm:
        t.normalizer = norm
    t.add_tokens([AddedToken(u, normalized=False) for u in user])
    t.add_special_tokens([AddedToken(s, normalized=False) for s in specials])
    return t


def write_gguf(path, model, tokens, types, pre_name=None, merges=None, scores=None, **keys):
    w = gguf.GGUFWriter(path, "llama")
    w.add_tokenizer_model(model)
    if pre_name:
        w.add_tokenizer_pre(pre_name)
    w.add_token_list(tokens)
    w.add_token_types(types)
    if merges is not None:
        w.add_token_merges([f"{a} {b}" for a, b in merges])
    if scores is not None:
        w.add_token_scores(scores)
    for key, value in keys.items():
        getattr(w, "add_" + key)(value)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def expected(plain, special, decode):
    """Of every text: ids with control tokens, ids without them (null: the same), what the first are
    decoded to (null: the text)."""
    rows = []
    for t in texts():
        s = as_str(t)
        ids, without = special(s), plain(s)
        back = decode(ids) if decode else s
        rows.append([ids, None if without == ids else without, None if back == s else back])
    return rows


def make_byte_level():
    tokens, merges = train_byte_level()
    # A word that no merge makes, for ignore_merges.
    vocab = tokens + ["Ġquickly", "Hel"] + USER + SPECIALS
    types = [NORMAL] * (len(tokens) + 2) + [USER_DEFINED] * len(USER) + [CONTROL] * len(SPECIALS)
    for name in BYTE_LEVEL:
        write_gguf(os.path.join(OUT, f"bpe-{name}.gguf"), "gpt2", vocab, types, name, merges,
                   bos_token_id=vocab.index("<|begin|>"), eos_token_id=vocab.index("<|im_end|>"))
        plain, special = (byte_level(name, vocab, merges, s) for s in ([], SPECIALS))
        yield f"bpe-{name}", expected(lambda s: plain.encode(s).ids, lambda s: special.encode(s).ids,
                                      lambda ids: special.decode(ids, skip_special_tokens=False))


def train_sentencepiece(**options):
    out = io.BytesIO()
    spm.SentencePieceTrainer.train(
        sentence_iterator=iter(TRAINING.split("\n")), model_writer=out, model_type="bpe", vocab_size=620,
        character_coverage=0.98, normalization_rule_name="identity", remove_extra_whitespaces=False,
        num_threads=1, minloglevel=2, hard_vocab_limit=False, **options)
    return spm.SentencePieceProcessor(model_proto=out.getvalue())


def sentencepiece_tables(sp):
    tokens, scores, types = [], [], []
    for i in range(sp.get_piece_size()):
        piece = sp.id_to_piece(i)
        kind = (UNKNOWN if sp.is_unknown(i) else CONTROL if sp.is_control(i) else BYTE if sp.is_byte(i) else
                UNUSED if sp.is_unused(i) else NORMAL)
        tokens.append(piece)
        scores.append(sp.get_score(i))
        types.append(kind)
    return tokens, scores, types


def by_pieces(sp, specials):
    """Control tokens found first, what lies between them by SentencePiece."""
    def encode(s):
        ids = []
        while s:
            found = [(s.find(t), -len(t), t) for t in specials if t in s]
            if not found:
                return ids + sp.encode(s)
            at, _, token = min(found)
            ids += (sp.encode(s[:at]) if at else []) + [sp.piece_to_id(token)]
            s = s[at + len(token):]
        return ids
    return encode


def make_sentencepiece():
    control = ["<s>", "</s>", "<unk>"]
    runs = [MARK * n for n in range(2, 9)]
    cases = {
        "spm-llama": (dict(byte_fallback=True), dict(add_space_prefix=True), []),
        "spm-gemma": (dict(byte_fallback=True, add_dummy_prefix=False, user_defined_symbols=runs),
                      dict(add_space_prefix=False), runs),
        "spm-unk": (dict(byte_fallback=False), dict(add_space_prefix=True), []),
    }
    for name, (options, keys, user) in cases.items():
        sp = train_sentencepiece(**options)
        tokens, scores, types = sentencepiece_tables(sp)
        for u in user:  # as converters write them
            i = tokens.index(u)
            tokens[i], types[i], scores[i] = " " * len(u), USER_DEFINED, -1000.0
        write_gguf(os.path.join(OUT, name + ".gguf"), "llama", tokens, types, "default", scores=scores,
                   bos_token_id=1, eos_token_id=2, unk_token_id=0, add_bos_token=True, **keys)
        yield name, expected(by_pieces(sp, user), by_pieces(sp, control + user), None)


def gguf_of_sentencepiece(sp, path):
    """A SentencePiece model with a space prefix as converters write it (real models, peer test)."""
    tokens, scores, types = sentencepiece_tables(sp)
    write_gguf(path, "llama", tokens, types, "default", scores=scores, unk_token_id=sp.unk_id(),
               bos_token_id=sp.bos_id(), eos_token_id=sp.eos_id(),
               add_space_prefix=sp.id_to_piece(sp.encode("a"))[0].startswith(MARK))


def gguf_of_json(path, out):
    """A tokenizer.json with merges as a GGUF (real models, peer test)."""
    with open(path, encoding="utf-8") as f:
        doc = json.load(f)
    vocab = dict(doc["model"]["vocab"])
    added = {a["content"]: a for a in doc["added_tokens"]}
    vocab.update({a["content"]: a["id"] for a in added.values()})
    tokens = [f"[PAD{i}]" for i in range(max(vocab.values()) + 1)]
    types = [UNUSED] * len(tokens)
    for text, i in vocab.items():
        tokens[i] = text
        types[i] = (BYTE if len(text) == 6 and text.startswith("<0x") else NORMAL if text not in added else
                    CONTROL if added[text]["special"] else USER_DEFINED)
    merges = [tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in doc["model"]["merges"]]
    if doc["model"].get("byte_fallback"):
        write_gguf(out, "gemma4", tokens, types, merges=merges, unk_token_id=vocab[doc["model"]["unk_token"]])
        return
    # The row whose pre-tokenizer is this one.
    splits = [s["pattern"]["Regex"] for s in doc["pre_tokenizer"]["pretokenizers"] if s["type"] == "Split"]
    name = {LLAMA3: "llama-bpe", QWEN2: "qwen2", DEEPSEEK3[-1]: "deepseek-v3"}[splits[-1]]
    write_gguf(out, "gpt2", tokens, types, name, merges=merges)


def make_chars():
    """Gemma 4's kind: merges over characters, spaces as U+2581, byte fallback."""
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre.Metaspace(prepend_scheme="never")
    t.train_from_iterator([TRAINING.replace("\n", " ")],
                          trainers.BpeTrainer(vocab_size=600, show_progress=False))
    model = json.loads(t.to_str())["model"]
    tokens = ["<pad>", "<eos>", "<bos>", "<unk>"] + [f"<0x{b:02X}>" for b in range(256)]
    tokens += [k for k, _ in sorted(model["vocab"].items(), key=lambda kv: kv[1])]
    merges = [tuple(m) for m in model["merges"]]
    for n in range(2, 6):  # spaces and line ends in runs
        for c in (MARK, "\n"):
            if c not in tokens:
                tokens.append(c)
            tokens.append(c * n)
            merges.append((c * (n - 1), c))
    tokens += ["<tool>"] + SPECIALS
    types = ([CONTROL] * 3 + [UNKNOWN] + [BYTE] * 256 + [NORMAL] * (len(tokens) - 261 - len(SPECIALS)) +
             [USER_DEFINED] + [CONTROL] * len(SPECIALS))
    write_gguf(os.path.join(OUT, "chars-gemma4.gguf"), "gemma4", tokens, types, merges=merges, bos_token_id=2,
               eos_token_id=1, unk_token_id=3, add_bos_token=True, add_space_prefix=False)

    def tokenizer(specials):
        r = Tokenizer(models.BPE(vocab={k: i for i, k in enumerate(tokens)}, merges=merges, unk_token="<unk>",
                                 fuse_unk=True, byte_fallback=True))
        r.normalizer = normalizers.Replace(" ", MARK)
        r.decoder = decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()])
        r.add_tokens([AddedToken("<tool>", normalized=False)])
        if specials:
            r.add_special_tokens([AddedToken(s, normalized=False)
                                  for s in SPECIALS + ["<pad>", "<eos>", "<bos>", "<unk>"]])
        return r
    plain, special = tokenizer(False), tokenizer(True)
    yield "chars-gemma4", expected(lambda s: plain.encode(s).ids, lambda s: special.encode(s).ids,
                                   lambda ids: special.decode(ids, skip_special_tokens=False))


def bad_files():
    """name: (status, part of the message, changes to a good file)."""
    def at(values, i, value):
        return values[:i] + [value] + values[i + 1:]
    letters = sorted(pre.ByteLevel.alphabet())
    good = dict(model="gpt2", tokens=letters + ["ab", "<|end|>"], types=[NORMAL] * 257 + [CONTROL], pre_name="gpt-2",
                merges=[("a", "b")])
    spm_tokens = ["<unk>", "<s>", "</s>", MARK, "a", "b", "ab"]
    spm_good = dict(model="llama", tokens=spm_tokens, types=[UNKNOWN, CONTROL, CONTROL] + [NORMAL] * 4,
                    scores=[0.0] * 7)
    return {
        "duplicate-token": ("input", "are both \"ab\"", good, dict(tokens=at(good["tokens"], 257, "ab"))),
        "merge-left": ("input", "the left side is not in", good, dict(merges=[("xyz", "b")])),
        "merge-right": ("input", "the right side is not in", good, dict(merges=[("a", "b"), ("a", "xyz")])),
        "merge-joined": ("input", "the joined token is not in", good, dict(merges=[("b", "a")])),
        "merge-one-side": ("input", "item 0 is not two tokens", good, dict(merges=[("", "b")])),
        "types-short": ("input", "token_type has 257 items, the vocabulary has 258", good,
                        dict(types=good["types"][1:])),
        "types-unknown": ("input", "token 3 has type 7", good, dict(types=at(good["types"], 3, 7))),
        "eos-outside": ("input", "eos_token_id is 258, outside the vocabulary of 258", good, dict(eos_token_id=258)),
        "eot-outside": ("input", "eot_token_id is 999", good, dict(eot_token_id=999)),
        "pre-unknown": ("unsupported", "pre-tokenizer \"no-such\" is not known", good, dict(pre_name="no-such")),
        "pre-of-other-kind": ("unsupported", "with a byte-level vocabulary", good, dict(pre_name="gemma4")),
        "model-unknown": ("unsupported", "tokenizer kind \"rwkv\" is not known", good, dict(model="rwkv")),
        "no-merges": ("input", "there is no tokenizer.ggml.merges", good, dict(merges=None)),
        "no-bytes": ("input", "no token for 254 of the 256 bytes", good,
                     dict(tokens=["a", "b", "ab", "<|end|>"], types=[NORMAL] * 3 + [CONTROL])),
        "empty": ("input", "there is no tokenizer.ggml.tokens", good, dict(tokens=[], types=[])),
        "no-scores": ("input", "there is no tokenizer.ggml.scores", spm_good, dict(scores=None)),
        "scores-long": ("input", "scores has 8 items, the vocabulary has 7", spm_good, dict(scores=[0.0] * 8)),
        "scores-nan": ("input", "token 4 has no number", spm_good,
                       dict(scores=at(spm_good["scores"], 4, float("nan")))),
        "squeeze": ("unsupported", "remove_extra_whitespaces is true", spm_good,
                    dict(remove_extra_whitespaces=True)),
        "added-long": ("limit", "matched in raw text and has 2000 bytes", spm_good,
                       dict(tokens=at(spm_tokens, 1, "x" * 2000))),
    }


def make_bad_files():
    messages = {}
    for name, (status, message, good, change) in bad_files().items():
        write_gguf(os.path.join(OUT, f"bad-{name}.gguf"), **{**good, **change})
        messages[name] = [status, message]
    dump("bad.json", messages)


def dump(name, value):
    with open(os.path.join(OUT, name), "w", encoding="ascii") as f:
        json.dump(value, f, separators=(",", ":"))
        f.write("\n")


def main():
    os.makedirs(OUT, exist_ok=True)
    raw = [t.encode("utf-8") if isinstance(t, str) else t for t in texts()]
    dump("texts.json", [base64.b64encode(t).decode("ascii") for t in raw])
    for make in (make_byte_level, make_sentencepiece, make_chars):
        for name, rows in make():
            dump(name + ".json", rows)
    make_bad_files()


if __name__ == "__main__":
    main()
