"""Renders every template of a folder with weigh and with Python's jinja2 under the settings of
transformers, and compares byte for byte; where jinja2 raises, weigh must refuse.

The folder is $WEIGH_TEMPLATES_DIR (*.jinja); without it, or without jinja2, the test is skipped.
"""
import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
from weigh import run

FOLDER = os.environ.get("WEIGH_TEMPLATES_DIR")

TOOLS = [
    {"type": "function", "function": {
        "name": "get_weather", "description": "Weather of a place <now> & \"here\".",
        "parameters": {"type": "object", "properties": {
            "city": {"type": "string", "description": "Name of the city", "enum": ["Köln", "Oslo"]},
            "days": {"type": "integer", "default": 1, "minimum": 0},
            "exact": {"type": "boolean"},
            "where": {"type": "object", "properties": {"lat": {"type": "number"},
                                                       "lon": {"type": ["number", "null"]}},
                      "required": ["lat"]},
            "tags": {"type": "array", "items": {"type": "string"}, "description": "Labels"},
            "unit": {"anyOf": [{"type": "string"}, {"type": "null"}]}},
            "required": ["city"]},
        "return": {"type": "string", "description": "The weather"}}},
    {"type": "function", "function": {"name": "now", "description": "The time", "parameters": {
        "type": "object", "properties": {}}}},
]


def call(name, arguments, ident="abcdef123"):
    return {"type": "function", "id": ident, "function": {"name": name, "arguments": arguments}}


USER = {"role": "user", "content": "Hello, \"you\"!  \n"}
SYSTEM = {"role": "system", "content": " Be brief: ä <b> & 'so on'.\n"}
ASK = {"role": "user", "content": "How is the weather in Köln?"}
ANSWER = {"role": "assistant", "content": "Fine."}
RESULT = {"role": "tool", "name": "get_weather", "tool_call_id": "abcdef123",
          "content": "{\"t\": 21.5, \"sky\": \"clear\"}"}
WEATHER = call("get_weather", {"city": "Köln", "days": 2, "exact": True, "where": {"lat": 1.5},
                               "tags": ["a", "b"], "unit": None})

CONVERSATIONS = {
    "plain": [USER],
    "system": [SYSTEM, USER],
    "developer": [{"role": "developer", "content": "Answer in English."}, USER],
    "turns": [SYSTEM, USER, ANSWER, {"role": "user", "content": "More"}, ANSWER, ASK],
    "open": [USER, ANSWER],
    "two-users": [USER, USER],
    "empty": [{"role": "user", "content": ""}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": "One. "},
                                           {"type": "text", "text": "Two."}]}],
    "image": [{"role": "user", "content": [{"type": "image", "image": "x.png"},
                                           {"type": "text", "text": "What is it?"}]}],
    "system-parts": [{"role": "system", "content": [{"type": "text", "text": "Be kind."}]}, USER],
    "call": [ASK, {"role": "assistant", "content": "", "tool_calls": [WEATHER]}],
    "call-none": [ASK, {"role": "assistant", "content": None, "tool_calls": [WEATHER]}],
    "call-string": [ASK, {"role": "assistant", "content": "", "tool_calls": [
        call("get_weather", json.dumps({"city": "Oslo"}))]}],
    "result": [SYSTEM, ASK, {"role": "assistant", "content": "", "tool_calls": [WEATHER]}, RESULT],
    "result-string": [ASK, {"role": "assistant", "content": "", "tool_calls": [
        call("get_weather", json.dumps({"city": "Oslo"}))]}, RESULT],
    "result-answer": [ASK, {"role": "assistant", "content": "Let me see.",
                            "tool_calls": [WEATHER]}, RESULT, ANSWER, USER],
    "two-calls": [ASK, {"role": "assistant", "content": "", "tool_calls": [
        WEATHER, call("now", {}, "abcdef124")]}, RESULT,
        {"role": "tool", "name": "now", "tool_call_id": "abcdef124", "content": "noon"}],
    "reasoning": [ASK, {"role": "assistant", "reasoning_content": "Think.\nAgain.",
                        "content": "Fine."}, USER],
    "reasoning-call": [ASK, {"role": "assistant", "reasoning_content": "I need the tool.",
                             "content": "", "tool_calls": [WEATHER]}, RESULT],
    "think-text": [ASK, {"role": "assistant", "content": "<think>\nSo.\n</think>\n\nFine."}, USER,
                   {"role": "assistant", "content": "<think>More</think>Done."}],
    "thinking": [ASK, {"role": "assistant", "thinking": "Hm.", "content": "Fine."}],
    "assistant-first": [ANSWER, USER],
    "unknown-role": [{"role": "narrator", "content": "Once."}, USER],
    "no-content": [{"role": "user"}],
    "long": [SYSTEM] + [m for i in range(12) for m in (
        {"role": "user", "content": f"Question {i}?"},
        {"role": "assistant", "content": f"Answer {i}."})] + [USER],
}
VARIANTS = [
    {}, {"enable_thinking": True}, {"enable_thinking": False}, {"reasoning_effort": "low"},
    {"documents": [{"title": "T", "text": "Some text."}]},
]


def cases():
    for name, messages in CONVERSATIONS.items():
        for tools in (None, TOOLS):
            for prompt in (True, False):
                yield name, messages, tools, prompt, {}
        for extra in VARIANTS[1:]:
            yield name, messages, None, True, extra


class Templates(unittest.TestCase):
    def compare(self, path):
        import jinja_oracle

        different, done = [], 0
        text = path.read_text(encoding="utf-8")
        jobs = list(cases())
        with tempfile.TemporaryDirectory() as folder:
            batch = pathlib.Path(folder) / "cases.json"
            wanted = []
            for name, messages, tools, prompt, extra in jobs:
                wanted.append(jinja_oracle.chat(text, messages, tools, prompt,
                                                bos_token="<s>", eos_token="</s>", **extra))
            for (name, messages, tools, prompt, extra), want in zip(jobs, wanted):
                done += 1
                args = ["render", "--template", str(path), "--bos-token", "<s>", "--eos-token",
                        "</s>", "--messages", self.file(folder, "m", messages)]
                if tools:
                    args += ["--tools", self.file(folder, "t", tools)]
                if extra:
                    args += ["--vars", self.file(folder, "v", extra)]
                if not prompt:
                    args.append("--no-generation-prompt")
                got = run(*args)
                label = f"{path.name}: {name} tools={bool(tools)} prompt={prompt} {extra}"
                if isinstance(want, Exception):
                    if got.returncode not in (1, 3):
                        different.append(f"{label}: jinja2 raises {want!r}, weigh does not")
                elif got.returncode != 0:
                    different.append(f"{label}: {got.stderr.strip()}")
                elif got.stdout != want:
                    different.append(f"{label}:\n  jinja2 {want!r}\n  weigh  {got.stdout!r}")
        self.assertEqual(different, [], "\n".join(different[:5]))
        return done

    def file(self, folder, kind, value):
        path = pathlib.Path(folder) / f"{kind}.json"
        path.write_text(json.dumps(value), encoding="utf-8")
        return str(path)

    def test_all(self):
        done = 0
        for path in sorted(pathlib.Path(FOLDER).glob("*.jinja")):
            with self.subTest(template=path.name):
                done += self.compare(path)
        print(f"{done} prompts compared", file=sys.stderr)


if __name__ == "__main__":
    try:
        import jinja2  # noqa: F401
    except ImportError:
        sys.exit(77)
    if not FOLDER:
        sys.exit(77)
    unittest.main()
