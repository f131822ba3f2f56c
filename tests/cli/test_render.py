"""weigh render: templates from a file and from packages, the JSON form, and refusals."""
import json
import os
import pathlib
import tempfile
import unittest

import weigh

TEMPLATE = ("{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}\n{% endfor %}"
            "{% if tools %}{{ tools | tojson }}{% endif %}{{ who }}"
            "{% if add_generation_prompt %}<assistant>{% endif %}{{ eos_token }}")
MESSAGES = [{"role": "user", "content": "Grüße"}]


class Render(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.template = self.file("t.jinja", TEMPLATE)
        self.messages = self.file("m.json", json.dumps(MESSAGES))

    def file(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def render(self, *args):
        return weigh.run("render", "--template", self.template, "--messages", self.messages, *args)

    def refused(self, result, status, *says):
        self.assertEqual(result.returncode, status, result.stderr)
        self.assertEqual(result.stdout, "")
        for part in says:
            self.assertIn(part, result.stderr)

    def test_prompt(self):
        self.assertEqual(self.render().stdout, "<user>Grüße\n<assistant>")
        self.assertEqual(self.render("--no-generation-prompt").stdout, "<user>Grüße\n")
        tools = self.file("tools.json", '[{"a": 1.0}]')
        extra = self.file("vars.json", '{"who": "me"}')
        got = self.render("--bos-token", "<s>", "--eos-token", "</s>", "--tools", tools, "--vars", extra)
        self.assertEqual(got.stdout, '<s><user>Grüße\n[{"a": 1.0}]me<assistant></s>')

    def test_json(self):
        status, doc = weigh.run_json("render", "--template", self.template, "--messages",
                                     self.messages)
        self.assertEqual((status, doc), (0, {"prompt": "<user>Grüße\n<assistant>"}))

    def test_folder(self):
        self.file("hf/tokenizer_config.json", json.dumps(
            {"bos_token": {"content": "<b>"}, "eos_token": "<e>",
             "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"}))
        self.file("hf/config.json", "{}")
        got = weigh.run("render", self.folder / "hf", "--messages", self.messages)
        self.assertEqual((got.stdout, got.returncode), ("<b>Grüße<e>", 0), got.stderr)
        self.file("hf/chat_template.jinja", "{{ eos_token }}!")
        got = weigh.run("render", self.folder / "hf", "--messages", self.messages)
        self.assertEqual(got.stdout, "<e>!")

    def test_template_errors(self):
        self.template = self.file("bad.jinja", "a\n{% if %}")
        self.refused(self.render(), 3, "bad.jinja: line 2: ")
        self.template = self.file("bad.jinja", "{{ x | pprint }}")
        self.refused(self.render(), 3, "bad.jinja: line 1: the filter 'pprint' is not supported")
        self.template = self.file("bad.jinja", "{{ raise_exception('only one system message') }}")
        self.refused(self.render(), 1, "bad.jinja: line 1: only one system message")
        self.template = self.file(
            "bad.jinja", "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}")
        self.refused(self.render(), 3, "did not end within")

    def test_messages_errors(self):
        for text, says in (("[", "m.json"), ("{}", "messages: must be an array"),
                           ("[]", "messages: is empty"), ("[1]", "messages[0]: must be an object"),
                           ('[{"role": 1}]', "messages[0].role: must be a string")):
            self.file("m.json", text)
            self.refused(self.render(), 3, says)
        self.file("m.json", json.dumps(MESSAGES))
        tools = self.file("tools.json", '{"a": 1}')
        self.refused(self.render("--tools", tools), 3, "tools: must be an array")

    def test_usage(self):
        self.refused(weigh.run("render", "--template", self.template), 2, "--messages")
        self.refused(weigh.run("render", "--messages", self.messages), 2, "--template")
        self.refused(self.render("model.gguf"), 2, "--template")
        self.refused(weigh.run("render", "m", "--messages", self.messages, "--bos-token", "x"), 2,
                     "--bos-token")

    @weigh.needs_model
    def test_model(self):
        got = weigh.run("render", weigh.MODEL, "--messages", self.messages)
        self.assertEqual(got.stdout,
                         "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained "
                         "by Hugging Face<|im_end|>\n<|im_start|>user\nGrüße<|im_end|>\n"
                         "<|im_start|>assistant\n")


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C.UTF-8")
    weigh.main()
