#!/usr/bin/env python3
"""Every header compiles alone; the public one as C11 and as C++ too.

A file named *_tmpl.h is no header but the body of several functions, compiled once a level.
"""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LEVELS = {  # of instructions that a header's name ends with
    "_avx2.h": ["-mavx2", "-mfma", "-mf16c", "-mbmi2"],
    "_avx512.h": ["-mavx2", "-mfma", "-mf16c", "-mbmi2", "-mavx512f", "-mavx512bw", "-mavx512dq",
                  "-mavx512vl", "-mavx512cd"],
}
LIBRARIES = ["jansson", "yaml-0.1", "sqlite3", "libpcre2-8", "libcurl"]


def output(*cmd):
    return subprocess.run(cmd, cwd=ROOT, check=True, stdout=subprocess.PIPE,
                          encoding="utf-8").stdout.split()


def compiles(header, compiler, *flags):
    level = [f for end, fs in LEVELS.items() if header.endswith(end) for f in fs]
    r = subprocess.run([*compiler, "-fsyntax-only", "-fmax-errors=1", "-Wall", "-Wextra", "-Werror",
                        "-Wno-unused-function", *level, *flags, "-"], cwd=ROOT,
                       input=f'#include "{header}"\n', stderr=subprocess.PIPE, encoding="utf-8")
    if r.returncode:
        print(f"{header} alone, {' '.join(compiler)}:\n{r.stderr}")
    return r.returncode == 0


flags = ["-Isrc", "-Iinclude", "-D_GNU_SOURCE", *output("pkg-config", "--cflags", *LIBRARIES)]
headers = [h for h in output("git", "ls-files", "src/*.h", "fuzz/*.h", "tests/*.h")
           if not h.endswith("_tmpl.h")]
good = [compiles(os.path.join(ROOT, h), ["cc", "-std=c11", "-x", "c"], *flags) for h in headers]
for public in output("git", "ls-files", "include/*.h"):
    path = os.path.join(ROOT, public)
    good.append(compiles(path, ["cc", "-std=c11", "-pedantic", "-x", "c"]))
    good.append(compiles(path, ["c++", "-std=c++11", "-pedantic", "-x", "c++"]))
print(f"{sum(good)} of {len(good)} headers compile alone")
sys.exit(0 if all(good) else 1)
