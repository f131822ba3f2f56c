"""weigh convert: folders as GGUF files that give the logits of transformers, here and in llama.cpp where
it is installed; GGUF files as they are."""
import ctypes
import json
import os
import shutil
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
        quiet = llama_cpp.llama_log_callback(lambda level, text, data: None)
        llama_cpp.llama_log_set(quiet, ctypes.c_void_p(0))
        for name, bound in PEER.items():
            with self.subTest(name):
                code, _ = weigh.run_json("quantize", os.path.join(TINY, name), "--type", "F32",
                                         "--out", self.out)
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
                                   "--out", self.out)
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
