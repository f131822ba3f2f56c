"""weigh openness: evidence for each item, and nothing claimed without it."""
import hashlib
import os
import tempfile
import unittest

import weigh

with open(os.path.join(weigh.ROOT, "LICENSE"), encoding="utf-8") as f:
    APACHE = f.read()
REQUIRED = {  # MOF 1.0: component, class in which it is required first
    "architecture": 3, "parameters": 3, "evaluation_results": 3, "model_card": 3, "data_card": 3,
    "technical_report": 3, "training_code": 2, "inference_code": 2, "evaluation_code": 2,
    "evaluation_data": 2, "datasets": 1, "preprocessing_code": 1, "intermediate_parameters": 1,
    "research_paper": 1}
OPTIONAL = ("sample_outputs", "libraries", "metadata")
LINKS = {
    "architecture": "[architecture](https://a.example/m)",
    "evaluation_results": "[Evaluation](https://a.example/e)",
    "data_card": "[data card](https://a.example/d)",
    "technical_report": "[technical report](https://a.example/r)",
    "training_code": "[training code](https://a.example/t)",
    "inference_code": "[inference](https://a.example/i)",
    "evaluation_code": "[lighteval](https://a.example/l)",
    "evaluation_data": "[test set](https://a.example/s)",
    "datasets": "[data](https://a.example/datasets/x)",
    "preprocessing_code": "[preprocessing](https://a.example/p)",
    "intermediate_parameters": "[checkpoints](https://a.example/c)",
    "research_paper": "[paper](https://doi.org/10.1/x)",
}


def safetensors():
    """The smallest whole file: one F32 tensor of one value."""
    header = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    return len(header).to_bytes(8, "little") + header + b"\0\0\0\0"


class Openness(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.write("LICENSE", APACHE)
        self.write("model.safetensors", safetensors())
        self.write("config.json", '{"model_type": "llama"}')

    def tearDown(self):
        self.dir.cleanup()

    def write(self, name, content):
        with open(os.path.join(self.dir.name, name), "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())

    def items(self):
        code, doc = weigh.run_json("openness", self.dir.name)
        self.assertEqual(code, 0)
        return doc, {item["id"]: item for item in doc["items"]}

    def test_every_item_is_there(self):
        doc, items = self.items()
        self.assertEqual(set(items), {"mof." + c for c in (*REQUIRED, *OPTIONAL)} |
                         {"osaid." + i for i in ("F1", "F2", "F3", "F4", "D1", "C1", "P1", "S")})
        self.assertEqual(set(doc["mof"]), {"class", "if_links_hold"})
        for item in items.values():
            self.assertTrue(item["evidence"])

    def test_open_weights_with_the_hash_of_what_is_present(self):
        self.write("README.md", "# A model\n")
        doc, items = self.items()
        self.assertEqual(doc["class"], "open weights")
        self.assertEqual(items["osaid.F1"]["state"], "PROVEN")
        self.assertEqual(items["osaid.D1"]["state"], "NOT_SHOWN")
        self.assertEqual(items["mof.model_card"]["state"], "PRESENT")
        self.assertEqual(items["mof.model_card"]["sha256"], hashlib.sha256(b"# A model\n").hexdigest())
        self.assertEqual(doc["mof"], {"class": "none", "if_links_hold": "none"})

    def test_links_count_apart(self):
        self.write("README.md", "# A model\n" + "\n".join(LINKS.values()) + "\n")
        doc, items = self.items()
        for name in LINKS:
            self.assertEqual(items["mof." + name]["state"], "DECLARED", name)
        self.assertEqual(doc["mof"], {"class": "none", "if_links_hold": "I"})
        without = [text for name, text in LINKS.items() if REQUIRED[name] > 1]
        self.write("README.md", "# A model\n" + "\n".join(without) + "\n")
        self.assertEqual(self.items()[0]["mof"]["if_links_hold"], "II")
        without = [text for name, text in LINKS.items() if REQUIRED[name] > 2]
        self.write("README.md", "# A model\n" + "\n".join(without) + "\n")
        self.assertEqual(self.items()[0]["mof"]["if_links_hold"], "III")
        self.assertEqual(self.items()[0]["class"], "open weights")

    def test_without_a_known_text_nothing_is_proven(self):
        self.write("README.md", "# A model\n" + "\n".join(LINKS.values()) + "\n")
        for text in (APACHE + "\nNot for commercial use.\n", "Do what you like."):
            self.write("LICENSE", text)
            doc, items = self.items()
            self.assertEqual(doc["class"], "unknown")
            self.assertEqual(items["osaid.F1"]["state"], "NOT_SHOWN")
            self.assertEqual(doc["mof"], {"class": "none", "if_links_hold": "none"})

    def test_a_base_model_leaves_the_class_unknown(self):
        self.write("README.md", "---\nlicense: apache-2.0\nbase_model: a/b\n---\n")
        self.assertEqual(self.items()[0]["class"], "unknown")

    def test_text_output(self):
        result = weigh.run("openness", self.dir.name)
        self.assertEqual(result.returncode, 0)
        self.assertIn("class: open weights", result.stdout)
        self.assertNotIn("OSI open source", result.stdout)


if __name__ == "__main__":
    weigh.main()
