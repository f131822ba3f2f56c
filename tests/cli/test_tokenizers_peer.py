"""Real vocabularies, which are too large to commit, against their references.

WEIGH_VOCAB_DIR names a folder with any of:
  NAME.gguf + NAME.gguf.inp + NAME.gguf.out   llama.cpp's vocabulary tests (its models/ folder)
  NAME.gguf                                   a byte-level vocabulary: against `tokenizers`
  NAME.tokenizer.json                         against `tokenizers`, as GGUF
  NAME.model                                  a SentencePiece model: against `sentencepiece`, as GGUF
Without it, or without the Python packages, everything is skipped.
"""
import glob
import os
import random
import sys
import tempfile
import unicodedata
import unittest

import weigh

FOLDER = os.environ.get("WEIGH_VOCAB_DIR", "")
sys.path.insert(0, os.path.join(weigh.ROOT, "tools"))
try:
    import gguf
    import sentencepiece
    from tokenizers import Tokenizer

    import make_tokenizer_fixtures as fixtures
    READY = bool(FOLDER)
except ImportError:
    READY = False

# Expected ids of these were written without the normalisation that the model's own tokenizer applies.
NOT_NFC = ("ggml-vocab-qwen35.gguf",)


def named(pattern):
    return sorted(glob.glob(os.path.join(FOLDER, pattern)))


def corpus():
    """A few long texts: every fixture text, random characters of all planes, mixtures of both."""
    texts = [t for t in fixtures.texts() if isinstance(t, str)]
    rng = random.Random(11)
    ranges = [(1, 0x7F), (0x80, 0x24F), (0x250, 0x2FFF), (0x3000, 0xD7FF), (0xE000, 0xFFFF), (0x10000, 0x1FFFF),
              (0x300, 0x36F), (0x2000, 0x206F)]

    def char():
        low, high = rng.choice(ranges)
        return chr(rng.randint(low, high))
    noise = "".join(char() for _ in range(20000))
    soup = "".join(rng.choice(texts) if rng.random() < 0.5 else char() for _ in range(4000))
    files = []
    for path in ("README.md", "src/text/pretok.c"):
        with open(os.path.join(weigh.ROOT, path), encoding="utf-8") as f:
            files.append(f.read())
    return ["\n".join(texts), " ".join(texts), noise, soup] + files


@unittest.skipUnless(READY, "WEIGH_VOCAB_DIR is not set, or gguf, sentencepiece or tokenizers is missing")
class Peers(unittest.TestCase):
    def ids(self, model, text, *options):
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "text")
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(text)
            r = weigh.run("tokenize", model, "--file", path, *options)
        self.assertEqual(r.returncode, 0, r.stderr)
        return [int(i) for i in r.stdout.strip().split(",") if i]

    def same(self, model, text, want, *options):
        got = self.ids(model, text, *options)
        if got != want:
            at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
            before = weigh.run_json("detokenize", model, "--ids", ",".join(map(str, got[max(0, at - 8):at + 8])))
            self.fail(f"{os.path.basename(model)}: id {at} of {len(want)}: {got[at:at + 8]}, not {want[at:at + 8]}, "
                      f"near {before[1]['text']!r}")

    def test_llama_cpp(self):
        for inp in named("*.gguf.inp"):
            name = os.path.basename(inp)[:-4]
            with open(inp, encoding="utf-8", newline="") as f:
                texts = f.read().split("\n__ggml_vocab_test__\n")
            with open(inp[:-4] + ".out", encoding="utf-8") as f:
                rows = f.read().split("\n")
            with self.subTest(name):
                for text, row in zip(texts, rows):
                    if name not in NOT_NFC or unicodedata.is_normalized("NFC", text):
                        self.same(inp[:-4], text, [int(i) for i in row.split()])

    def test_byte_level_gguf(self):
        for path in named("*.gguf"):
            fields = gguf.GGUFReader(path).fields
            pre = fields.get("tokenizer.ggml.pre")
            if not pre or pre.contents() not in fixtures.BYTE_LEVEL:
                continue
            tokens = fields["tokenizer.ggml.tokens"].contents()
            merges = [tuple(m.split(" ")) for m in fields["tokenizer.ggml.merges"].contents()]
            types = fields["tokenizer.ggml.token_type"].contents()
            ref = fixtures.byte_level(pre.contents(), tokens, merges, [], [])
            ref.add_tokens([fixtures.AddedToken(t, normalized=False) for t, k in zip(tokens, types)
                            if k == fixtures.USER_DEFINED])
            with self.subTest(os.path.basename(path)):
                for text in corpus():
                    self.same(path, text, ref.encode(text).ids)

    def test_tokenizer_json(self):
        for path in named("*.tokenizer.json"):
            ref = Tokenizer.from_file(path)
            with self.subTest(os.path.basename(path)), tempfile.TemporaryDirectory() as d:
                model = os.path.join(d, "m.gguf")
                fixtures.gguf_of_json(path, model)
                for text in corpus():
                    self.same(model, text, ref.encode(text, add_special_tokens=False).ids, "--special")

    def test_sentencepiece(self):
        for path in named("*.model"):
            ref = sentencepiece.SentencePieceProcessor(model_file=path)
            with self.subTest(os.path.basename(path)), tempfile.TemporaryDirectory() as d:
                model = os.path.join(d, "m.gguf")
                fixtures.gguf_of_sentencepiece(ref, model)
                for text in corpus():
                    self.same(model, text, ref.encode(text))


if __name__ == "__main__":
    weigh.main()
