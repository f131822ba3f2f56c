"""weigh quantize: the new file as the gguf package reads it, and logits that stay close."""
import math
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import weigh

try:
    import gguf
except ImportError:
    gguf = None

TINY = os.path.join(weigh.ROOT, "tests", "fixtures", "model", "tiny")
MODEL = os.path.join(TINY, "gqa-f32.gguf")
IDS = "5,17,40,2,33,60,7,8,21"
# root mean square of the differences of logits, as part of that of the logits; a random model has
# no redundancy and moves much
BOUNDS = {"F32": 1e-9, "F16": 2e-3, "BF16": 2e-2, "Q8_0": 0.05, "Q6_K": 0.05, "Q5_K_M": 0.4,
          "Q5_1": 0.4, "Q5_0": 0.4, "Q4_K_M": 0.4, "Q4_1": 0.7, "Q4_0": 0.7, "IQ4_XS": 0.7,
          "IQ4_NL": 0.7, "Q3_K_M": 0.7, "Q2_K": 0.7}
# mean square error of a tensor, as part of its mean square
ERRORS = {"F32": 0, "F16": 1e-7, "BF16": 5e-6, "Q8_0": 4e-5, "Q6_K": 4e-5, "Q5_K_M": 2.5e-3,
          "Q5_1": 2e-3, "Q5_0": 2.5e-3, "Q4_K_M": 2.5e-3, "Q4_1": 8e-3, "Q4_0": 9e-3,
          "IQ4_XS": 7e-3, "IQ4_NL": 7e-3, "Q3_K_M": 7e-3, "Q2_K": 7e-3}


def logits(path):
    code, doc = weigh.run_json("logits", path, "--ids", IDS, "--exact")
    assert code == 0
    return doc["logits"]


def difference(a, b):
    """Root mean square of a - b, as part of that of a."""
    pairs = [(x, y) for p, q in zip(a, b) for x, y in zip(p, q)]
    return math.sqrt(sum((x - y) ** 2 for x, y in pairs) / sum(x * x for x, _ in pairs))


