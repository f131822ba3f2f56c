"""`weigh assess` on small random models in made-up packages: verdicts, files, escaping."""
import html.parser
import json
import os
import shutil
import tempfile
import unittest

import schema
import weigh

TINY = os.path.join(weigh.ROOT, "tests", "fixtures", "model", "tiny")
SAMPLE = os.path.join(weigh.ROOT, "data", "samples", "USE.yaml")
PRICES = os.path.join(weigh.ROOT, "data", "samples", "prices.yaml")
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'x'"
VOID = {"meta", "rect", "line", "polyline"}
SECTIONS = ["package", "license", "openness", "fit", "speed", "cost", "quality", "safety",
            "adaptation"]

with open(os.path.join(weigh.ROOT, "docs", "report.schema.json"), encoding="utf-8") as f:
    SCHEMA = json.load(f)


class Page(html.parser.HTMLParser):
    """Checks that elements are closed in order and collects what a test asks for."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.ids, self.links, self.outside = [], set(), set(), [], []
        self.text = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            if name == "id":
                assert value not in self.ids, f"two elements have the id {value}"
                self.ids.add(value)
            if name in ("href", "src", "srcset", "data", "action", "poster", "xlink:href"):
                (self.links if value.startswith("#") else self.outside).append(value)
            assert not name.startswith("on"), f"event handler {name}"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        assert tag in VOID, f"<{tag}/>"

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)


class Assess(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.out = os.path.join(self.folder, "out")
        self.env = {"WEIGH_HOME": os.path.join(self.folder, "home")}
        with open(SAMPLE, encoding="utf-8") as f:
            text = f.read()
        for old, new in ("input_tokens: 600", "input_tokens: 6"), ("output_tokens: 200",
                                                                   "output_tokens: 2"):
            assert old in text  # the models of these tests have a short context
            text = text.replace(old, new)
        self.sample = self.use(text, "sample.yaml")

    def package(self, name="package", license="LICENSE", weights=True):
        path = os.path.join(self.folder, name)
        os.mkdir(path)
        if weights:
            tiny = sorted(n for n in os.listdir(TINY) if n.endswith(".gguf"))[0]
            shutil.copy(os.path.join(TINY, tiny), os.path.join(path, "model.gguf"))
        if license:
            shutil.copy(os.path.join(weigh.ROOT, license), os.path.join(path, "LICENSE"))
        return path

    def use(self, text, name="USE.yaml"):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path

    def assess(self, package, *args, use=None):
        code, doc = weigh.run_json("assess", package, "--use", use or self.sample, "--out",
                                   self.out, "--threads", "1", *args, env=self.env)
        self.verdicts = {s["name"]: s["verdict"] for s in doc["sections"]}
        self.why = {s["name"]: s["why"] for s in doc["sections"]}
        self.assertEqual([s["name"] for s in doc["sections"]], SECTIONS)
        worst = max(self.verdicts.values(), key=["go", "review", "no-go"].index)
        self.assertEqual(doc["verdict"], worst)
        self.assertEqual(code, {"go": 0, "review": 5, "no-go": 4}[worst])
        self.assertEqual(doc["report"], os.path.join(self.out, "report.html"))
        return doc

    def report(self):
        with open(os.path.join(self.out, "report.json"), encoding="utf-8") as f:
            return json.load(f)

    def page(self):
        with open(os.path.join(self.out, "report.html"), encoding="utf-8") as f:
            return Page(f.read())

    def test_sample_use_needs_a_person(self):
        doc = self.assess(self.package())
        self.assertEqual(doc["verdict"], "review")
        self.assertEqual(self.verdicts["license"], "go")
        self.assertEqual(self.verdicts["fit"], "go")
        self.assertEqual(self.verdicts["package"], "review")
        for name in "quality", "safety", "adaptation":
            self.assertEqual(self.verdicts[name], "review")
        self.assertIn("prices", self.why["cost"])
        self.assertEqual(sorted(os.listdir(self.out)), ["report.html", "report.json", "report.md"])

    def test_report_keeps_its_schema(self):
        self.assess(self.package(), "--prices", PRICES)
        report = self.report()
        self.assertEqual(schema.problems(report, SCHEMA), [])
        applied = [r for r in report["rules"] if r["applied"]]
        self.assertEqual(len(applied), len(SECTIONS))
        for section, rule in zip(report["sections"], applied):
            self.assertEqual((section["name"], section["verdict"], section["rule"]),
                             (rule["section"], rule["verdict"], rule["id"]))

    def test_page_is_whole_and_self_contained(self):
        self.assess(self.package(), "--prices", PRICES)
        page = self.page()
        self.assertEqual(page.open, [])
        self.assertEqual(page.outside, [])
        self.assertFalse(page.tags & {"script", "img", "link", "iframe", "object", "embed", "form"})
        for link in page.links:
            self.assertIn(link[1:], page.ids)
        self.assertLessEqual(set(SECTIONS), page.ids)
        self.assertIn("svg", page.tags)
        with open(os.path.join(self.out, "report.html"), encoding="utf-8") as f:
            text = f.read()
        self.assertNotIn("url(", text)
        self.assertNotIn("@import", text)

    def test_three_renderings_agree(self):
        self.assess(self.package(), "--prices", PRICES)
        report, page = self.report(), "".join(self.page().text)
        with open(os.path.join(self.out, "report.md"), encoding="utf-8") as f:
            markdown = f.read()
        for section in report["sections"]:
            self.assertIn(section["why"], page)
            self.assertIn(section["title"], markdown)
            self.assertIn(section["rule"], markdown)
        for points in [s["points"] for s in report["sections"]] + \
                [m.get("points", []) for m in report["run"]["sections"].values()]:
            for point in points:
                self.assertIn(point["what"], page)
                self.assertIn(point.get("value", ""), page)
        self.assertIn(f"**Verdict: {report['verdict']}.**", markdown)

    def test_hashes_are_those_of_the_files(self):
        import hashlib
        package = self.package()
        self.assess(package)
        inputs = {i["file"]: i for i in self.report()["inputs"]}
        for name in os.listdir(package):
            with open(os.path.join(package, name), "rb") as f:
                data = f.read()
            self.assertEqual(inputs[name]["sha256"], hashlib.sha256(data).hexdigest())
            self.assertEqual(inputs[name]["bytes"], len(data))
        self.assertIn(self.sample, inputs)
        self.assertEqual(self.report()["use"]["load"]["input_tokens"], 6)

    def test_quotes_are_in_the_file_at_their_line(self):
        package = self.package()
        self.assess(package)
        checked = 0
        for section in self.report()["sections"]:
            for point in section["points"]:
                for e in point["evidence"]:
                    if "quote" not in e:
                        continue
                    with open(os.path.join(package, e["file"]), encoding="utf-8") as f:
                        lines = f.read().split("\n")
                    self.assertIn(e["quote"].split("\n")[0], lines[e["line"] - 1])
                    checked += 1
        self.assertGreater(checked, 0)

    def test_same_inputs_same_report(self):
        package = self.package()
        self.assess(package, "--prices", PRICES)
        first = self.report()
        self.assess(package, "--prices", PRICES)
        second = self.report()
        del first["run"], second["run"]
        for report in first, second:  # a verdict that rests on a measurement may differ with it
            report["sections"][4] = report["summary"] = report["verdict"] = None
            report["rules"] = [r for r in report["rules"] if r["section"] != "speed"]
        self.assertEqual(json.dumps(first), json.dumps(second))

    def test_dearer_than_the_provider_is_no_go(self):
        self.assess(self.package(), "--prices", PRICES)
        self.assertEqual(self.verdicts["cost"], "no-go")
        plots = self.report()["run"]["sections"]["cost"]["plots"]
        self.assertIn("lines", {p["kind"] for p in plots})

    def test_unknown_licence_needs_a_person(self):
        package = self.package(license=None)
        with open(os.path.join(package, "LICENSE"), "w", encoding="utf-8") as f:
            f.write("You may use this on Tuesdays, if it rains.\n" * 20)
        self.assess(package)
        self.assertEqual(self.verdicts["license"], "review")
        self.assertEqual(self.verdicts["openness"], "review")

    def test_unanswered_questions_lead_to_review(self):
        self.assess(self.package(), use=self.use("commercial: true\n"))
        for name in "fit", "speed", "cost":
            self.assertEqual(self.verdicts[name], "review", name)

    def test_tuning_not_wanted_is_not_needed(self):
        doc = self.assess(self.package(), use=self.use("fine_tunes: false\n"))
        self.assertEqual(self.verdicts["adaptation"], "go")
        self.assertEqual(doc["sections"][8]["state"], "not needed")

    def test_too_long_requests_are_no_go(self):
        self.assess(self.package(), use=self.use(
            "load: {requests_per_day: 10, input_tokens: 100000000, output_tokens: 1,"
            " peak_concurrency: 1, max_ttft_ms: 1000}\n"))
        self.assertEqual(self.verdicts["fit"], "no-go")

    def test_package_without_weights(self):
        self.assess(self.package(weights=False))
        self.assertEqual(self.verdicts["fit"], "review")
        self.assertEqual(self.verdicts["speed"], "review")
        self.assertIn("no weights", self.why["fit"])
        self.assertEqual(schema.problems(self.report(), SCHEMA), [])

    def test_hostile_names_stay_text(self):
        package = self.package(name="<b>x<" + "script>")
        with open(os.path.join(package, "README.md"), "w", encoding="utf-8") as f:
            f.write(f"---\nlicense: \"{HOSTILE.replace(chr(34), '')}\u202e\"\n---\n# {HOSTILE}\n")
        self.assess(package)
        page = self.page()
        self.assertNotIn("script", page.tags)
        self.assertNotIn("\u202e", "".join(page.text))
        self.assertIn("<b>x<script>", "".join(page.text))

    def test_store_remembers_and_notices(self):
        package = self.package()
        code, pulled = weigh.run_json("pull", package, "--name", "kept", env=self.env)
        self.assertEqual(code, 0)
        self.assess("kept")
        self.assertEqual(self.verdicts["package"], "go")
        first = {i["file"]: i["sha256"] for i in self.report()["inputs"]}
        hashes = {f["path"]: f["sha256"] for f in pulled["files"]}
        for path, sha256 in hashes.items():
            self.assertEqual(first[path], sha256)
        for folder, _, names in os.walk(self.env["WEIGH_HOME"]):
            for name in names:
                path = os.path.join(folder, name)
                if hashes["LICENSE"].endswith(name) and len(name) > 32:
                    os.chmod(path, 0o600)
                    with open(path, "r+b") as f:
                        f.seek(100)
                        f.write(b"not ")
        self.assess("kept")
        self.assertEqual(self.verdicts["package"], "no-go")
        self.assertEqual(self.verdicts["license"], "review")

    def test_task_is_named_and_must_exist(self):
        package = self.package()
        self.assess(package, "--task", self.sample)
        self.assertIn(self.sample, self.why["quality"])
        self.assertIn(self.sample, [i["file"] for i in self.report()["inputs"]])
        r = weigh.run("assess", package, "--use", self.sample, "--out", self.out, "--task",
                      "/no/task.yaml", env=self.env)
        self.assertEqual(r.returncode, 3)
        self.assertIn("/no/task.yaml", r.stderr)

    def test_wrong_calls(self):
        package = self.package()
        for args, code, words in [
                ([package, "--out", self.out], 2, "--use"),
                ([package, "--use", self.sample], 2, "--out"),
                (["pypi:not a name", "--use", self.sample, "--out", self.out], 3, "not a name"),
                (["pypi:weigh-model", "--use", self.sample, "--out", self.out, "--offline"], 1,
                 "offline"),
                (["/no/model", "--use", self.sample, "--out", self.out], 3, "/no/model"),
                ([package, "--use", "/no/use.yaml", "--out", self.out], 3, "/no/use.yaml"),
                ([package, "--use", self.use("comercial: true\n"), "--out", self.out], 3,
                 "comercial"),
                ([package, "--use", self.sample, "--prices", "/no/p.json", "--out", self.out], 3,
                 "/no/p.json"),
                ([package, "--use", self.sample, "--out", "/proc/no"], 1, "/proc/no")]:
            with self.subTest(args=args):
                r = weigh.run("assess", *args, "--threads", "1", env=self.env)
                self.assertEqual(r.returncode, code, r.stderr)
                self.assertIn(words, r.stderr)
                self.assertFalse(os.path.exists(self.out))

    def test_summary_for_people(self):
        r = weigh.run("assess", self.package(), "--use", self.sample, "--out", self.out,
                      "--threads", "1", env=self.env)
        self.assertEqual(r.returncode, 5)
        self.assertIn("verdict: review", r.stdout)
        self.assertIn(os.path.join(self.out, "report.html"), r.stdout)


if __name__ == "__main__":
    weigh.main()
