#!/usr/bin/env python3
"""Writes tests/fixtures/model/tiny/: small random models, and what transformers computes with the same
weights in float64.

Each row of HF turns switches of one graph on or off and becomes a folder in Hugging Face layout, as
transformers saves it. Each row of GGUF becomes a file with Q and K rows in the order that files of that
architecture have, to cover the tensor types. Each row of AGAIN writes the model of a folder as a GGUF
file, which has the folder's name in place of expected values. Texts are longer than windows and
original contexts.

usage: make_tiny_models.py OUT_FOLDER [NAME...]
needs: gguf, numpy, torch, transformers
"""
import copy
import json
import os
import shutil
import sys

import gguf
import numpy as np
import torch
import transformers as tf

import tiny_delta_gguf

BASE = dict(vocab_size=64, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
            num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
            tie_word_embeddings=False, pad_token_id=None, bos_token_id=1, eos_token_id=2)
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
LLAMA3 = {"rope_type": "llama3", "rope_theta": 500000.0, "factor": 8.0, "low_freq_factor": 1.0,
          "high_freq_factor": 4.0, "original_max_position_embeddings": 16}
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0,
        "original_max_position_embeddings": 16}
LONG = {"rope_type": "longrope", "rope_theta": 10000.0, "short_factor": [1.0, 1.1, 1.2, 1.3],
        "long_factor": [1.0, 2.0, 4.0, 8.0], "original_max_position_embeddings": 16}
