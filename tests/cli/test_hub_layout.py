"""Qwen3.5 with a vision part as the hub has it, made of a small model's own bytes: sizes under
text_config, names under model.language_model, experts in two tensors, and beside them a vision tower
and a head for drafting tokens, which the text does not use. The logits are transformers' for the plain
folder (tests/fixtures/model/tiny)."""
import json
import os
import struct
import tempfile
import unittest

import weigh

FOLDER = os.path.join(weigh.ROOT, "tests", "fixtures", "model", "tiny")
NAME = "qwen3.5-moe"
BOUND = 5e-4


def read_tensors(path):
    """name: (dtype, shape, bytes)"""
    with open(path, "rb") as f:
        blob = f.read()
    size, = struct.unpack_from("<Q", blob)
    header = json.loads(blob[8:8 + size])
    header.pop("__metadata__", None)
    return {name: (t["dtype"], t["shape"],
                   blob[8 + size + t["data_offsets"][0]:8 + size + t["data_offsets"][1]])
            for name, t in header.items()}


def write_tensors(path, tensors):
    header, data = {}, b""
    for name, (dtype, shape, values) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape,
                        "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


def fuse_experts(tensors, layer, n):
    """The gate of each expert above its up in one tensor, and all downs in one."""
    stem = f"model.layers.{layer}.mlp.experts."
    parts = [[tensors.pop(f"{stem}{e}.{part}_proj.weight") for part in ("gate", "up", "down")]
             for e in range(n)]
    dtype, (rows, cols), _ = parts[0][0]
    tensors[stem + "gate_up_proj"] = (dtype, [n, 2 * rows, cols],
                                      b"".join(gate[2] + up[2] for gate, up, _ in parts))
    tensors[stem + "down_proj"] = (dtype, [n, cols, rows], b"".join(p[2][2] for p in parts))


class HubLayout(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        with open(os.path.join(FOLDER, NAME, "config.json"), encoding="utf-8") as f:
            self.text = json.load(f)
        self.tensors = read_tensors(os.path.join(FOLDER, NAME, "model.safetensors"))
        for layer in range(self.text["num_hidden_layers"]):
            fuse_experts(self.tensors, layer, self.text["num_experts"])
        self.tensors = {name.replace("model.", "model.language_model.", 1): t
                        for name, t in self.tensors.items()}
        self.tensors["model.visual.pos_embed.weight"] = ("BF16", [2, 2], bytes(8))
        self.tensors["mtp.fc.weight"] = ("BF16", [2, 2], bytes(8))

    def write(self):
        config = {"architectures": ["Qwen3_5MoeForConditionalGeneration"],
                  "text_config": self.text, "vision_config": {"depth": 1},
                  "tie_word_embeddings": False}
        with open(os.path.join(self.folder, "config.json"), "w", encoding="utf-8") as f:
            json.dump(config, f)
        write_tensors(os.path.join(self.folder, "model.safetensors"), self.tensors)

    def test_the_text_part_computes_the_same(self):
        with open(os.path.join(FOLDER, "expected.json"), encoding="utf-8") as f:
            fixture = json.load(f)
        self.write()
        for prompt in fixture["models"][NAME]:
            code, doc = weigh.run_json("logits", self.folder, "--exact", "--ids",
                                       ",".join(map(str, prompt["ids"])))
            self.assertEqual(code, 0)
            for t, (row, want) in enumerate(zip(doc["logits"], prompt["logits"], strict=True)):
                error = max(abs(a - b) for a, b in zip(row[::fixture["stride"]], want))
                self.assertLess(error / prompt["max_abs"][t], BOUND)

    def refused(self, *words):
        self.write()
        result = weigh.run("logits", self.folder, "--ids", "1")
        self.assertEqual(result.returncode, 3, result.stderr)
        for word in words:
            self.assertIn(word, result.stderr)

    def test_heads_that_do_not_fit_are_refused(self):
        self.text["linear_num_value_heads"] = 3
        self.refused("3 value heads", "2 key heads")

    def test_another_convolution_is_refused(self):
        self.text["linear_conv_kernel_dim"] = 3
        self.refused("conv1d", "shape")

    def test_a_missing_decay_is_refused(self):
        del self.tensors["model.language_model.layers.0.linear_attn.A_log"]
        self.refused("blk.0.ssm_a", "missing")

    def test_a_decay_that_is_not_finite_is_refused(self):
        name = "model.language_model.layers.0.linear_attn.A_log"
        dtype, shape, values = self.tensors[name]
        self.tensors[name] = (dtype, shape, b"\xc0\x7f" + values[2:])
        self.refused("A_log", "not finite")

    def test_experts_that_do_not_fit_are_refused(self):
        self.text["moe_intermediate_size"] = 15
        self.refused("6 experts of 32 rows", "6 of 30")

    def test_an_unknown_layer_type_is_refused(self):
        self.text["layer_types"][1] = "some_attention"
        self.refused("some_attention")


if __name__ == "__main__":
    weigh.main()
