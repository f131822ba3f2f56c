"""Small random models against transformers (tests/fixtures/model/tiny, made by
tools/make_tiny_models.py): every switch of the graph and every kind of tensor, at every instruction
set level of this machine."""
import json
import os
import unittest

import weigh

FOLDER = os.path.join(weigh.ROOT, "tests", "fixtures", "model", "tiny")
BOUND = 5e-4  # of the largest logit of the position, on the exact path
LEVELS = "base", "avx2", "avx512", "vnni", "amx"


def logits(path, ids, *options):
    code, doc = weigh.run_json("logits", path, "--ids", ",".join(map(str, ids)), *options)
    assert code == 0
    return doc["logits"]


class TinyModels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(FOLDER, "expected.json"), encoding="utf-8") as f:
            cls.fixture = json.load(f)

    def test_exact_logits_equal_transformers_at_every_level(self):
        stride = self.fixture["stride"]
        for name, want in self.fixture["models"].items():
            path = os.path.join(FOLDER, name + ".gguf")
            for level in LEVELS:
                got = logits(path, want["ids"], "--exact", "--cpu-mask", level)
                self.assertEqual(len(got), len(want["logits"]))
                for t, (row, expected) in enumerate(zip(got, want["logits"])):
                    error = max(abs(a - b) for a, b in zip(row[::stride], expected))
                    self.assertLess(error / want["max_abs"][t], BOUND, f"{name} {level} {t}")

    def test_default_logits_are_close(self):
        for name, want in self.fixture["models"].items():
            got = logits(os.path.join(FOLDER, name + ".gguf"), want["ids"])
            for t, (row, expected) in enumerate(zip(got, want["logits"])):
                error = max(abs(a - b) for a, b in zip(row[::self.fixture["stride"]], expected))
                self.assertLess(error / want["max_abs"][t], 0.1, f"{name} {t}")

    def test_a_longer_prompt_does_not_change_its_beginning(self):
        for name, want in self.fixture["models"].items():
            path = os.path.join(FOLDER, name + ".gguf")
            whole = logits(path, want["ids"])
            for n in 1, 2, 3, 7, 17:
                self.assertEqual(logits(path, want["ids"][:n]), whole[:n], f"{name} {n}")

    def test_threads_do_not_change_a_bit(self):
        for name, want in self.fixture["models"].items():
            path = os.path.join(FOLDER, name + ".gguf")
            one = logits(path, want["ids"], "--threads", "1")
            for n in "2", "5":
                self.assertEqual(logits(path, want["ids"], "--threads", n), one, name)


if __name__ == "__main__":
    weigh.main()