GEMMA3 = {"full_attention": {"rope_type": "linear", "rope_theta": 1000000.0, "factor": 8.0},
          "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0}}

MLA = {"kv_lora_rank": 16, "qk_nope_head_dim": 8, "qk_rope_head_dim": 4, "v_head_dim": 6,
       "num_key_value_heads": 4, "n_routed_experts": 6, "num_experts_per_tok": 3,
       "moe_intermediate_size": 16, "num_hidden_layers": 3, "first_k_dense_replace": 1}
# Texts longer than the chunks of 64 in which the reference computes.
DELTA = {"num_hidden_layers": 4, "head_dim": 16, "max_position_embeddings": 128,
         "linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8,
         "linear_value_head_dim": 12, "linear_conv_kernel_dim": 4, "lengths": (70, 11)}
EXPERTS = {"num_experts": 6, "num_experts_per_tok": 2, "moe_intermediate_size": 16,
           "shared_expert_intermediate_size": 24}

# name: (family of classes, changes to BASE)
HF = {
    "llama-gqa": ("Llama", {}),
    "llama-mha-tied-bias": ("Llama", {"num_key_value_heads": 4, "tie_word_embeddings": True,
                                      "attention_bias": True, "mlp_bias": True}),
    "llama-llama3": ("Llama", {"rope_parameters": LLAMA3, "head_dim": 16}),
    "llama-linear": ("Llama", {"rope_parameters": {**ROPE, "rope_type": "linear", "factor": 2.0}}),
    "mistral-window": ("Mistral", {"sliding_window": 7}),
    "mistral-nemo": ("Mistral", {"sliding_window": None, "head_dim": 16}),
    "ministral3": ("Ministral3", {"head_dim": 16, "rope_parameters": {
        **YARN, "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1}}),
    "qwen2": ("Qwen2", {}),
    "qwen2-yarn-window": ("Qwen2", {"rope_parameters": YARN, "use_sliding_window": True,
                                    "sliding_window": 5, "max_window_layers": 1,
                                    "tie_word_embeddings": True}),
    "qwen3": ("Qwen3", {"head_dim": 16}),
    "qwen3-bias-tied": ("Qwen3", {"head_dim": 8, "attention_bias": True,
                                  "tie_word_embeddings": True}),
    "mixtral": ("Mixtral", {"num_local_experts": 5, "num_experts_per_tok": 2}),
    "qwen2-moe": ("Qwen2Moe", {"num_experts": 6, "num_experts_per_tok": 3,
                               "moe_intermediate_size": 16, "num_hidden_layers": 3,
                               "shared_expert_intermediate_size": 24, "decoder_sparse_step": 2,
                               "norm_topk_prob": False}),
    "qwen3-moe": ("Qwen3Moe", {"num_experts": 6, "num_experts_per_tok": 2, "head_dim": 16,
                               "moe_intermediate_size": 16, "num_hidden_layers": 3,
                               "mlp_only_layers": [1], "norm_topk_prob": True}),
    "deepseek-v2-lite": ("DeepseekV2", {**MLA, "q_lora_rank": None, "first_k_dense_replace": 1,
                                        "topk_method": "greedy", "n_group": 1, "topk_group": 1}),
    "deepseek-v2": ("DeepseekV2", {**MLA, "q_lora_rank": 12, "routed_scaling_factor": 4.0,
                                   "topk_method": "group_limited_greedy", "n_group": 3,
                                   "topk_group": 2, "rope_parameters": {
                                       **YARN, "mscale": 0.7, "mscale_all_dim": 0.7}}),
    "deepseek-v3": ("DeepseekV3", {**MLA, "q_lora_rank": 12, "n_group": 3, "topk_group": 2,
                                   "n_shared_experts": 1, "rope_parameters": {
                                       **YARN, "mscale": 1.0, "mscale_all_dim": 1.0}}),
    "gemma1": ("Gemma", {"head_dim": 16, "tie_word_embeddings": True}),
    "gemma2": ("Gemma2", {"head_dim": 16, "sliding_window": 6, "query_pre_attn_scalar": 24,
                          "num_hidden_layers": 4, "tie_word_embeddings": True,
                          "attn_logit_softcapping": 5.0, "final_logit_softcapping": 3.0}),
    "gemma3": ("Gemma3Text", {"head_dim": 16, "sliding_window": 6, "query_pre_attn_scalar": 16,
                              "num_hidden_layers": 7, "tie_word_embeddings": True,
                              "rope_parameters": GEMMA3}),
    "phi2": ("Phi", {"rope_parameters": {**ROPE, "partial_rotary_factor": 0.5}}),
    "phi3": ("Phi3", {"rope_parameters": {**ROPE, "partial_rotary_factor": 1.0}}),
    "phi3-window": ("Phi3", {"sliding_window": 9,
                             "rope_parameters": {**ROPE, "partial_rotary_factor": 1.0}}),
    "phi4-mini-longrope": ("Phi3", {
        "original_max_position_embeddings": 16, "tie_word_embeddings": True,
        "rope_parameters": {**LONG, "partial_rotary_factor": 1.0}}),
    "qwen3-next": ("Qwen3Next", {**DELTA, **EXPERTS}),
    "qwen3-next-dense": ("Qwen3Next", {
        **DELTA, "num_experts": 0, "linear_num_value_heads": 2, "linear_conv_kernel_dim": 2,
        "attention_bias": True, "tie_word_embeddings": True, "layer_types":
        ["full_attention", "linear_attention", "linear_attention", "full_attention"]}),
    "qwen3.5": ("Qwen3_5Text", {**DELTA, "rope_parameters": {
        **ROPE, "partial_rotary_factor": 0.5, "mrope_section": [2, 1, 1],
        "mrope_interleaved": True}}),
    "qwen3.5-tied": ("Qwen3_5Text", {**DELTA, "linear_num_value_heads": 6, "head_dim": 8,
                                     "linear_value_head_dim": 6, "tie_word_embeddings": True}),
    "qwen3.5-moe": ("Qwen3_5MoeText", {**DELTA, **EXPERTS}),
}

Q = gguf.GGMLQuantizationType
# name: (changes to BASE, type of the matrices); sizes of whole blocks
WIDE = {"hidden_size": 64, "intermediate_size": 96, "vocab_size": 96}
GGUF = {
    "gqa-f32": ({}, Q.F32),
    "mha-tied-f16": ({"num_key_value_heads": 4, "tie_word_embeddings": True}, Q.F16),
    "mqa-bf16": ({"num_key_value_heads": 1, "rope_parameters": {**ROPE, "rope_theta": 500000.0}},
                 Q.BF16),
    "bias-q8_0": ({"attention_bias": True, "mlp_bias": True}, Q.Q8_0),
    "head32-q4_1": ({"head_dim": 32, "num_hidden_layers": 3}, Q.Q4_1),
}
NAMES = {"self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm"}
# Models of folders once more: the architecture, and how many layers only draft tokens.
AGAIN = {"qwen3-next": ("qwen3next", 0), "qwen3.5-tied": ("qwen35", 1)}
STRIDE = 3
LENGTHS = 40, 11
N_GREEDY = 20


torch.set_num_threads(2)


def build(classes, changes, seed):
    torch.manual_seed(seed)
    changes = {k: v for k, v in changes.items() if k != "lengths"}
    cfg = getattr(tf, classes + "Config")(**{**BASE, "rope_parameters": dict(ROPE), **changes})
    name = classes.removesuffix("Text")
    less_one = classes.startswith(("Gemma", "Qwen3Next", "Qwen3_5"))
    model = getattr(tf, name + "ForCausalLM")._from_config(cfg, attn_implementation="eager",
                                                           experts_implementation="eager")
    with torch.no_grad():
        for n, p in model.named_parameters():
            is_norm = "norm" in n and n.endswith("weight")
            plain = not less_one or "linear_attn.norm" in n
            p.normal_(1.0 if is_norm and plain else 0.0, 0.3)
            if n.endswith("A_log"):
                # Heads that keep their state for a hundred positions, and heads that do not.
                p.copy_(torch.linspace(-4.5, 0.5, len(p)))
            p.copy_(p.bfloat16())
        for n, b in model.named_buffers():
            if n.endswith("e_score_correction_bias"):
                b.normal_(0.0, 0.3)
                b.copy_(b.bfloat16())
    return cfg, model.eval()


def greedy(model, ids):
    out = list(ids)
    with torch.no_grad():
        for _ in range(N_GREEDY):
            out.append(int(model(torch.tensor([out]), use_cache=False).logits[0, -1].argmax()))
    return out[len(ids):]


def expect(model, seed, lengths=LENGTHS):
    """Logits and greedy tokens of float64."""
    model = model.to(torch.float64)
    rng = np.random.default_rng(seed)
    prompts = []
    for n in lengths:
        ids = rng.integers(0, model.config.vocab_size, n).tolist()
        with torch.no_grad():
            logits = model(torch.tensor([ids]), use_cache=False).logits[0].numpy()
        prompts.append({"ids": ids, "max_abs": [float(np.abs(r).max()) for r in logits],
                        "logits": [[float(f"{x:.6g}") for x in r[::STRIDE]] for r in logits],
                        "greedy": greedy(model, ids)})
    return prompts


def make_hf(out, name, seed):
    cfg, model = build(*HF[name], seed)
    folder = os.path.join(out, name)
    shutil.rmtree(folder, ignore_errors=True)
    # A copy: the buffers of the model that computes (rotary frequencies) must not be rounded.
    copy.deepcopy(model).to(torch.bfloat16).save_pretrained(folder)
    for extra in set(os.listdir(folder)) - {"config.json", "model.safetensors"}:
        os.remove(os.path.join(folder, extra))
    return expect(model, seed, HF[name][1].get("lengths", LENGTHS))


def permute(w, heads):
    shape = w.shape
    return w.reshape(heads, 2, shape[0] // heads // 2, *shape[1:]).swapaxes(1, 2).reshape(shape)


def gguf_name(name):
    top = {"model.embed_tokens.weight": "token_embd.weight",
           "model.norm.weight": "output_norm.weight", "lm_head.weight": "output.weight"}
    if name in top:
        return top[name]
    _, _, layer, rest = name.split(".", 3)
    stem, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{NAMES[stem]}.{kind}"


def write_gguf(path, cfg, state, kind):
    """Writes the file and puts the rounded values back into state."""
    w = gguf.GGUFWriter(path, "llama")
    w.add_context_length(cfg.max_position_embeddings)
    w.add_embedding_length(cfg.hidden_size)
    w.add_block_count(cfg.num_hidden_layers)
    w.add_feed_forward_length(cfg.intermediate_size)
    w.add_head_count(cfg.num_attention_heads)
    w.add_head_count_kv(cfg.num_key_value_heads)
    w.add_layer_norm_rms_eps(cfg.rms_norm_eps)
    w.add_rope_freq_base(cfg.rope_parameters["rope_theta"])
    w.add_rope_dimension_count(cfg.head_dim)
    if cfg.head_dim != cfg.hidden_size // cfg.num_attention_heads:
        w.add_key_length(cfg.head_dim)
        w.add_value_length(cfg.head_dim)
    heads = {"q_proj": cfg.num_attention_heads, "k_proj": cfg.num_key_value_heads}
    for name, value in state.items():
        if name == "lm_head.weight" and cfg.tie_word_embeddings:
            continue
        a = value.float().numpy()
        stored = Q.F32 if a.ndim == 1 else kind
        rounded = gguf.quants.quantize(a, stored)
        state[name] = torch.from_numpy(
            gguf.quants.dequantize(rounded, stored).astype(np.float64).reshape(a.shape))
        if name.split(".")[-2] in heads:
            rounded = gguf.quants.quantize(permute(a, heads[name.split(".")[-2]]), stored)
        w.add_tensor(gguf_name(name), rounded, raw_dtype=stored)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


def make_gguf(out, name, seed):
    changes, kind = GGUF[name]
    cfg, model = build("Llama", {**WIDE, **changes}, seed)
    state = {n: p.detach() for n, p in model.state_dict().items()}
    write_gguf(os.path.join(out, name + ".gguf"), cfg, state, kind)
    if cfg.tie_word_embeddings:
        state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model = model.to(torch.float64)
    model.load_state_dict(state)
    return expect(model, seed)


def main(out, *only):
    os.makedirs(out, exist_ok=True)
    path = os.path.join(out, "expected.json")
    models = {}
    if only and os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            models = json.load(f)["models"]
    for seed, name in enumerate([*GGUF, *HF]):
        if only and name not in only:
            continue
        make, suffix = (make_gguf, ".gguf") if name in GGUF else (make_hf, "")
        models[name + suffix] = make(out, name, seed)
        if name in AGAIN:
            folder = os.path.join(out, name)
            tiny_delta_gguf.write(folder, folder + ".gguf", *AGAIN[name])
            models[name + ".gguf"] = name
        print(name, file=sys.stderr)
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"stride": STRIDE, "models": dict(sorted(models.items()))}, f,
                  separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
