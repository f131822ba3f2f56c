"""tokenize and detokenize: usage, the real SmolLM2 vocabulary."""
import os
import tempfile
import unittest

import weigh


class Usage(unittest.TestCase):
    def test_needs_a_text(self):
        self.assertEqual(weigh.run("tokenize", "x.gguf").returncode, 2)
        self.assertEqual(weigh.run("tokenize", "x.gguf", "--text", "a", "--file", "b").returncode, 2)

    def test_needs_ids(self):
        self.assertEqual(weigh.run("detokenize", "x.gguf").returncode, 2)
        self.assertEqual(weigh.run("detokenize", "x.gguf", "--ids", "1,x").returncode, 2)

    def test_no_such_model(self):
        r = weigh.run("tokenize", "no-such-model.gguf", "--text", "a")
        self.assertEqual(r.returncode, 3)
        self.assertIn("no-such-model.gguf", r.stderr)


# Ids by the Python package `tokenizers` from the same vocabulary and merges (Digits, ByteLevel).
SMOLLM2 = [
    ("Hello, world!", [19556, 28, 905, 17]),
    ("I'm 2024 years old", [57, 5248, 216, 34, 32, 34, 36, 929, 1573]),
    ("  two\n\nlines\t", [216, 827, 198, 198, 5110, 197]),
]


@weigh.needs_model
class Model(unittest.TestCase):
    def ids(self, text, *options):
        code, doc = weigh.run_json("tokenize", weigh.MODEL, "--text", text, *options)
        self.assertEqual(code, 0)
        return doc

    def test_ids(self):
        for text, ids in SMOLLM2:
            self.assertEqual(self.ids(text)["ids"], ids, text)

    def test_special(self):
        doc = self.ids("<|im_start|>user", "--special")
        self.assertEqual(doc["ids"][0], 1)
        self.assertEqual(doc["pieces"], ["<|im_start|>", "user"])
        self.assertNotIn(1, self.ids("<|im_start|>user")["ids"])

    def test_there_and_back(self):
        text = "Grüße, 世界 🙂\u200d❤ \x01\r\n  end "
        with tempfile.TemporaryDirectory() as d:
            path = os.path.join(d, "t")
            with open(path, "w", encoding="utf-8", newline="") as f:
                f.write(text)
            ids = weigh.run("tokenize", weigh.MODEL, "--file", path).stdout.strip()
        code, doc = weigh.run_json("detokenize", weigh.MODEL, "--ids", ids)
        self.assertEqual((code, doc["text"]), (0, text))

    def test_id_outside(self):
        r = weigh.run("detokenize", weigh.MODEL, "--ids", "49152")
        self.assertEqual(r.returncode, 3)
        self.assertIn("49152", r.stderr)


if __name__ == "__main__":
    weigh.main()
