"""Renders every template of a folder with weigh and with Python's jinja2 under the settings of
transformers, and compares byte for byte; where jinja2 raises, weigh must refuse.

The folder is $WEIGH_TEMPLATES_DIR (*.jinja); without it, or without jinja2, the test is skipped.
"""
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import weigh

sys.path.insert(0, os.path.join(weigh.ROOT, "tools"))
try:
    import jinja_oracle
except ImportError:
    jinja_oracle = None

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
OSLO = call("get_weather", json.dumps({"city": "Oslo"}))
NOON = {"role": "tool", "name": "now", "tool_call_id": "abcdef124", "content": "noon"}


def calling(*calls, **fields):
    return {"role": "assistant", "content": "", **fields, "tool_calls": list(calls)}


CONVERSATIONS = {
    "plain": [USER],
    "system": [SYSTEM, USER],
    "developer": [{"role": "developer", "content": "Answer in English."}, USER],
    "turns": [SYSTEM, USER, ANSWER, {"role": "user", "content": "More"}, ANSWER, ASK],
    "open": [USER, ANSWER],
    "two users": [USER, USER],
    "empty": [{"role": "user", "content": ""}],
    "parts": [{"role": "user", "content": [{"type": "text", "text": "One. "},
                                           {"type": "text", "text": "Two."}]}],
    "image": [{"role": "user", "content": [{"type": "image", "image": "x.png"},
                                           {"type": "text", "text": "What is it?"}]}],
    "system in parts": [{"role": "system", "content": [{"type": "text", "text": "Be kind."}]}, USER],
    "call": [ASK, calling(WEATHER)],
    "call without content": [ASK, calling(WEATHER, content=None)],
    "call with arguments as text": [ASK, calling(OSLO)],
    "result": [SYSTEM, ASK, calling(WEATHER), RESULT],
    "result of arguments as text": [ASK, calling(OSLO), RESULT],
    "answer after result": [ASK, calling(WEATHER, content="Let me see."), RESULT, ANSWER, USER],
    "two calls": [ASK, calling(WEATHER, call("now", {}, "abcdef124")), RESULT, NOON],
    "reasoning": [ASK, {"role": "assistant", "reasoning_content": "Think.\nAgain.",
                        "content": "Fine."}, USER],
    "reasoning and call": [ASK, calling(WEATHER, reasoning_content="I need the tool."), RESULT],
    "reasoning in the text": [ASK, {"role": "assistant",
                                    "content": "<think>\nSo.\n</think>\n\nFine."}, USER,
                              {"role": "assistant", "content": "<think>More</think>Done."}],
    "thinking": [ASK, {"role": "assistant", "thinking": "Hm.", "content": "Fine."}],
    "assistant first": [ANSWER, USER],
    "unknown role": [{"role": "narrator", "content": "Once."}, USER],
    "no content": [{"role": "user"}],
    "long": [SYSTEM] + [m for i in range(12) for m in (
        {"role": "user", "content": f"Question {i}?"},
        {"role": "assistant", "content": f"Answer {i}."})] + [USER],
}
VARIANTS = [
    {"enable_thinking": True}, {"enable_thinking": False}, {"reasoning_effort": "low"},
    {"documents": [{"title": "T", "text": "Some text."}]},
]


def cases():
    """(label, messages, tools, generation prompt, further variables)"""
    for name, messages in CONVERSATIONS.items():
        for tools in (None, TOOLS):
            for prompt in (True, False):
                yield (f"{name}, tools={bool(tools)}, prompt={prompt}", messages, tools, prompt, {})
        for extra in VARIANTS:
            yield f"{name}, {extra}", messages, None, True, extra


def render(folder, path, messages, tools, prompt, extra):
    """The finished process of `weigh render`, with bytes as its output."""
    def file(value):
        handle, name = tempfile.mkstemp(dir=folder, suffix=".json")
        with os.fdopen(handle, "w", encoding="utf-8") as f:
            json.dump(value, f)
        return name

    args = [weigh.BINARY, "render", "--template", str(path), "--bos-token", "<s>", "--eos-token",
            "</s>", "--messages", file(messages)]
    args += ["--tools", file(tools)] if tools else []
    args += ["--vars", file(extra)] if extra else []
    args += [] if prompt else ["--no-generation-prompt"]
    return subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60,
                          check=False)


def difference(folder, path, text, case):
    label, messages, tools, prompt, extra = case
    got = render(folder, path, messages, tools, prompt, extra)
    want = jinja_oracle.chat(text, messages, tools, prompt, bos_token="<s>", eos_token="</s>",
                             **extra)
    if isinstance(want, Exception):
        return None if got.returncode in (1, 3) else f"{label}: jinja2 raises {want!r}, weigh not"
    if got.returncode != 0:
        return f"{label}: {got.stderr.decode().strip()}"
    if got.stdout != want.encode():
        return f"{label}:\n  jinja2 {want.encode()!r}\n  weigh  {got.stdout!r}"
    return None


@unittest.skipUnless(FOLDER, "WEIGH_TEMPLATES_DIR is not set")
@unittest.skipUnless(jinja_oracle, "jinja2 is not installed")
class Templates(unittest.TestCase):
    def test_all(self):
        done = 0
        paths = sorted(pathlib.Path(FOLDER).glob("*.jinja"))
        self.assertTrue(paths, f"{FOLDER} holds no *.jinja")
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for path in paths:
                text = path.read_text(encoding="utf-8")
                with self.subTest(template=path.name), tempfile.TemporaryDirectory() as folder:
                    found = list(pool.map(lambda c, p=path, t=text, f=folder: difference(f, p, t, c),
                                          cases()))
                    done += len(found)
                    wrong = [d for d in found if d]
                    self.assertEqual(len(wrong), 0, "\n".join(wrong[:3]))
        print(f"{len(paths)} templates, {done} prompts compared", file=sys.stderr)


if __name__ == "__main__":
    weigh.main()
