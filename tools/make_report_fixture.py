#!/usr/bin/env python3
"""Writes tests/fixtures/report/hostile.json: a report value in which every text that comes from a
package tries to break out of HTML or Markdown, and every kind of block stands once."""
import json
import os

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'single' | [link](http://x.invalid) `code` *b*"
HIDDEN = "license\u202etxt.exe\u200b"

EVIDENCE = {"file": "LICENSE " + HOSTILE, "sha256": "0" * 64, "line": 12,
            "quote": HOSTILE + "\nsecond line " + HIDDEN, "command": "sha256sum '<x>'"}


def section(name, verdict, state="assessed"):
    return {"name": name, "title": name.title() + " <i>", "question": "Is <b>this</b> so?",
            "state": state, "verdict": verdict, "rule": name + ".rule", "why": "Because " + HOSTILE,
            "change": "Nothing & all",
            "points": [{"what": HOSTILE, "value": HIDDEN, "verdict": verdict,
                        "evidence": [EVIDENCE]},
                       {"what": "no proof", "value": None, "verdict": None, "evidence": []}],
            "tables": [{"title": HOSTILE, "columns": [{"title": "<a>", "number": False},
                                                      {"title": "b|c", "number": True}],
                        "rows": [[HOSTILE, "1|2"], ["x", "y"]], "note": HOSTILE}]}


PLOTS = [
    {"kind": "stack", "title": HOSTILE, "caption": HOSTILE, "unit": "bytes",
     "parts": [{"label": HOSTILE, "value": 98e6}, {"label": "KV", "value": 188e6},
               {"label": "work", "value": 3e7}], "limit": {"label": HOSTILE, "value": 9e8}},
    {"kind": "bars", "title": "speed", "caption": "c", "unit": "tokens/s",
     "bars": [{"label": HOSTILE, "value": 300.5}, {"label": "two", "value": 0}],
     "limit": {"label": "needed", "value": 4.6}},
    {"kind": "bars", "title": "empty", "caption": "", "unit": "x", "bars": [], "limit": None},
    {"kind": "lines", "title": "cost", "caption": "c", "x": "tokens", "y": "USD",
     "series": [{"label": HOSTILE, "points": [[0, 0], [1e9, 500]]},
                {"label": "own", "points": [[0, 260], [1e9, 260]]}],
     "marks": [{"label": HOSTILE, "x": 5e8}]},
    {"kind": "lines", "title": "flat", "caption": "", "x": "", "y": "", "series": [], "marks": []},
]

report = {
    "format": "weigh-report", "format_version": 1,
    "program": {"name": "weigh", "version": "0.1.0"},
    "subject": {"model": HOSTILE, "facts": [{"name": "<f>", "value": HIDDEN}]},
    "verdict": "review", "summary": HOSTILE,
    "sections": [section("package", "go"), section("license", "review"), section("fit", "no-go"),
                 section("quality", "review", "not assessed")],
    "rules": [{"id": "package.rule", "section": "package", "verdict": "go", "when": HOSTILE,
               "applied": True}],
    "inputs": [{"file": HOSTILE, "sha256": "f" * 64, "bytes": 12, "role": "license",
                "source": HOSTILE}],
    "use": {}, "documents": {}, "disclaimer": HOSTILE,
    "run": {"started": "2026-01-01T00:00:00Z", "finished": HOSTILE, "command": HOSTILE,
            "machine": {"description": HOSTILE}, "documents": {},
            "sections": {"fit": {"detail": HOSTILE, "points": [], "tables": [], "plots": PLOTS}}},
}
root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(os.path.join(root, "tests", "fixtures", "report", "hostile.json"), "w",
          encoding="utf-8") as f:
    json.dump(report, f, indent=1, ensure_ascii=True)
    f.write("\n")
