#!/usr/bin/env python3
"""Every header compiles alone; the public one as C11 and as C++ too."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARIES = ["jansson", "yaml-0.1", "sqlite3", "libpcre2-8", "libcurl"]


def output(*cmd):
    return subprocess.run(cmd, cwd=ROOT, check=True, stdout=subprocess.PIPE,
                          encoding="utf-8").stdout.split()


def compiles(header, compiler, *flags):
    r = subprocess.run([*compiler, "-fsyntax-only", "-Wall", "-Wextra", "-Werror", *flags, "-"],
                       cwd=ROOT, input=f'#include "{header}"\n', stderr=subprocess.PIPE,
                       encoding="utf-8")
    if r.returncode:
        print(f"{header} alone, {' '.join(compiler)}:\n{r.stderr}")
    return r.returncode == 0


flags = ["-Isrc", "-Iinclude", "-D_GNU_SOURCE", *output("pkg-config", "--cflags", *LIBRARIES)]
headers = output("git", "ls-files", "src/*.h", "fuzz/*.h", "tests/*.h")
good = [compiles(os.path.join(ROOT, h), ["cc", "-std=c11", "-x", "c"], *flags) for h in headers]
for public in output("git", "ls-files", "include/*.h"):
    path = os.path.join(ROOT, public)
    good.append(compiles(path, ["cc", "-std=c11", "-pedantic", "-x", "c"]))
    good.append(compiles(path, ["c++", "-std=c++11", "-pedantic", "-x", "c++"]))
print(f"{sum(good)} of {len(good)} headers compile alone")
sys.exit(0 if all(good) else 1)
