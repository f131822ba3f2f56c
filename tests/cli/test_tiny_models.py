"""Small random models against transformers (tests/fixtures/model/tiny, made by
tools/make_tiny_models.py): every switch of every graph, as Hugging Face folders and as GGUF files, at
every instruction set level of this machine."""
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


def best(row):
    return max(range(len(row)), key=row.__getitem__)


class TinyModels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(FOLDER, "expected.json"), encoding="utf-8") as f:
            cls.fixture = json.load(f)
        cls.stride = cls.fixture["stride"]

    def models(self):
        # A name in place of prompts: the same weights in another file.
        models = self.fixture["models"]
        return [(os.path.join(FOLDER, name), models[p] if isinstance(p, str) else p)
                for name, p in models.items()]

    def check(self, got, prompt, bound):
        self.assertEqual(len(got), len(prompt["ids"]))
        for t, (row, want) in enumerate(zip(got, prompt["logits"])):
            error = max(abs(a - b) for a, b in zip(row[::self.stride], want))
            self.assertLess(error / prompt["max_abs"][t], bound, f"position {t}")

    def test_exact_logits_equal_transformers(self):
        for path, prompts in self.models():
            with self.subTest(os.path.basename(path)):
                for prompt in prompts:
                    self.check(logits(path, prompt["ids"], "--exact"), prompt, BOUND)

    def test_every_level_computes_the_same(self):
        for path, prompts in self.models():
            with self.subTest(os.path.basename(path)):
                for level in LEVELS:
                    self.check(logits(path, prompts[0]["ids"], "--exact", "--cpu-mask", level),
                               prompts[0], BOUND)

    def test_greedy_tokens_equal_transformers(self):
        # One prefill of prompt and answer: each answered id has to be the best after its prefix.
        # A longrope model turns all positions anew once the text is long, so its prefixes are run.
        for path, prompts in self.models():
            with self.subTest(os.path.basename(path)):
                for prompt in prompts:
                    ids, answer = prompt["ids"], prompt["greedy"]
                    if "longrope" in path:
                        got = [best(logits(path, ids + answer[:i], "--exact")[-1])
                               for i in range(0, len(answer), 4)]
                        self.assertEqual(got, answer[::4])
                        continue
                    rows = logits(path, ids + answer, "--exact")[len(ids) - 1:-1]
                    self.assertEqual([best(row) for row in rows], answer)

    def test_default_logits_are_close(self):
        for path, prompts in self.models():
            with self.subTest(os.path.basename(path)):
                self.check(logits(path, prompts[0]["ids"]), prompts[0], 0.15)

    def test_a_longer_prompt_does_not_change_its_beginning(self):
        for path, prompts in self.models():
            with self.subTest(os.path.basename(path)):
                if "longrope" in path:
                    continue
                whole = logits(path, prompts[0]["ids"])
                for n in 1, 2, 3, 17:
                    self.assertEqual(logits(path, prompts[0]["ids"][:n]), whole[:n], n)

    def test_threads_do_not_change_a_bit(self):
        for path, prompts in self.models():
            with self.subTest(os.path.basename(path)):
                one = logits(path, prompts[0]["ids"], "--threads", "1")
                self.assertEqual(logits(path, prompts[0]["ids"], "--threads", "5"), one)


if __name__ == "__main__":
    weigh.main()
