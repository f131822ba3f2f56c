"""weigh convert: folders as GGUF files that give the logits of transformers, here and in llama.cpp where
it is installed; GGUF files as they are."""
import ctypes
import json
import os
import shutil
import struct
import tempfile
import unittest

import weigh

try:
    import gguf
except ImportError:
    gguf = None
try:
    import llama_cpp
except ImportError:
    llama_cpp = None

TINY = os.path.join(weigh.ROOT, "tests", "fixtures", "model", "tiny")
GOOD = os.path.join(weigh.ROOT, "tests", "formats", "good", "gguf")
BOUND = 5e-4  # of the largest logit of the position
# What a GGUF file cannot say, and a word of the message.
REFUSED = {"gemma2": "query_pre_attn_scalar", "ministral3": "Ministral3ForCausalLM",
           "qwen2-moe": "some layers have experts", "qwen3-moe": "some layers have experts"}
# Readers of these files do not look at windows.
WARNED = {"mistral-window": "7 positions", "phi3-window": "9 positions",
          "qwen2-yarn-window": "5 positions"}
CONVERTED = ("gemma1", "gemma3", "llama-gqa", "llama-linear", "llama-llama3", "llama-mha-tied-bias",
             "mistral-nemo", "mistral-window", "mixtral", "phi2", "phi3", "phi3-window",
             "phi4-mini-longrope", "qwen2", "qwen3", "qwen3-bias-tied")
# llama.cpp: no biases in Qwen3; GELU by a table in half precision; long factors by the context that it
# was opened with, not by the text.
PEER = {"gemma1": 5e-3, "gemma3": 5e-3, "phi2": 5e-3, "llama-gqa": 1e-4, "llama-linear": 1e-4,
        "llama-llama3": 1e-4, "llama-mha-tied-bias": 1e-4, "mistral-nemo": 1e-4, "mixtral": 1e-4,
        "phi3": 1e-4, "qwen2": 1e-4, "qwen3": 1e-4}

QWEN = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
        r"|\s*[\r\n]+|\s+(?!\S)|\s+")


def byte_letters():
    """The letters that byte-level vocabularies spell the bytes 0 to 255 with."""
    plain = [*range(0x21, 0x7f), *range(0xa1, 0xad), *range(0xae, 0x100)]
    others = iter(range(0x100, 0x200))
    return [chr(b) if b in plain else chr(next(others)) for b in range(256)]


def sentencepiece_model(pieces, kind=2, squeeze=0, charsmap=b""):
    """A SentencePiece ModelProto: pieces, trainer_spec.model_type, normalizer_spec."""
    def varint(v):
        out = b""
        while v > 127:
            out += bytes([v & 127 | 128])
            v >>= 7
        return out + bytes([v])

    def block(number, data):
        return varint(number << 3 | 2) + varint(len(data)) + data

    out = b""
    for text, score, type_ in pieces:
        out += block(1, block(1, text.encode()) + b"\x15" + struct.pack("<f", score)
                     + b"\x18" + varint(type_))
    out += block(2, b"\x18" + varint(kind))
    return out + block(3, block(2, charsmap) + b"\x18\x01\x20" + varint(squeeze))


def widen(folder, rows):
    """Gives the embedding and the head of a folder so many rows, of zeros."""
    path = os.path.join(folder, "model.safetensors")
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        header, data = json.loads(f.read(size)), f.read()
    out = b""
    header.pop("__metadata__", None)
    for name, tensor in header.items():
        begin, end = tensor["data_offsets"]
        raw = data[begin:end]
        if name in ("model.embed_tokens.weight", "lm_head.weight"):
            tensor["shape"][0] = rows
            raw = bytes(rows * tensor["shape"][1] * 2)
        tensor["data_offsets"] = [len(out), len(out) + len(raw)]
        out += raw
    text = json.dumps(header).encode()
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + out)
    path = os.path.join(folder, "config.json")
    with open(path, encoding="utf-8") as f:
        config = json.load(f)
    with open(path, "w", encoding="utf-8") as f:
        json.dump({**config, "vocab_size": rows}, f)


def peer_logits(path, ids):
    model_params = llama_cpp.llama_model_default_params()
    model = llama_cpp.llama_model_load_from_file(path.encode(), model_params)
    assert model, path
    params = llama_cpp.llama_context_default_params()
    params.n_ctx = params.n_batch = params.n_ubatch = 64
    params.n_threads = 1
    params.type_k = params.type_v = 0  # F32
    params.flash_attn_type = 0
    context = llama_cpp.llama_init_from_model(model, params)
    batch = llama_cpp.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i], batch.pos[i], batch.n_seq_id[i] = token, i, 1
        batch.seq_id[i][0] = 0
        batch.logits[i] = 1
    assert llama_cpp.llama_decode(context, batch) == 0
    n = llama_cpp.llama_vocab_n_tokens(llama_cpp.llama_model_get_vocab(model))
    rows = [list(llama_cpp.llama_get_logits_ith(context, i)[:n]) for i in range(len(ids))]
    llama_cpp.llama_batch_free(batch)
    llama_cpp.llama_free(context)
    llama_cpp.llama_model_free(model)
    return rows