class Quantize(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.dir)
        self.out = os.path.join(self.dir, "out.gguf")

    def quantize(self, kind, *options, model=MODEL):
        code, doc = weigh.run_json("quantize", model, "--type", kind, "--out", self.out, *options)
        self.assertEqual(code, 0)
        self.assertEqual(doc["out"], self.out)
        self.assertEqual(doc["bytes"], os.path.getsize(self.out))
        return doc

    def test_logits_stay_close(self):
        want = logits(MODEL)
        for kind, bound in BOUNDS.items():
            with self.subTest(kind):
                doc = self.quantize(kind)
                self.assertEqual(doc["type"], kind)
                error = difference(want, logits(self.out))
                self.assertLess(error, bound)
                self.assertEqual(sum(doc["types"].values()), doc["tensors"])

    def test_threads_do_not_change_a_bit(self):
        self.quantize("Q4_K_M", "--threads", "1")
        with open(self.out, "rb") as f:
            one = f.read()
        self.quantize("Q4_K_M", "--threads", "3", "--cpu-mask", "base")
        with open(self.out, "rb") as f:
            self.assertEqual(f.read(), one)

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_another_reader(self):
        self.quantize("q5_k_m")
        old, new = gguf.GGUFReader(MODEL), gguf.GGUFReader(self.out)
        changed = {"general.file_type", "general.quantization_version"}
        for key, field in old.fields.items():
            if key not in changed and not key.startswith("GGUF."):
                self.assertEqual(field.contents(), new.fields[key].contents(), key)
        self.assertEqual(new.fields["general.file_type"].contents(), 17)
        self.assertEqual(new.fields["general.quantization_version"].contents(), 2)

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_error_of_each_tensor(self):
        for kind, bound in ERRORS.items():
            self.quantize(kind)
            old, new = gguf.GGUFReader(MODEL), gguf.GGUFReader(self.out)
            self.assertEqual([t.name for t in old.tensors], [t.name for t in new.tensors])
            for a, b in zip(old.tensors, new.tensors):
                with self.subTest(kind + " " + a.name):
                    self.assertEqual(list(a.shape), list(b.shape))
                    x = gguf.dequantize(a.data, a.tensor_type).astype("f8")
                    y = gguf.dequantize(b.data, b.tensor_type).astype("f8")
                    error = ((x - y) ** 2).mean() / (x ** 2).mean()
                    self.assertLessEqual(error, 0 if "norm" in a.name else bound)

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_plain_types_equal_the_package(self):
        for kind in "Q8_0", "F16", "BF16":
            self.quantize(kind)
            old, new = gguf.GGUFReader(MODEL), gguf.GGUFReader(self.out)
            for a, b in zip(old.tensors, new.tensors):
                if len(a.shape) == 2:
                    want = gguf.quantize(a.data, gguf.GGMLQuantizationType[kind])
                    self.assertEqual(want.tobytes(), b.data.tobytes(), (kind, a.name))

    def refuse(self, code, *words, model=MODEL, out=None, kind="Q4_0", options=()):
        result = weigh.run("quantize", model, "--type", kind, "--out", out or self.out, *options)
        self.assertEqual(result.returncode, code, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)
        self.assertEqual(os.listdir(self.dir), [] if not out else os.listdir(self.dir))

    def test_refuses_what_is_quantized(self):
        model = os.path.join(TINY, "bias-q8_0.gguf")
        self.refuse(3, "Q8_0", "--allow-requantize", model=model)
        doc = self.quantize("Q4_0", "--allow-requantize", model=model)
        self.assertIn("Q4_0", doc["types"])
        # The type that it has already is a copy.
        self.quantize("Q8_0", model=model)
        self.assertEqual(logits(model), logits(self.out))

    def test_refuses_its_own_file(self):
        copy = os.path.join(self.dir, "model.gguf")
        shutil.copy(MODEL, copy)
        os.symlink("model.gguf", self.out)
        for out in copy, self.out:
            self.refuse(2, "file of the model itself", model=copy, out=out)
        with open(copy, "rb") as a, open(MODEL, "rb") as b:
            self.assertEqual(a.read(), b.read())

    def test_usage(self):
        self.refuse(2, "Q4_K_M", kind="Q4_X")
        self.refuse(2, "is a folder", out=self.dir)
        self.assertEqual(weigh.run("quantize", MODEL, "--out", self.out).returncode, 2)
        self.assertEqual(weigh.run("quantize", MODEL, "--type", "Q4_0").returncode, 2)

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_numbers_that_cannot_be_kept(self):
        import numpy as np
        for value, kind, words in ((math.nan, "Q8_0", "no finite number"),
                                   (1e6, "F16", "too large for F16")):
            model = os.path.join(self.dir, "bad.gguf")
            w = gguf.GGUFWriter(model, "llama")
            a = np.ones((4, 64), np.float32)
            a[2, 7] = value
            w.add_tensor("blk.0.ffn_up.weight", a)
            w.write_header_to_file()
            w.write_kv_data_to_file()
            w.write_tensors_to_file()
            w.close()
            self.refuse(3, "row 2", words, model=model, kind=kind, out=self.out)
            self.assertEqual(os.listdir(self.dir), ["bad.gguf"])

    @unittest.skipUnless(gguf, "the gguf package is not there")
    def test_interrupted(self):
        import numpy as np
        model = os.path.join(self.dir, "large.gguf")
        w = gguf.GGUFWriter(model, "llama")
        w.add_tensor("blk.0.ffn_up.weight",
                     np.random.default_rng(1).normal(size=(32768, 1024)).astype(np.float32))
        w.write_header_to_file()
        w.write_kv_data_to_file()
        w.write_tensors_to_file()
        w.close()
        child = subprocess.Popen([weigh.BINARY, "quantize", model, "--type", "Q2_K", "--out",
                                  self.out, "--threads", "1"], stderr=subprocess.PIPE,
                                 encoding="utf-8")
        time.sleep(0.5)
        child.send_signal(signal.SIGINT)
        _, talk = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 130, talk)
        self.assertEqual(os.listdir(self.dir), ["large.gguf"])


if __name__ == "__main__":
    weigh.main()
