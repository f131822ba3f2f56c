#!/usr/bin/env python3
"""Fails when a room of src/ includes one that it must not know. The table below is the rule."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# room: the rooms whose headers it may include besides its own. Adding a name here is a design
# decision: ARCHITECTURE.md, "Rooms".
MAY_INCLUDE = {
    "base": "",
    "package": "base",
    "text": "base package",
    "kernel": "base",
    "license": "base package text",
    "model": "base package kernel",
    "convert": "base package text kernel model",
    "engine": "base package text kernel model",
    "plan": "base package kernel license model engine",
    "report": "base package text license model engine plan",
    "api": "base package text model engine",
    "cli": "base package text kernel license model convert engine plan report",
}


def includes(path):
    """(line number, room) of every #include of another file of src/."""
    with open(path, encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            m = re.match(r'\s*#\s*include\s+["<]([a-z_]+)/', line)
            if m and m.group(1) in MAY_INCLUDE:
                yield number, m.group(1)
            elif re.match(r'\s*#\s*include\s+"(\.\.?/|(?!weigh\.h)[^/"]+")', line):
                yield number, None


def check_table():
    """The table itself must have no cycle."""
    seen = []
    for room, allowed in MAY_INCLUDE.items():
        for other in allowed.split():
            if other not in seen:
                return [f"tools/check_rooms.py: {room} may include {other}, which comes later"]
        seen.append(room)
    return []


def main():
    problems = check_table()
    files = subprocess.run(["git", "ls-files", "src/*.c", "src/*.h"], cwd=ROOT, check=True,
                           stdout=subprocess.PIPE, encoding="utf-8").stdout.split()
    for path in files:
        room = path.split("/")[1]
        if room not in MAY_INCLUDE:
            problems.append(f"{path}: src/{room} is not in the table of tools/check_rooms.py")
            continue
        for number, other in includes(os.path.join(ROOT, path)):
            if other is None:
                problems.append(f"{path}:{number}: name the room: #include \"room/header.h\"")
            elif other != room and other not in MAY_INCLUDE[room].split():
                problems.append(f"{path}:{number}: {room} must not include {other}")
    print("\n".join(problems) or f"{len(files)} files, no include points back")
    sys.exit(1 if problems else 0)


main()
