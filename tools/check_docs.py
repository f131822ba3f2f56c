#!/usr/bin/env python3
"""Every relative link of a Markdown page leads to a file of the repository; `make` verbs exist."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
pages = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, stdout=subprocess.PIPE,
                       encoding="utf-8").stdout.split()
with open(os.path.join(ROOT, "Makefile"), encoding="utf-8") as f:
    verbs = set(re.findall(r"^([a-z]+):", f.read(), re.M))
problems = []
for page in pages:
    with open(os.path.join(ROOT, page), encoding="utf-8") as f:
        lines = f.read().split("\n")
    for i, line in enumerate(lines, 1):
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
            if not re.match(r"[a-z]+:", target) and not os.path.exists(
                    os.path.join(ROOT, os.path.dirname(page), target)):
                problems.append(f"{page}:{i}: no such file: {target}")
        for verb in re.findall(r"`make ([a-z]+)[` ]", line):
            if verb not in verbs:
                problems.append(f"{page}:{i}: no such verb: make {verb}")
print("\n".join(problems) or f"{len(pages)} pages, every link leads somewhere")
sys.exit(1 if problems else 0)
