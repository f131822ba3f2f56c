"""weigh cost: figures, missing answers, exit statuses."""
import json
import os
import tempfile
import unittest

import weigh

USE = os.path.join(weigh.ROOT, "data/samples/USE.yaml")
PRICES = os.path.join(weigh.ROOT, "data/samples/prices.yaml")
BENCH = {"isa": "avx2", "results": [
    {"test": "prefill", "tokens": 512, "batch": 1, "tokens_per_s": 3000.0, "stddev": 1.0},
    {"test": "decode", "tokens": 128, "batch": 8, "tokens_per_s": 400.0, "stddev": 1.0},
    {"test": "decode", "tokens": 128, "batch": 1, "tokens_per_s": 100.0, "stddev": 1.0}]}


class Cost(unittest.TestCase):
    def setUp(self):
        self.dir = tempfile.TemporaryDirectory()
        self.bench = os.path.join(self.dir.name, "bench.json")
        with open(self.bench, "w", encoding="utf-8") as f:
            json.dump(BENCH, f)

    def tearDown(self):
        self.dir.cleanup()

    def file(self, name, text):
        path = os.path.join(self.dir.name, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def test_the_sample_is_not_for_cost(self):
        code, doc = weigh.run_json("cost", "--use", USE, "--prices", PRICES, "--bench", self.bench)
        self.assertEqual(code, 4)
        self.assertEqual(doc["verdict"], "no-go")
        month = 365.25 / 12
        tokens_in, tokens_out = 2000 * 600 * month, 2000 * 200 * month
        api = tokens_in / 1e6 * 0.25 + tokens_out / 1e6 * 2.0
        self.assertAlmostEqual(doc["tokens_per_month"], tokens_in + tokens_out, places=3)
        self.assertAlmostEqual(doc["api_usd_per_month"], api, places=6)
        self.assertAlmostEqual(doc["own_usd_per_month"], 60 + 4 * 50, places=6)
        self.assertAlmostEqual(doc["break_even_tokens_per_month"],
                               260 / (api / (tokens_in + tokens_out)), delta=1)
        self.assertAlmostEqual(doc["utilisation"], 2000 * (600 / 3000 + 200 / 400) / 86400, places=9)
        self.assertAlmostEqual(sum(line["usd_per_month"] for line in doc["lines"]), 260 + api, places=6)

    def test_what_is_missing_is_named_and_needs_a_person(self):
        code, doc = weigh.run_json("cost", "--use", USE)
        self.assertEqual(code, 5)
        self.assertEqual(doc["missing"], ["bench (measured speed)", "prices (a price file)"])
        use = self.file("USE.yaml", "load: {requests_per_day: 5}\n")
        code, doc = weigh.run_json("cost", "--use", use, "--prices", PRICES, "--bench", self.bench)
        self.assertEqual(code, 5)
        self.assertIn("today.model", doc["missing"])
        self.assertIn("load.input_tokens", doc["missing"])
        self.assertIn("budget.host_usd_per_month", doc["missing"])

    def test_text_output_says_the_same(self):
        result = weigh.run("cost", "--use", USE, "--prices", PRICES, "--bench", self.bench)
        self.assertEqual(result.returncode, 4)
        self.assertIn("not for cost", result.stdout)
        self.assertIn("prices of 2026-07-01", result.stdout)
        self.assertEqual(result.stderr, "")

    def test_bad_input(self):
        self.assertEqual(weigh.run("cost").returncode, 2)
        self.assertEqual(weigh.run("cost", "--use", "/nonexistent").returncode, 3)
        bad = self.file("bad.yaml", "comercial: true\n")
        result = weigh.run("cost", "--use", bad)
        self.assertEqual(result.returncode, 3)
        self.assertIn('the nearest is "commercial"', result.stderr)
        other = self.file("USE.yaml", "today: {provider: openai, model: gpt-6}\n")
        result = weigh.run("cost", "--use", other, "--prices", PRICES)
        self.assertEqual(result.returncode, 3)
        self.assertIn("no price for openai/gpt-6; it has openai/gpt-5-mini", result.stderr)
        broken = self.file("bench2.json", '{"results": [{"test": "decode"}]}')
        result = weigh.run("cost", "--use", USE, "--bench", broken)
        self.assertEqual(result.returncode, 3)
        self.assertIn("results[0]", result.stderr)


if __name__ == "__main__":
    weigh.main()
