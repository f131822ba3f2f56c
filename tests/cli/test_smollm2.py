"""The real SmolLM2 file against what independent implementations compute with it
(tests/fixtures/model/smollm2.json, made by tools/make_model_fixtures.py), and against itself: thread
count, instruction set and the way a prompt is cut must not matter."""
import json
import os
import signal
import subprocess
import unittest

import weigh

FIXTURE = os.path.join(weigh.ROOT, "tests", "fixtures", "model", "smollm2.json")
BOUND = 1e-3  # of the largest logit of the position


def ids_text(ids):
    return ",".join(map(str, ids))


def logits(ids, *options):
    code, doc = weigh.run_json("logits", weigh.MODEL, "--ids", ids_text(ids), *options)
    assert code == 0
    return doc["logits"]


def greedy(case, *options):
    prompt = ["--raw", "-p", case["text"]] if "raw" in case else ["-p",
                                                                 case["messages"][-1]["content"]]
    if "messages" in case and case["messages"][0]["role"] == "system":
        prompt += ["--system", case["messages"][0]["content"]]
    code, doc = weigh.run_json("run", weigh.MODEL, *prompt, "--temp", "0", "-n", "64", *options)
    assert code == 0
    return doc


@weigh.needs_model
class SmolLM2(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with open(FIXTURE, encoding="utf-8") as f:
            cls.fixture = json.load(f)

    def test_logits_equal_transformers(self):
        worst = 0
        for case in self.fixture["cases"]:
            got = logits(case["ids"], "--exact")
            self.assertEqual(len(got), len(case["ids"]))
            for position, want in zip(case["positions"], case["logits"]):
                row = got[position]
                pairs = list(zip(row[::self.fixture["stride"]], want["sample"]))
                pairs += [(row[i], x) for i, x in zip(want["best_ids"], want["best"])]
                error = max(abs(a - b) for a, b in pairs) / want["max_abs"]
                worst = max(worst, error)
                self.assertLess(error, BOUND, f"{case['text']!r} position {position}")
                self.assertEqual(max(range(len(row)), key=row.__getitem__), want["best_ids"][0])
        print(f"largest difference: {worst:.2e} of the largest logit")

    def test_greedy_text_equals_transformers_and_llama_cpp(self):
        for case in self.fixture["cases"]:
            self.assertEqual(case["greedy_transformers"], case["greedy_llama_cpp"])
            doc = greedy(case, "--exact")
            self.assertEqual(doc["ids"], case["greedy_transformers"], case["text"])
            self.assertEqual(doc["prompt_tokens"], len(case["ids"]))
            ended = len(case["greedy_transformers"]) < 64
            self.assertEqual(doc["finish_reason"], "stop" if ended else "length")

    def test_default_path_is_close_to_exact(self):
        case = self.fixture["cases"][-1]
        exact, fast = logits(case["ids"], "--exact"), logits(case["ids"])
        for a, b in zip(exact, fast):
            top = max(abs(x) for x in a)
            self.assertLess(max(abs(x - y) for x, y in zip(a, b)) / top, 0.1)

    def test_threads_do_not_change_a_bit(self):
        ids = self.fixture["cases"][-1]["ids"]
        one = logits(ids, "--threads", "1")
        for threads in "2", "3":
            self.assertEqual(logits(ids, "--threads", threads), one)

    def test_prefill_and_decode_agree_to_the_bit(self):
        # `run` decodes token by token what `logits` computes in one piece.
        case = self.fixture["cases"][0]
        doc = greedy(case)
        rows = logits(case["ids"] + doc["ids"])
        n = len(case["ids"])
        for i, chosen in enumerate(doc["ids"]):
            row = rows[n - 1 + i]
            self.assertEqual(max(range(len(row)), key=row.__getitem__), chosen)

    def test_every_level_is_close_to_base(self):
        ids = self.fixture["cases"][1]["ids"]
        base = logits(ids, "--exact", "--cpu-mask", "base")
        for mask in "avx2", "avx512", "vnni", "amx":
            for a, b in zip(base, logits(ids, "--exact", "--cpu-mask", mask)):
                top = max(abs(x) for x in a)
                self.assertLess(max(abs(x - y) for x, y in zip(a, b)) / top, BOUND, mask)

    def test_a_seed_repeats_its_answer(self):
        args = ("run", weigh.MODEL, "-p", "Tell me a story.", "-n", "24", "--temp", "1")
        first = weigh.run_json(*args, "--seed", "11")[1]
        self.assertEqual(weigh.run_json(*args, "--seed", "11")[1]["ids"], first["ids"])
        self.assertNotEqual(weigh.run_json(*args, "--seed", "12")[1]["ids"], first["ids"])
        self.assertEqual(first["seed"], 11)

    def test_stop_text_is_not_part_of_the_answer(self):
        case = self.fixture["cases"][0]
        whole = greedy(case)["text"]
        cut = greedy(case, "--stop", whole[10:14])
        self.assertEqual(cut["text"], whole[:whole.index(whole[10:14])])
        self.assertEqual(cut["finish_reason"], "stop")

    def test_a_prompt_over_the_context_is_refused_with_both_numbers(self):
        result = weigh.run("run", weigh.MODEL, "--raw", "-p", "word " * 100, "--context", "50")
        self.assertEqual(result.returncode, 3)
        self.assertRegex(result.stderr, r"prompt has \d+ tokens; the context of 50")
        self.assertEqual(result.stdout, "")

    def test_a_context_over_the_model_is_refused(self):
        result = weigh.run("run", weigh.MODEL, "-p", "x", "--context", "100000")
        self.assertEqual(result.returncode, 3)
        self.assertIn("the model was trained for 8192", result.stderr)

    def test_an_interrupt_ends_the_answer_with_130(self):
        p = subprocess.Popen([weigh.BINARY, "run", weigh.MODEL, "-p", "Count to one thousand.",
                              "--temp", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             stdin=subprocess.DEVNULL)
        self.assertTrue(p.stdout.read(1))  # it is answering
        p.send_signal(signal.SIGINT)
        _, err = p.communicate(timeout=30)
        self.assertEqual(p.returncode, 130)
        self.assertIn(b"interrupted", err)

    def test_bad_ids_are_refused(self):
        self.assertEqual(weigh.run("logits", weigh.MODEL, "--ids", "1,99999999").returncode, 3)
        self.assertEqual(weigh.run("logits", weigh.MODEL, "--ids", "1,x").returncode, 2)

    def test_bench_reports_what_it_was_asked_for(self):
        code, doc = weigh.run_json("bench", weigh.MODEL, "-p", "16", "-n", "4", "-r", "2",
                                   "--batch", "1,3")
        self.assertEqual(code, 0)
        self.assertEqual([(r["test"], r["tokens"], r["batch"]) for r in doc["results"]],
                         [("prefill", 16, 1), ("decode", 4, 1), ("decode", 4, 3)])
        for r in doc["results"]:
            self.assertGreater(r["tokens_per_s"], 0)
        self.assertGreater(doc["peak_rss_bytes"], 1 << 20)


if __name__ == "__main__":
    weigh.main()
