#!/usr/bin/env python3
"""Writes tests/fixtures/model/tiny/: small random models as GGUF files, and the logits that
transformers computes with the same weights in float64.

Each row of MODELS turns one switch of the graph (head groups, ties, biases, tensor types, head size).
Rows of Q and K are stored in the order that GGUF files of this architecture have.

usage: make_tiny_models.py OUT_FOLDER
needs: gguf, numpy, torch, transformers
"""
import json
import os
import sys

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM

BASE = dict(vocab_size=96, hidden_size=64, intermediate_size=96, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
            rms_norm_eps=1e-5, rope_theta=10000.0, tie_word_embeddings=False,
            attention_bias=False, mlp_bias=False)
Q = gguf.GGMLQuantizationType
# name: (changes to BASE, type of the matrices)
MODELS = {
    "gqa-f32": ({}, Q.F32),
    "mha-tied-f16": ({"num_key_value_heads": 4, "tie_word_embeddings": True}, Q.F16),
    "mqa-bf16": ({"num_key_value_heads": 1, "rope_theta": 500000.0}, Q.BF16),
    "bias-q8_0": ({"attention_bias": True, "mlp_bias": True}, Q.Q8_0),
    "head32-q4_1": ({"head_dim": 32, "num_hidden_layers": 3}, Q.Q4_1),
}
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm"}


def permute(w, heads):
    shape = w.shape
    return w.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def gguf_name(name):
    if name == "model.embed_tokens.weight":
        return "token_embd.weight"
    if name == "model.norm.weight":
        return "output_norm.weight"
    if name == "lm_head.weight":
        return "output.weight"
    _, _, layer, rest = name.split(".", 3)
    stem, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{NAMES[stem]}.{kind}"


def write(path, cfg, state, kind):
    """Writes the file and puts the rounded values back into state."""
    w = gguf.GGUFWriter(path, "llama")
    head = cfg.head_dim
    w.add_context_length(cfg.max_position_embeddings)
    w.add_embedding_length(cfg.hidden_size)
    w.add_block_count(cfg.num_hidden_layers)
    w.add_feed_forward_length(cfg.intermediate_size)
    w.add_head_count(cfg.num_attention_heads)
    w.add_head_count_kv(cfg.num_key_value_heads)
    w.add_layer_norm_rms_eps(cfg.rms_norm_eps)
    w.add_rope_freq_base(BASE["rope_theta"] if "rope_theta" not in CHANGES else
                         CHANGES["rope_theta"])
    w.add_rope_dimension_count(head)
    if head != cfg.hidden_size // cfg.num_attention_heads:
        w.add_key_length(head)
        w.add_value_length(head)
    for name, value in state.items():
        if name == "lm_head.weight" and cfg.tie_word_embeddings:
            continue
        a = value.numpy().astype(np.float32)
        stored = Q.F32 if a.ndim == 1 else kind
        rounded = gguf.quants.quantize(a, stored)
        state[name] = torch.from_numpy(
            gguf.quants.dequantize(rounded, stored).astype(np.float64).reshape(a.shape))
        heads = {"q_proj": cfg.num_attention_heads,
                 "k_proj": cfg.num_key_value_heads}.get(name.split(".")[-2])
        if heads:
            a = permute(a, heads)
            rounded = gguf.quants.quantize(a, stored)
        w.add_tensor(gguf_name(name), rounded, raw_dtype=stored)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def main(out):
    global CHANGES
    os.makedirs(out, exist_ok=True)
    expected = {}
    for seed, (name, (CHANGES, kind)) in enumerate(MODELS.items()):
        torch.manual_seed(seed)
        fields = {**BASE, **CHANGES}
        theta = fields.pop("rope_theta")
        cfg = LlamaConfig(**fields, rope_parameters={"rope_type": "default", "rope_theta": theta})
        model = LlamaForCausalLM(cfg)
        with torch.no_grad():
            for n, p in model.named_parameters():
                p.normal_(1.0 if "norm" in n else 0.0, 0.3)
        state = {n: p.detach() for n, p in model.state_dict().items()}
        write(os.path.join(out, name + ".gguf"), cfg, state, kind)
        if cfg.tie_word_embeddings:
            state["lm_head.weight"] = state["model.embed_tokens.weight"]
        model = model.to(torch.float64)
        model.load_state_dict(state)
        model.eval()
        rng = np.random.default_rng(seed)
        ids = rng.integers(0, cfg.vocab_size, 24).tolist()
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0].numpy()
        expected[name] = {"ids": ids, "logits": [[round(float(x), 6) for x in row[::3]]
                                                 for row in logits],
                          "max_abs": [float(np.abs(row).max()) for row in logits]}
    with open(os.path.join(out, "expected.json"), "w", encoding="utf-8") as f:
        json.dump({"stride": 3, "models": expected}, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main(sys.argv[1])
