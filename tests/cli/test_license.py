"""weigh license: what is recognised, what is not, and that only proven things lead to go."""
import os
import re
import tempfile
import unittest

import weigh

USE = os.path.join(weigh.ROOT, "data/samples/USE.yaml")
with open(os.path.join(weigh.ROOT, "LICENSE"), encoding="utf-8") as f:
    APACHE = f.read()
PASSES_ON = "commercial: true\nfine_tunes: true\nredistributes: {weights: true, fine_tune: true}\n"


class License(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()

    def tearDown(self):
        self.dir.cleanup()

    def file(self, name, content):
        path = os.path.join(self.dir.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(content if isinstance(content, bytes) else content.encode())
        return path

    def judge(self, path, use=USE):
        code, doc = weigh.run_json("license", path, "--use", use)
        self.assertEqual(code, {"go": 0, "no-go": 4, "review": 5}[doc["verdict"]])
        return doc

    def check_quotes(self, doc, folder):
        """Every quote stands in the file, from the line named."""
        for item in doc["clauses"] + doc["reasons"] + doc["obligations"]:
            if not item["quote"]:
                continue
            with open(os.path.join(folder, item["file"]), encoding="utf-8", newline="") as f:
                text = f.read()
            at = [m.start() for m in re.finditer(re.escape(item["quote"]), text)]
            self.assertTrue(at, item)
            self.assertIn(item["line"], [text.count("\n", 0, i) + 1 for i in at])

    def test_the_exact_text_is_go(self):
        for name, text in {"plain": APACHE, "crlf": APACHE.replace("\n", "\r\n"),
                           "flat": re.sub(r"(?<!\n)\n(?!\n)", " ", APACHE),
                           "quotes": APACHE.replace('"License"', "\u201cLicense\u201d"),
                           "markdown": APACHE.replace("   1. Definitions.", "## 1. Definitions"),
                           "short": APACHE[:APACHE.index("   APPENDIX")]}.items():
            with self.subTest(name):
                path = self.file("LICENSE", text)
                doc = self.judge(path)
                self.assertEqual(doc["verdict"], "go")
                self.assertIn(doc["files"][0]["state"], ["EXACT_BYTES", "EXACT_TEXT"])
                self.assertEqual(doc["files"][0]["licenses"][0]["id"], "apache-2.0")
                self.assertEqual(doc["files"][0]["flags"], [])
                self.assertEqual({c["state"] for c in doc["clauses"]}, {"intact"})
                self.check_quotes(doc, self.dir.name)

    def test_fields_of_the_contract(self):
        code, doc = weigh.run_json("license", os.path.join(weigh.ROOT, "LICENSE"))
        self.assertEqual(code, 0)
        self.assertIsNone(doc["verdict"])
        for key in ("files", "label", "mismatch", "base_models", "clauses", "reasons", "obligations"):
            self.assertIn(key, doc)
        self.assertEqual(set(doc["clauses"][0]),
                         {"license", "topic", "clause", "state", "file", "line", "quote", "value"})

    def test_any_edit_is_shown_and_never_go(self):
        words = list(re.finditer(r"[A-Za-z0-9]+", APACHE))
        for i in range(3, len(words) - 80, 61):
            start, end = words[i].span()
            if "[yyyy]" in APACHE[start - 30:end + 40]:
                continue
            for edited in (APACHE[:start] + APACHE[end:], APACHE[:start] + "not " + APACHE[start:],
                           APACHE[:start] + "xyzzy" + APACHE[end:]):
                doc = self.judge(self.file("LICENSE", edited))
                self.assertEqual(doc["verdict"], "review", words[i].group())
                self.assertEqual(doc["files"][0]["state"], "EDITED")
                edits = doc["files"][0]["edits"]
                self.assertEqual(len(edits), 1)
                self.assertLessEqual(abs(edits[0]["line"] - APACHE.count("\n", 0, start) - 1), 2)

    def test_an_inverted_clause_is_sensitive_and_altered(self):
        text = APACHE.replace("You must give any other recipients",
                              "You must not give any other recipients")
        doc = self.judge(self.file("LICENSE", text))
        edit = doc["files"][0]["edits"][0]
        self.assertEqual((edit["kind"], edit["text"], edit["sensitive"]), ("insert", "not", True))
        clause = [c for c in doc["clauses"] if c["topic"] == "copy_of_license"][0]
        self.assertEqual(clause["state"], "altered")
        self.assertIsNone(clause["quote"])

    def test_appended_terms_are_quoted(self):
        text = APACHE + "\nThe Work may not be used for any commercial purpose.\n"
        doc = self.judge(self.file("LICENSE", text))
        self.assertEqual(doc["verdict"], "review")
        self.assertEqual(doc["files"][0]["state"], "EXACT_IN_FILE")
        self.assertEqual(doc["files"][0]["flags"], ["ADDITIONAL_TERMS"])
        self.assertIn("may not be used for any commercial purpose", doc["files"][0]["edits"][0]["text"])
        self.check_quotes(doc, self.dir.name)

    def test_hidden_characters_are_never_go(self):
        for bad in ("Lic\u200bense", "Li\u0441ense", "Licens\u00ade", "~~Not~~ License"):
            doc = self.judge(self.file("LICENSE", APACHE.replace("License", bad, 1)))
            self.assertEqual(doc["verdict"], "review")
            self.assertIn("SUSPICIOUS_CHARACTERS", doc["files"][0]["flags"])

    def test_another_text_is_none(self):
        for text in ("You may use this model for research only.", "", "\x00\x01\x02" * 100, "a " * 5000):
            doc = self.judge(self.file("LICENSE", text))
            self.assertEqual(doc["verdict"], "review")
            self.assertEqual(doc["files"][0]["state"], "NONE")
            self.assertEqual(doc["files"][0]["licenses"], [])

    def test_a_folder_with_a_label(self):
        self.file("m/LICENSE", APACHE)
        self.file("m/README.md", "---\nlicense: apache-2.0\ndatasets: [a/b]\n---\n# A model\n")
        folder = os.path.join(self.dir.name, "m")
        doc = self.judge(folder)
        self.assertEqual(doc["verdict"], "go")
        self.assertEqual(doc["label"], {"value": "apache-2.0", "source": "README.md"})
        self.assertIs(doc["mismatch"], False)
        self.assertEqual(doc["datasets"], [{"id": "a/b", "source": "README.md"}])
        self.check_quotes(doc, folder)

    def test_a_label_against_the_text(self):
        self.file("m/LICENSE", APACHE)
        for label in ("license: mit", "license: [apache-2.0, mit]",
                      "license: other\nlicense_name: llama3.1"):
            self.file("m/README.md", f"---\n{label}\n---\n")
            doc = self.judge(os.path.join(self.dir.name, "m"))
            self.assertIs(doc["mismatch"], True)
            self.assertEqual(doc["verdict"], "review")

    def test_only_a_label(self):
        self.file("m/README.md", "---\nlicense: apache-2.0\n---\n# A model\n")
        doc = self.judge(os.path.join(self.dir.name, "m"))
        self.assertEqual(doc["verdict"], "review")
        self.assertIsNone(doc["mismatch"])
        self.assertIn("get the text", doc["reasons"][0]["why"])

    def test_base_models_and_policies_need_a_person(self):
        self.file("m/LICENSE", APACHE)
        self.file("m/README.md", "---\nlicense: apache-2.0\nbase_model:\n- meta-llama/Llama-3.1-8B\n---\n")
        doc = self.judge(os.path.join(self.dir.name, "m"))
        self.assertEqual(doc["base_models"], [{"id": "meta-llama/Llama-3.1-8B", "source": "README.md"}])
        self.assertIn("inheritance", [r["topic"] for r in doc["reasons"]])
        self.assertEqual(doc["verdict"], "review")
        self.file("m/README.md", "# A model\nFor research purposes only.\n")
        doc = self.judge(os.path.join(self.dir.name, "m"))
        self.assertEqual(doc["verdict"], "review")
        self.assertIn("For research purposes only", [r["quote"] for r in doc["reasons"]])
        self.file("m/README.md", "# A model\n")
        self.assertEqual(self.judge(os.path.join(self.dir.name, "m"))["verdict"], "go")
        self.file("m/USE_POLICY.md", "Do not.\n")
        self.assertEqual(self.judge(os.path.join(self.dir.name, "m"))["verdict"], "review")

    def test_a_broken_card_is_said_not_hidden(self):
        self.file("m/LICENSE", APACHE)
        self.file("m/README.md", "---\nlicense: [apache-2.0\n---\n# A model\n")
        doc = self.judge(os.path.join(self.dir.name, "m"))
        self.assertEqual(doc["verdict"], "review")
        self.assertTrue(any("front matter cannot be read" in r["why"] for r in doc["reasons"]))

    def test_passing_on_brings_duties(self):
        use = self.file("USE.yaml", PASSES_ON)
        self.file("m/LICENSE", APACHE)
        doc = self.judge(os.path.join(self.dir.name, "m"), use)
        self.assertEqual(doc["verdict"], "go")
        lines = [APACHE.count("\n", 0, APACHE.index(duty)) + 1
                 for duty in ("You must give any", "You must cause any", "You must retain, in")]
        self.assertEqual([o["line"] for o in doc["obligations"]], lines)
        self.file("m/NOTICE", "A model by Acme\n")
        doc = self.judge(os.path.join(self.dir.name, "m"), use)
        self.assertEqual(doc["verdict"], "go")
        self.assertEqual(len(doc["obligations"]), 4)
        self.check_quotes(doc, os.path.join(self.dir.name, "m"))

    def test_an_unanswered_question_is_asked(self):
        path = os.path.join(weigh.ROOT, "LICENSE")
        for missing, question in (("commercial: true\n", "commercial"),
                                  ("fine_tunes: true\n", "fine_tunes"),
                                  ("weights: true, ", "redistributes.weights")):
            doc = self.judge(path, self.file("USE.yaml", PASSES_ON.replace(missing, "")))
            self.assertEqual(doc["verdict"], "review")
            asked = [r["why"] for r in doc["reasons"] if r["verdict"] == "review"]
            self.assertEqual(len(asked), 1)
            self.assertIn(f"does not answer {question}:", asked[0])

    def test_input_that_is_refused(self):
        result = weigh.run("license", self.file("LICENSE", b"a" * (17 << 20)), timeout=10)
        self.assertEqual(result.returncode, 3)
        self.assertIn("at most 16 MiB", result.stderr)
        self.assertEqual(weigh.run("license", "/nonexistent").returncode, 3)
        self.assertEqual(weigh.run("license").returncode, 2)
        bad = self.file("USE.yaml", "comercial: true\n")
        self.assertEqual(weigh.run("license", os.path.join(weigh.ROOT, "LICENSE"), "--use", bad).returncode, 3)

    def test_text_output_says_once_that_it_is_no_advice(self):
        result = weigh.run("license", os.path.join(weigh.ROOT, "LICENSE"), "--use", USE)
        self.assertEqual(result.returncode, 0)
        self.assertEqual(result.stdout.count("legal advice"), 1)
        self.assertIn("verdict: go", result.stdout)

    @weigh.needs_model
    def test_a_lone_gguf_is_only_a_label(self):
        doc = self.judge(weigh.MODEL)
        self.assertEqual(doc["verdict"], "review")
        self.assertEqual(doc["label"]["value"], "apache-2.0")
        self.assertIn("general.license", doc["label"]["source"])


if __name__ == "__main__":
    weigh.main()
