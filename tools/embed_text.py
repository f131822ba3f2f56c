#!/usr/bin/env python3
"""Turns a text file into a C string constant: embed_text.py IN OUT SYMBOL."""
import sys

with open(sys.argv[1], encoding="utf-8") as f:
    lines = f.read().split("\n")
with open(sys.argv[2], "w", encoding="utf-8") as out:
    out.write(f"extern const char {sys.argv[3]}[];\nconst char {sys.argv[3]}[] =")
    for line in lines[:-1] if lines[-1] == "" else lines:
        escaped = line.replace("\\", "\\\\").replace('"', '\\"')
        out.write(f'\n    "{escaped}\\n"')
    out.write(";\n")
