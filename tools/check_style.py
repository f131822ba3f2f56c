#!/usr/bin/env python3
"""House rules that a compiler does not check. CONTRIBUTING.md gives the reason for each.

A rule is waived for one file in WAIVERS, with the reason; the list may only get shorter.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MAX_FUNCTION_LINES = 100
MAX_FILE_LINES = 1000
MAX_COLUMNS = 100
NOT_ASCII = (".md", ".py")  # may hold printable text of any script

BANNED = {  # function: what to use instead; in C sources outside tests
    "malloc calloc": "wg_calloc", "realloc reallocarray": "wg_realloc", "free": "wg_free",
    "strdup strndup": "wg_strdup, wg_strndup", "aligned_alloc posix_memalign": "wg_alloc_aligned",
    "alloca": "wg_calloc or a fixed array", "strcpy strcat strncpy strncat stpcpy": "struct wg_buf",
    "sprintf vsprintf asprintf vasprintf": "snprintf or wg_buf_addf",
    "gets": "wg_file_read", "strtok strtok_r": "a loop over strcspn",
    "atoi atol atoll atof": "strtoll or strtod with its end checked",
    "localtime localtime_r ctime asctime": "gmtime_r", "gmtime": "gmtime_r",
    "system popen": "posix_spawn with an argument list", "tmpnam tempnam mktemp": "mkstemp",
    "setlocale": "nothing: no result may depend on a locale", "rand srand random": "the sampler's generator",
    "exit _exit abort": "a returned status; only main may end the process",
}
BANNED_IN_FILES = {word: hint for words, hint in BANNED.items() for word in words.split()}

WAIVERS = {  # (path, function): reason
    ("src/base/mem.c", "calloc"): "owns the heap", ("src/base/mem.c", "realloc"): "owns the heap",
    ("src/base/mem.c", "free"): "owns the heap",
    ("src/base/mem.c", "aligned_alloc"): "owns the heap",
    ("src/text/jinja/clock.c", "localtime_r"): "strftime_now() of a template is local time",
}

problems, notes = [], []


def tracked(*patterns):
    return subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, encoding="utf-8").stdout.split()


def blank_comments_and_strings(text):
    """The same text with comments, strings and character constants blanked, line by line."""
    pattern = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
    return pattern.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def check_text(path, text):
    lines = text.split("\n")
    if text and not text.endswith("\n"):
        problems.append(f"{path}: no newline at the end")
    for i, line in enumerate(lines, 1):
        if line != line.rstrip():
            problems.append(f"{path}:{i}: trailing space")
        if "\t" in line and not path.endswith("Makefile"):
            problems.append(f"{path}:{i}: tab")
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line) and path != "tools/check_style.py":
            problems.append(f"{path}:{i}: write an issue, or do it now")
        for c in line:
            if c != "\t" and (not c.isprintable() or not (c.isascii() or path.endswith(NOT_ASCII))):
                problems.append(f"{path}:{i}: character U+{ord(c):04X}: write an escape")


def check_lengths(path, text, code):
    lines = code.split("\n")
    if len(lines) > MAX_FILE_LINES:
        problems.append(f"{path}: {len(lines)} lines; at most {MAX_FILE_LINES}, one subject a file")
    for i, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_COLUMNS:
            problems.append(f"{path}:{i}: {len(line)} columns; at most {MAX_COLUMNS}")
    start = None
    for i, line in enumerate(lines, 1):
        if line == "{":  # the format puts the brace of a function, and of nothing else, here
            start = i
        elif line == "}" and start:
            if i - start + 1 > MAX_FUNCTION_LINES:
                problems.append(f"{path}:{start}: function of {i - start + 1} lines; at most "
                                f"{MAX_FUNCTION_LINES}")
            start = None


def check_banned(path, code):
    for i, line in enumerate(code.split("\n"), 1):
        for m in re.finditer(r"(?<![\w.>])([a-z_]+)\s*\(", line):
            name = m.group(1)
            if name in BANNED_IN_FILES and (path, name) not in WAIVERS:
                problems.append(f"{path}:{i}: {name}: use {BANNED_IN_FILES[name]}")


def check_listed(folder, pattern, lists):
    """Every test must be in its list, or it never runs."""
    known = "".join(open(os.path.join(ROOT, p), encoding="utf-8").read() for p in lists)
    for path in tracked(folder):
        m = re.search(pattern, os.path.basename(path))
        if m and f"'{m.group(1)}'" not in known:
            problems.append(f"{path}: not listed in {' or '.join(lists)}")


def check_unique_basenames(files):
    seen = {}
    for path in files:
        other = seen.setdefault(os.path.basename(path), path)
        if other != path and os.path.basename(path) not in ("limits.h",):
            problems.append(f"{path}: same file name as {other}")


def main():
    sources = tracked("*.c", "*.h")
    for path in tracked("*.c", "*.h", "*.py", "*.sh", "*.md", "*.build", "Makefile", ".ci/*"):
        with open(os.path.join(ROOT, path), encoding="utf-8", newline="") as f:
            text = f.read()
        check_text(path, text)
        if path in sources:
            code = blank_comments_and_strings(text)
            check_lengths(path, text, code)
            if path.startswith("src/"):
                check_banned(path, code)
                if path.endswith(".c") and not text.lstrip().startswith(("/*", "//", "#include")):
                    problems.append(f"{path}: the first line says what the file owns")
    check_unique_basenames([p for p in sources if p.startswith("src/")])
    check_listed("tests/unit/*.c", r"^test_(\w+)\.c$", ["tests/meson.build"])
    check_listed("tests/cli/*.py", r"^test_(\w+)\.py$", ["tests/meson.build"])
    check_listed("fuzz/*.c", r"^fuzz_(\w+)\.c$", ["fuzz/meson.build"])
    print("\n".join(problems) or f"{len(sources)} sources follow the house rules")
    sys.exit(1 if problems else 0)


main()
