#!/usr/bin/env python3
"""Writes docs/cli/<command>.md from `weigh -h`. Usage: gen_cli_docs.py WEIGH"""
import os
import subprocess
import sys

BINARY = sys.argv[1]
OUT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "docs", "cli")


def help_of(*args):
    return subprocess.run([BINARY, *args], check=True, stdout=subprocess.PIPE,
                          encoding="utf-8").stdout


def write(name, text):
    with open(os.path.join(OUT, name), "w", encoding="utf-8") as f:
        f.write(text)


front = help_of("-h")
commands = [line.split()[0] for line in front.splitlines()
            if line.startswith("  ") and line[2:3].isalnum()]
os.makedirs(OUT, exist_ok=True)
for page in os.listdir(OUT):
    os.remove(os.path.join(OUT, page))
for c in commands:
    write(c + ".md", f"# weigh {c}\n\n```\n{help_of(c, '-h')}```\n")
