#!/usr/bin/env python3
"""Writes tests/fixtures/model/smollm2.json: what two independent implementations compute with the
SmolLM2-135M-Instruct GGUF.

  transformers  the file's weights dequantized by the gguf package, in a LlamaForCausalLM of float64:
                logits of every prompt position (a sample of the vocabulary and the best 16) and 64
                greedy tokens
  llama.cpp     (llama_cpp) the prompts' token ids, and 64 greedy tokens from the same weights
                written out as F32 (from the quantized file it rounds activations to 8 bits, and
                near ties of a model this small then fall differently)

usage: make_model_fixtures.py SmolLM2-135M-Instruct.Q4_1.gguf OUT.json
needs: gguf, torch, transformers, llama-cpp-python, jinja2
"""
import json
import sys
import tempfile

import gguf
import jinja2
import llama_cpp
import numpy as np
import torch
from llama_cpp import Llama
from transformers import LlamaConfig, LlamaForCausalLM

N_GREEDY = 64
STRIDE = 97  # a sample of the vocabulary: every 97th id

PROMPTS = [
    {"raw": "The capital of France is"},
    {"raw": "def fibonacci(n):\n    \"\"\"Return the n-th Fibonacci number.\"\"\"\n"},
    {"raw": "1, 1, 2, 3, 5, 8, 13,"},
    {"raw": "Der schnelle braune Fuchs springt über den faulen Hund. 素早い茶色の狐"},
    {"messages": [{"role": "user", "content": "Name three primary colours."}]},
    {"messages": [{"role": "system", "content": "You answer in one short sentence."},
                  {"role": "user", "content": "Why is the sky blue?"}]},
]


def field(reader, key):
    return reader.get_field(key).contents()


def unpermute(w, heads):
    """Rows of Q and K from the order of the original Llama code to that of transformers."""
    rows, cols = w.shape
    return w.reshape(heads, rows // heads // 2, 2, cols).swapaxes(1, 2).reshape(rows, cols)


def load_transformers(path):
    r = gguf.GGUFReader(path)
    cfg = LlamaConfig(
        vocab_size=len(field(r, "tokenizer.ggml.tokens")),
        hidden_size=field(r, "llama.embedding_length"),
        intermediate_size=field(r, "llama.feed_forward_length"),
        num_hidden_layers=field(r, "llama.block_count"),
        num_attention_heads=field(r, "llama.attention.head_count"),
        num_key_value_heads=field(r, "llama.attention.head_count_kv"),
        max_position_embeddings=field(r, "llama.context_length"),
        rms_norm_eps=field(r, "llama.attention.layer_norm_rms_epsilon"),
        rope_theta=field(r, "llama.rope.freq_base"),
        tie_word_embeddings=True, attention_bias=False, mlp_bias=False)
    names = {"token_embd": "model.embed_tokens", "output_norm": "model.norm",
             "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
             "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
             "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
    state = {}
    for t in r.tensors:
        w = gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float64)
        parts = t.name.removesuffix(".weight").split(".")
        if parts[-1] == "attn_q":
            w = unpermute(w, cfg.num_attention_heads)
        if parts[-1] == "attn_k":
            w = unpermute(w, cfg.num_key_value_heads)
        prefix = f"model.layers.{parts[1]}." if parts[0] == "blk" else ""
        state[prefix + names[parts[-1]] + ".weight"] = torch.from_numpy(w)
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model = LlamaForCausalLM(cfg).to(torch.float64)
    model.load_state_dict(state)
    return model.eval(), field(r, "tokenizer.chat_template")


def write_f32(path, out):
    """The same GGUF with every tensor dequantized: what llama.cpp then computes is f32."""
    r = gguf.GGUFReader(path)
    w = gguf.GGUFWriter(out, "llama")
    skip = ("GGUF.", "general.architecture", "general.file_type", "general.quantization_version")
    for f in r.fields.values():
        if f.name.startswith(skip):
            continue
        kind = f.types[0]
        sub = f.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
        w.add_key_value(f.name, f.contents(), kind, sub_type=sub)
    for t in r.tensors:
        w.add_tensor(t.name, gguf.quants.dequantize(t.data, t.tensor_type).astype(np.float32))
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def llama_greedy(llm, ids, eos):
    out = []
    for token in llm.generate(ids, temp=0.0, top_k=1, reset=True):
        if token == eos or len(out) == N_GREEDY:
            break
        out.append(int(token))
    return out


def hf_greedy(model, ids, eos):
    out = []
    with torch.no_grad():
        step = model(torch.tensor([ids]), use_cache=True)
        while len(out) < N_GREEDY:
            token = int(step.logits[0, -1].argmax())
            if token == eos:
                break
            out.append(token)
            step = model(torch.tensor([[token]]), past_key_values=step.past_key_values)
    return out


def main(path, out):
    model, template = load_transformers(path)
    env = jinja2.Environment(trim_blocks=True, lstrip_blocks=True)
    with tempfile.TemporaryDirectory() as tmp:
        f32 = tmp + "/f32.gguf"
        write_f32(path, f32)
        llm = Llama(f32, n_ctx=2048, verbose=False, n_threads=2, use_mmap=False,
                    type_k=llama_cpp.GGML_TYPE_F32, type_v=llama_cpp.GGML_TYPE_F32,
                    flash_attn=False)
    eos = llm.token_eos()
    cases = []
    for p in PROMPTS:
        text = p.get("raw") or env.from_string(template).render(
            messages=p["messages"], add_generation_prompt=True)
        ids = llm.tokenize(text.encode(), add_bos=False, special="messages" in p)
        with torch.no_grad():
            logits = model(torch.tensor([ids])).logits[0].numpy()
        positions = []
        for row in logits:
            best = np.argsort(-row, kind="stable")[:16]
            positions.append({"max_abs": float(np.abs(row).max()),
                              "best_ids": best.tolist(),
                              "best": [round(float(x), 5) for x in row[best]],
                              "sample": [round(float(x), 5) for x in row[::STRIDE]]})
        keep = positions[::max(1, len(positions) // 4)] + positions[-1:]
        where = list(range(len(ids)))[::max(1, len(positions) // 4)] + [len(ids) - 1]
        cases.append({**p, "text": text, "ids": ids, "positions": where, "logits": keep,
                      "greedy_transformers": hf_greedy(model, ids, eos),
                      "greedy_llama_cpp": llama_greedy(llm, ids, eos)})
        print(text[:40].replace("\n", " "),
              cases[-1]["greedy_transformers"] == cases[-1]["greedy_llama_cpp"], file=sys.stderr)
    with open(out, "w", encoding="utf-8") as f:
        json.dump({"stride": STRIDE, "eos": eos, "cases": cases}, f, ensure_ascii=False,
                  separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
