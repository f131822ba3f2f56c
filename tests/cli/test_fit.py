"""`weigh fit`: sizes against a reading of the header by this script, and what it says."""
import math
import os
import struct
import tempfile
import unittest

import weigh

FOLDER = os.path.join(weigh.ROOT, "tests", "fixtures", "model", "tiny")
BLOCK = {0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34),
         10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210),
         20: (32, 18), 23: (256, 136), 30: (1, 2)}  # ggml type: values and bytes a block
SCALAR = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


class Header:
    """Keys and tensor sizes of a GGUF file, read from its specification."""

    def __init__(self, path):
        with open(path, "rb") as f:
            self.data = f.read()
        self.at = 4
        self.take("I")
        tensors, keys = self.take("Q"), self.take("Q")
        self.keys = {}
        for _ in range(keys):
            name = self.text()
            self.keys[name] = self.value(self.take("I"))
        self.tensor_bytes = 0
        for _ in range(tensors):
            self.text()
            n = math.prod(self.take("Q") for _ in range(self.take("I")))
            values, size = BLOCK[self.take("I")]
            self.take("Q")
            self.tensor_bytes += n // values * size

    def take(self, kind):
        v, = struct.unpack_from("<" + kind, self.data, self.at)
        self.at += struct.calcsize("<" + kind)
        return v

    def text(self):
        n = self.take("Q")
        self.at += n
        return self.data[self.at - n:self.at].decode()

    def value(self, kind):
        if kind == 8:
            return self.text()
        if kind == 9:
            item, n = self.take("I"), self.take("Q")
            return [self.value(item) for _ in range(n)]
        return self.take(SCALAR[kind])


def models():
    return sorted(os.path.join(FOLDER, n) for n in os.listdir(FOLDER) if n.endswith(".gguf"))


def state_bytes(h):
    """(layers, bytes) of delta nets: f32 inputs of the convolution and a matrix for each value head."""
    arch = h.keys["general.architecture"]
    layers = sum(h.keys.get(f"{arch}.attention.recurrent_layers", []))
    if not layers:
        return 0, 0
    taps, d_k, groups, heads, inner = (h.keys[f"{arch}.ssm.{name}"] for name in (
        "conv_kernel", "state_size", "group_count", "time_step_rank", "inner_size"))
    assert inner % heads == 0
    return layers, layers * 4 * ((taps - 1) * (2 * groups * d_k + inner) + inner * d_k)


class Fit(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.TemporaryDirectory()
        self.addCleanup(self.home.cleanup)
        self.env = {"WEIGH_HOME": self.home.name}

    def fit(self, *args):
        code, doc = weigh.run_json("fit", *args, "--threads", "1", env=self.env)
        self.assertEqual(code, 0)
        return doc

    def test_sizes_follow_from_the_header(self):
        for path in models():
            with self.subTest(path=path):
                h = Header(path)
                arch = h.keys["general.architecture"]
                key = lambda name: h.keys[f"{arch}.{name}"]
                d_head = h.keys.get(f"{arch}.attention.key_length",
                                    key("embedding_length") // key("attention.head_count"))
                heads = h.keys.get(f"{arch}.attention.head_count_kv", key("attention.head_count"))
                delta_layers, state = state_bytes(h)
                layers = key("block_count") - delta_layers - h.keys.get(
                    f"{arch}.nextn_predict_layers", 0)
                kv_heads = sum(heads) if isinstance(heads, list) else heads * layers
                per_token = kv_heads * d_head * 2 * 2
                doc = self.fit(path)
                b = doc["bytes"]
                self.assertEqual(doc["context"], key("context_length"))
                self.assertTrue(doc["context_assumed"] and doc["users_assumed"])
                self.assertEqual(b["weights"], h.tensor_bytes)
                self.assertEqual(b["kv"], per_token * key("context_length") + state)
                self.assertEqual(b["total"], b["weights"] + b["kv"] + b["compute"])
                self.assertTrue(doc["fits"])
                doc = self.fit(path, "--context", 10, "--users", 7)
                self.assertEqual(doc["bytes"]["kv"], per_token * 70 + state * 7)
                self.assertFalse(doc["context_assumed"] or doc["users_assumed"])

    def test_too_many_users_do_not_fit(self):
        doc = self.fit(models()[0], "--users", 1 << 20)
        self.assertEqual(doc["fits"], doc["bytes"]["total"] + doc["margin_bytes"]
                         <= doc["available_bytes"])
        self.assertEqual(doc["fits"], doc["max_users"] >= 1 << 20)

    def test_forecast_is_made_of_this_machine(self):
        doc = self.fit(models()[0])
        for rate in doc["forecast"]["prefill_tokens_per_s"], doc["forecast"]["decode_tokens_per_s"]:
            self.assertGreater(rate, 0)
        kept = os.path.join(self.home.name, "machine.json")
        with open(kept, encoding="utf-8") as f:
            before = f.read()
        again = self.fit(models()[0])
        self.assertEqual(again["machine"]["read"], doc["machine"]["read"])
        with open(kept, encoding="utf-8") as f:
            self.assertEqual(f.read(), before)
        with open(kept, "w", encoding="utf-8") as f:
            f.write('{"version": 1, "machines": {"x": ')
        r = weigh.run("fit", models()[0], "--threads", "1", env=self.env)
        self.assertEqual(r.returncode, 0)
        self.assertIn("machine.json", r.stderr)

    def test_says_what_it_assumed(self):
        r = weigh.run("fit", models()[0], "--threads", "1", env=self.env)
        self.assertIn("assumed: one user, the model's full context", r.stdout)
        self.assertIn("fits: yes", r.stdout)
        r = weigh.run("fit", models()[0], "--threads", "1", "--context", 5, "--users", 2,
                      env=self.env)
        self.assertIn("2 users at once, 5 tokens", r.stdout)
        self.assertNotIn("assumed", r.stdout)

    def test_bad_questions_and_files(self):
        for args, code, words in [
                ([models()[0], "--context", 1 << 31], 3, "trained for"),
                ([models()[0], "--context", 0], 2, "--context"),
                ([models()[0], "--users", 0], 2, "--users"),
                (["/no/such/model.gguf"], 3, "no/such/model"),
                ([__file__], 3, "test_fit.py")]:
            with self.subTest(args=args):
                r = weigh.run("fit", *args, env=self.env)
                self.assertEqual(r.returncode, code, r.stderr)
                self.assertIn(words, r.stderr)
                self.assertEqual(r.stdout, "")

    def test_nothing_to_keep_is_no_failure(self):
        r = weigh.run("fit", models()[0], "--threads", "1", env={"WEIGH_HOME": "/proc/no"})
        self.assertEqual(r.returncode, 0, r.stderr)


if __name__ == "__main__":
    weigh.main()