class Convert(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(TINY, "expected.json"), encoding="utf-8") as f:
            cls.fixture = json.load(f)

    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.out = os.path.join(self.dir, "out.gguf")

    def convert(self, model, *options):
        code, doc = weigh.run_json("convert", model, "--out", self.out, *options)
        self.assertEqual(code, 0)
        self.assertEqual((doc["out"], doc["bytes"]), (self.out, os.path.getsize(self.out)))
        return doc

    def check(self, rows, prompt, bound):
        stride = self.fixture["stride"]
        for t, (row, want) in enumerate(zip(rows, prompt["logits"], strict=True)):
            error = max(abs(a - b) for a, b in zip(row[::stride], want))
            self.assertLess(error / prompt["max_abs"][t], bound, f"position {t}")

    def test_logits_equal_those_of_the_folder(self):
        for name in CONVERTED:
            with self.subTest(name):
                self.convert(os.path.join(TINY, name), "--no-tokenizer")
                for prompt in self.fixture["models"][name][:1]:
                    code, doc = weigh.run_json("logits", self.out, "--exact", "--ids",
                                               ",".join(map(str, prompt["ids"])))
                    self.assertEqual(code, 0)
                    self.check(doc["logits"], prompt, BOUND)

    @unittest.skipUnless(llama_cpp, "llama_cpp is not there")
    def test_llama_cpp_computes_the_same(self):
        # Kept for the life of the process: the library goes on calling it.
        Convert.quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(Convert.quiet, ctypes.c_void_p(0))
        for name, bound in PEER.items():
            with self.subTest(name):
                code, _ = weigh.run_json("quantize", os.path.join(TINY, name), "--type", "F32",
                                         "--no-tokenizer", "--out", self.out)
                self.assertEqual(code, 0)
                for prompt in self.fixture["models"][name][:1]:
                    self.check(peer_logits(self.out, prompt["ids"]), prompt, bound)

    def test_refused(self):
        for name, words in REFUSED.items():
            with self.subTest(name):
                result = weigh.run("convert", os.path.join(TINY, name), "--no-tokenizer", "--out",
                                   self.out)
                self.assertEqual(result.returncode, 3)
                self.assertIn(words, result.stderr)
                self.assertEqual(os.listdir(self.dir), [])

    def test_windows_that_readers_do_not_look_at(self):
        for name, words in WARNED.items():
            result = weigh.run("convert", os.path.join(TINY, name), "--no-tokenizer", "--out",
                               self.out)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertIn(words, result.stderr)

    def test_no_tokenizer(self):
        result = weigh.run("convert", os.path.join(TINY, "llama-gqa"), "--out", self.out)
        self.assertEqual(result.returncode, 3)
        self.assertIn("--no-tokenizer", result.stderr)
        self.assertEqual(os.listdir(self.dir), [])

    def test_quantizes_folders(self):
        code, doc = weigh.run_json("quantize", os.path.join(TINY, "mixtral"), "--type", "Q8_0",
                                   "--no-tokenizer", "--out", self.out)
        self.assertEqual(code, 0)
        self.assertEqual(set(doc["types"]), {"F32", "Q8_0", "F16"})

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_keys_and_types(self):
        self.convert(os.path.join(TINY, "mixtral"), "--no-tokenizer")
        reader = gguf.GGUFReader(self.out)
        want = {"general.architecture": "llama", "general.name": "mixtral", "general.file_type": 32,
                "general.quantization_version": 2, "llama.block_count": 2,
                "llama.context_length": 64, "llama.embedding_length": 32, "llama.vocab_size": 64,
                "llama.feed_forward_length": 48, "llama.attention.head_count": 4,
                "llama.attention.head_count_kv": 2, "llama.expert_count": 5,
                "llama.expert_used_count": 2, "llama.rope.dimension_count": 8,
                "tokenizer.ggml.model": "none"}
        for key, value in want.items():
            self.assertEqual(reader.fields[key].contents(), value, key)
        types = {t.name: (t.tensor_type.name, list(t.shape)) for t in reader.tensors}
        self.assertEqual(types["blk.1.ffn_down_exps.weight"], ("BF16", [48, 32, 5]))
        self.assertEqual(types["blk.1.ffn_gate_inp.weight"], ("F32", [32, 5]))
        self.assertEqual(types["blk.1.attn_norm.weight"], ("F32", [32]))
        self.assertEqual(next(iter(types)), "output.weight")

    def folder(self, **changes):
        """llama-gqa with 288 rows in embedding and head, and a byte-level tokenizer of 261 tokens;
        changes go into tokenizer.json."""
        folder = os.path.join(self.dir, "Tiny")
        shutil.copytree(os.path.join(TINY, "llama-gqa"), folder)
        widen(folder, 288)
        vocab = {c: i for i, c in enumerate([*byte_letters(), "th", "the", "\u0120the"])}
        n = len(vocab)
        doc = {"normalizer": {"type": "NFC"},
               "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                   {"type": "Split", "pattern": {"Regex": QWEN}, "behavior": "Isolated",
                    "invert": False},
                   {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False,
                    "use_regex": False}]},
               "post_processor": {"type": "ByteLevel"},
               "model": {"type": "BPE", "vocab": vocab, "ignore_merges": False,
                         "merges": [["t", "h"], "th e", ["\u0120", "the"]]},
               "added_tokens": [{"id": n, "content": "<|end|>", "special": True},
                                {"id": n + 1, "content": "<tool>", "special": False}], **changes}
        config = {"eos_token": "<|end|>", "pad_token": {"content": "<|end|>"}, "bos_token": None,
                  "chat_template": [{"name": "default", "template": "{{ messages }}"},
                                    {"name": "tools", "template": "{{ tools }}"}]}
        for name, value in (("tokenizer.json", doc), ("tokenizer_config.json", config)):
            with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
                json.dump(value, f)
        return folder, vocab

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_byte_level_tokenizer(self):
        folder, vocab = self.folder()
        self.convert(folder)
        reader = gguf.GGUFReader(self.out)
        n = len(vocab)
        want = {"model": "gpt2", "pre": "qwen2", "eos_token_id": n, "padding_token_id": n,
                "add_bos_token": False, "add_eos_token": False,
                "merges": ["t h", "th e", "\u0120 the"],
                "tokens": [*vocab, "<|end|>", "<tool>", *(f"[PAD{i}]" for i in range(n + 2, 288))],
                "token_type": [1] * n + [3, 4] + [5] * (286 - n)}
        for key, value in want.items():
            self.assertEqual(reader.fields["tokenizer.ggml." + key].contents(), value, key)
        self.assertEqual(reader.fields["tokenizer.chat_template"].contents(), "{{ messages }}")
        self.assertEqual(reader.fields["tokenizer.chat_template.tools"].contents(), "{{ tools }}")
        self.assertEqual(reader.fields["general.name"].contents(), "Tiny")
        code, doc = weigh.run_json("tokenize", self.out, "--text", "the cat, the<tool>")
        self.assertEqual(code, 0)
        cat = [vocab[c] for c in "\u0120cat,"]
        self.assertEqual(doc["ids"], [vocab["the"], *cat, vocab["\u0120the"], n + 1])

    def test_tokenizers_that_are_not_written(self):
        cases = [("NFKC", {"normalizer": {"type": "NFKC"}}),
                 ("byte-level", {"pre_tokenizer": None}),
                 ("Metaspace", {"pre_tokenizer": {"type": "Metaspace"}}),
                 ("no name", {"normalizer": None, "pre_tokenizer": {"type": "Sequence",
                  "pretokenizers": [{"type": "Split", "pattern": {"Regex": "a+"},
                                     "behavior": "Isolated"}, {"type": "ByteLevel"}]}})]
        for words, changes in cases:
            with self.subTest(words):
                folder, _ = self.folder(**changes)
                result = weigh.run("convert", folder, "--out", self.out)
                shutil.rmtree(folder)
                self.assertEqual(result.returncode, 3, result.stderr)
                self.assertIn(words, result.stderr)
                self.assertIn("--no-tokenizer", result.stderr)
                self.assertEqual(os.listdir(self.dir), [])

    def test_tokenizers_that_contradict(self):
        model = {"type": "BPE", "vocab": {"a": 0}, "merges": []}
        cases = [("id 288", {"model": {**model, "vocab": {"a": 288}}}),
                 ("id -1", {"model": {**model, "vocab": {"a": "b"}}}),
                 ("model.vocab", {"model": {**model, "vocab": []}}),
                 ("model.merges", {"model": {**model, "merges": [["a"]]}}),
                 ("eos_token", {"added_tokens": []})]
        for words, changes in cases:
            with self.subTest(words):
                folder, _ = self.folder(**changes)
                result = weigh.run("convert", folder, "--out", self.out)
                shutil.rmtree(folder)
                self.assertEqual(result.returncode, 3, result.stderr)
                self.assertIn(words, result.stderr)

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_licence_of_the_card(self):
        folder, _ = self.folder()
        card = os.path.join(folder, "README.md")
        for text, want in (("---\nlicense: other\nlicense_name: tiny-1.0\ntags: [a]\n---\n# Tiny\n",
                            {"general.license": "other", "general.license.name": "tiny-1.0"}),
                           ("---\nlicense: [\n---\n", {}), ("# Tiny\n", {}), ("---\n---\n", {})):
            with open(card, "w", encoding="utf-8") as f:
                f.write(text)
            self.convert(folder)
            fields = gguf.GGUFReader(self.out).fields
            got = {k: v.contents() for k, v in fields.items() if k.startswith("general.license")}
            self.assertEqual(got, want)

    def spm_folder(self, pieces, **spec):
        """The folder with a tokenizer.model of these (text, score, type)."""
        folder, _ = self.folder()
        with open(os.path.join(folder, "tokenizer.model"), "wb") as f:
            f.write(sentencepiece_model(pieces, **spec))
        with open(os.path.join(folder, "tokenizer_config.json"), "w", encoding="utf-8") as f:
            json.dump({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
                       "chat_template": "{{ messages }}",
                       "added_tokens_decoder": {
                           "0": {"content": "<unk>", "special": True},
                           "1": {"content": "<s>", "special": True},
                           "270": {"content": "<|user|>", "special": True},
                           "271": {"content": "<code>", "special": False}}}, f)
        return folder

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_sentencepiece_tokenizer(self):
        pieces = [("<unk>", 0, 2), ("<s>", 0, 3), ("</s>", 0, 3)]
        pieces += [(f"<0x{b:02X}>", 0, 6) for b in range(256)]
        pieces += [(text, -i, 1) for i, text in enumerate(
            ["th", "the", "\u2581the", "\u2581", "t", "h", "e", "c", "a"])]
        self.convert(self.spm_folder(pieces))
        fields = gguf.GGUFReader(self.out).fields
        n = len(pieces)
        want = {"model": "llama", "pre": "default", "bos_token_id": 1, "eos_token_id": 2,
                "unknown_token_id": 0, "add_bos_token": True, "add_eos_token": False,
                "add_space_prefix": True,
                "tokens": [*(p[0] for p in pieces), "[PAD268]", "[PAD269]", "<|user|>", "<code>",
                           *(f"[PAD{i}]" for i in range(272, 288))],
                "scores": [*(p[1] for p in pieces), *[-1000.0] * (288 - n)],
                "token_type": [*(p[2] for p in pieces), 5, 5, 3, 4, *[5] * 16]}
        for key, value in want.items():
            self.assertEqual(fields["tokenizer.ggml." + key].contents(), value, key)
        self.assertEqual(fields["tokenizer.chat_template"].contents(), "{{ messages }}")
        code, doc = weigh.run_json("tokenize", self.out, "--text", "the cat")
        self.assertEqual(code, 0)
        self.assertEqual(doc["ids"][-5:], [261, 262, 266, 267, 263])

    def test_sentencepiece_vocabularies_that_are_refused(self):
        piece = ("<unk>", 0, 2)
        good = sentencepiece_model([piece])
        cases = [("another kind", sentencepiece_model([piece], kind=1)),
                 ("removes extra spaces", sentencepiece_model([piece], squeeze=1)),
                 ("character map", sentencepiece_model([piece], charsmap=b"x")),
                 ("types are 1 to 6", sentencepiece_model([("a", 0, 7)])),
                 ("has no pieces", sentencepiece_model([])),
                 ("id 288", sentencepiece_model([piece] * 289)),
                 ("offset", good[:3]), ("wire type", b"\x0f" + good), ("64 bits", b"\xff" * 12)]
        for words, data in cases:
            with self.subTest(words):
                folder = self.spm_folder([piece])
                with open(os.path.join(folder, "tokenizer.model"), "wb") as f:
                    f.write(data)
                result = weigh.run("convert", folder, "--out", self.out)
                shutil.rmtree(folder)
                self.assertEqual(result.returncode, 3, result.stderr)
                self.assertIn(words, result.stderr)
                self.assertEqual(os.listdir(self.dir), [])

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_a_set_becomes_one_file(self):
        parts = [os.path.join(GOOD, f"set-0000{i}-of-00003.gguf") for i in (1, 2, 3)]
        self.convert(parts[0])
        new = gguf.GGUFReader(self.out)
        want = {t.name: (t.tensor_type, list(t.shape), t.data.tobytes())
                for part in parts for t in gguf.GGUFReader(part).tensors}
        got = {t.name: (t.tensor_type, list(t.shape), t.data.tobytes()) for t in new.tensors}
        self.assertEqual(got, want)
        first = gguf.GGUFReader(parts[0])
        keys = {k for k in first.fields if not k.startswith(("split.", "GGUF."))}
        self.assertEqual({k for k in new.fields if not k.startswith("GGUF.")}, keys)
        for key in keys:
            self.assertEqual(first.fields[key].contents(), new.fields[key].contents())


if __name__ == "__main__":
    weigh.main()
