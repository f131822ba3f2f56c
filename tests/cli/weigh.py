"""Runs the weigh program for the tests in this folder.

WEIGH names the binary (Meson sets it). WEIGH_TEST_MODEL names the SmolLM2 GGUF for tests that need
a model; they skip without it. A script ends with `weigh.main()`: a run in which every test was
skipped exits with 77, which Meson reports as a skip.
"""
import json
import os
import subprocess
import sys
import unittest

BINARY = os.environ.get("WEIGH", "build/weigh")
MODEL = os.environ.get("WEIGH_TEST_MODEL")
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

needs_model = unittest.skipUnless(MODEL, "WEIGH_TEST_MODEL is not set")


def run(*args, stdin=None, env=None, timeout=120, **kwargs):
    """Runs weigh; the result has returncode, and stdout and stderr as text."""
    kwargs.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([BINARY, *map(str, args)], input=stdin,
                          stdin=subprocess.DEVNULL if stdin is None else None,
                          stderr=subprocess.PIPE, encoding="utf-8",
                          env={**os.environ, **(env or {})}, timeout=timeout, **kwargs)


def run_json(*args, **kwargs):
    """Runs weigh --json and returns (exit status, the one document on stdout)."""
    result = run(*args, "--json", **kwargs)
    try:
        return result.returncode, json.loads(result.stdout)
    except ValueError:
        raise AssertionError(f"no JSON document from {result.args}, exit {result.returncode}: "
                             f"{result.stdout[:200]!r} {result.stderr}") from None


def commands():
    """Names of all commands, as `weigh -h` lists them."""
    names = [line.split()[0] for line in run("-h").stdout.splitlines()
             if line.startswith("  ") and line[2:3].isalnum()]
    assert names, "weigh -h lists no command"
    return names


def main():
    program = unittest.main(exit=False, verbosity=1)
    result = program.result
    if not result.wasSuccessful():
        sys.exit(1)
    if result.testsRun == 0 or len(result.skipped) == result.testsRun:
        sys.exit(77)
