"""Every command explains itself without a model and without a network; docs/cli says the same."""
import os
import tempfile
import unittest

import weigh

DOCS = os.path.join(weigh.ROOT, "docs", "cli")


class Help(unittest.TestCase):
    def test_h_works_without_store_and_network(self):
        with tempfile.TemporaryDirectory() as empty:
            env = {"HOME": empty, "WEIGH_HOME": os.path.join(empty, "store"),
                   "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
            for name in weigh.commands():
                with self.subTest(command=name):
                    r = weigh.run(name, "-h", env=env, timeout=10)
                    self.assertEqual(r.returncode, 0, r.stderr)
                    self.assertTrue(r.stdout.startswith(f"usage: weigh {name}"), r.stdout)
                    self.assertIn("--json", r.stdout)
                    self.assertEqual(r.stderr, "")
            self.assertEqual(os.listdir(empty), [], "-h must leave no files")

    def test_docs_equal_h(self):
        pages = set(os.listdir(DOCS))
        self.assertEqual(pages, {name + ".md" for name in weigh.commands()},
                         "run `make docs`")
        for name in weigh.commands():
            with self.subTest(command=name):
                with open(os.path.join(DOCS, name + ".md"), encoding="utf-8") as f:
                    page = f.read()
                self.assertEqual(page, f"# weigh {name}\n\n```\n{weigh.run(name, '-h').stdout}```\n",
                                 "run `make docs`")

    def test_h_fits_100_columns(self):
        for name in weigh.commands():
            for line in weigh.run(name, "-h").stdout.splitlines():
                self.assertLessEqual(len(line), 100, f"weigh {name} -h: {line}")

    def test_usage_errors_exit_2(self):
        for args in [["nonsense"], [], ["version", "--nonsense"], ["version", "extra"],
                     ["version", "--threads"], ["version", "--threads", "x"],
                     ["version", "--threads", "0"], ["version", "--json=1"],
                     ["version", "--cpu-mask", "pentium"], ["version", "-json"]]:
            with self.subTest(args=args):
                r = weigh.run(*args)
                self.assertEqual(r.returncode, 2, r.stderr)
                self.assertEqual(r.stdout, "")
                self.assertNotEqual(r.stderr, "")

    def test_full_stdout_is_a_failure(self):
        for args in [["-h"], ["version"], ["version", "--json"]]:
            with self.subTest(args=args), open("/dev/full", "w") as full:
                r = weigh.run(*args, stdout=full)
                self.assertEqual(r.returncode, 1, r.stderr)


if __name__ == "__main__":
    weigh.main()
