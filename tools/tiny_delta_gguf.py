"""Qwen3-Next and Qwen3.5 folders as GGUF files, in the layout that GGUF files of these architectures
have: for make_tiny_models.py.

What differs from the folder: A_log is stored as -exp(A_log), norm weights are stored plus 1 (but not
that of the delta net), the projection of Q, K, V, z of Qwen3-Next is taken apart, experts are one
tensor, and Qwen3.5's value heads are ordered by their number under a key head first.
"""
import json
import os

import gguf
import torch
from safetensors.torch import load_file

Q = gguf.GGMLQuantizationType
NAMES = {"input_layernorm": "attn_norm", "post_attention_layernorm": "post_attention_norm",
         "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
         "self_attn.o_proj": "attn_output", "self_attn.q_norm": "attn_q_norm",
         "self_attn.k_norm": "attn_k_norm", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
         "mlp.down_proj": "ffn_down", "mlp.gate": "ffn_gate_inp",
         "mlp.shared_expert.gate_proj": "ffn_gate_shexp", "mlp.shared_expert.up_proj":
         "ffn_up_shexp", "mlp.shared_expert.down_proj": "ffn_down_shexp",
         "mlp.shared_expert_gate": "ffn_gate_inp_shexp", "mlp.experts.gate_proj": "ffn_gate_exps",
         "mlp.experts.up_proj": "ffn_up_exps", "mlp.experts.down_proj": "ffn_down_exps",
         "linear_attn.in_proj_qkv": "attn_qkv", "linear_attn.in_proj_z": "attn_gate",
         "linear_attn.in_proj_b": "ssm_beta", "linear_attn.in_proj_a": "ssm_alpha",
         "linear_attn.in_proj_ba": "ssm_ba", "linear_attn.conv1d": "ssm_conv1d",
         "linear_attn.norm": "ssm_norm", "linear_attn.out_proj": "ssm_out"}
TOP = {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
       "lm_head.weight": "output.weight"}


def retile(w, dim, c, size):
    """Value heads of `size` along `dim`: from key head by key head to one of each key head in turn."""
    keys = c["linear_num_key_heads"]
    shape = list(w.shape)
    each = c["linear_num_value_heads"] // keys
    parts = w.reshape(*shape[:dim], keys, each, size, *shape[dim + 1:])
    return parts.transpose(dim, dim + 1).reshape(shape)


def tiled(stem, w, c):
    fixed = 2 * c["linear_num_key_heads"] * c["linear_key_head_dim"]
    size = c["linear_value_head_dim"]
    if stem in ("attn_qkv", "ssm_conv1d"):
        return torch.cat([w[:fixed], retile(w[fixed:], 0, c, size)])
    if stem == "attn_gate":
        return retile(w, 0, c, size)
    if stem in ("ssm_beta", "ssm_alpha", "ssm_a", "ssm_dt"):
        return retile(w, 0, c, 1)
    return retile(w, 1, c, size) if stem == "ssm_out" else w


def apart(w, c):
    """Q, K, V of all heads, and z of all heads."""
    d_k, keys = c["linear_key_head_dim"], c["linear_num_key_heads"]
    own = c["linear_num_value_heads"] // keys * c["linear_value_head_dim"]
    q, k, v, z = w.reshape(keys, 2 * d_k + 2 * own, -1).split([d_k, d_k, own, own], dim=1)
    return torch.cat([x.reshape(-1, w.shape[1]) for x in (q, k, v)]), z.reshape(-1, w.shape[1])


def tensors(state, c, tile):
    for name, w in state.items():
        w = w.float()
        if name in TOP:
            yield TOP[name], w + 1 if "norm" in name else w
            continue
        _, _, layer, rest = name.split(".", 3)
        blk = f"blk.{layer}."
        if rest.endswith("A_log"):
            rest, stem, kind = "linear_attn.", "ssm_a", ""
            w = -w.exp()
        elif rest.endswith("dt_bias"):
            stem, kind = "ssm_dt", ".bias"
        elif rest.endswith("in_proj_qkvz.weight"):
            qkv, z = apart(w, c)
            yield blk + "attn_qkv.weight", qkv
            yield blk + "attn_gate.weight", z
            continue
        else:
            stem, kind = NAMES[rest.removesuffix(".weight").removesuffix(".bias")], ".weight"
            kind = ".bias" if rest.endswith(".bias") else kind
        if stem == "ssm_conv1d":
            w = w.squeeze(1)
        if stem.endswith("norm") and stem != "ssm_norm":
            w = w + 1
        if tile and "linear_attn" in rest:
            w = tiled(stem, w, c)
        yield blk + stem + kind, w


def stack_experts(state):
    """mlp.experts.<e>.<part> of a layer as one tensor."""
    out, sets = {}, {}
    for name, w in state.items():
        head, dot, tail = name.partition(".experts.")
        if dot:
            number, part = tail.split(".", 1)
            sets.setdefault(f"{head}.experts.{part}", {})[int(number)] = w
        else:
            out[name] = w
    for name, parts in sets.items():
        out[name] = torch.stack([parts[e] for e in sorted(parts)])
    return out


def write_keys(w, c, drafts):
    layers = c["num_hidden_layers"]
    w.add_context_length(c["max_position_embeddings"])
    w.add_embedding_length(c["hidden_size"])
    w.add_block_count(layers + drafts)
    w.add_feed_forward_length(c["intermediate_size"])
    w.add_head_count(c["num_attention_heads"])
    w.add_head_count_kv(c["num_key_value_heads"])
    w.add_key_length(c["head_dim"])
    w.add_value_length(c["head_dim"])
    w.add_layer_norm_rms_eps(c["rms_norm_eps"])
    rope = c["rope_parameters"]
    w.add_rope_freq_base(rope["rope_theta"])
    w.add_rope_dimension_count(int(c["head_dim"] * rope["partial_rotary_factor"]))
    w.add_ssm_conv_kernel(c["linear_conv_kernel_dim"])
    w.add_ssm_state_size(c["linear_key_head_dim"])
    w.add_ssm_group_count(c["linear_num_key_heads"])
    w.add_ssm_time_step_rank(c["linear_num_value_heads"])
    w.add_ssm_inner_size(c["linear_num_value_heads"] * c["linear_value_head_dim"])
    delta = [kind == "linear_attention" for kind in c["layer_types"]]
    w.add_array(f"{w.arch}.attention.recurrent_layers", delta + [False] * drafts)
    if "num_experts" in c:
        w.add_expert_count(c["num_experts"])
        w.add_expert_used_count(c["num_experts_per_tok"])
        w.add_expert_feed_forward_length(c["moe_intermediate_size"])
        w.add_expert_shared_feed_forward_length(c["shared_expert_intermediate_size"])


def write(folder, path, arch, drafts):
    """Writes the folder's model to `path`. `drafts` layers for drafting tokens, which a reader has to
    leave out, follow the others."""
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as f:
        c = json.load(f)
    state = stack_experts(load_file(os.path.join(folder, "model.safetensors")))
    w = gguf.GGUFWriter(path, arch)
    write_keys(w, c, drafts)
    if drafts:
        w.add_uint32(f"{arch}.nextn_predict_layers", drafts)
    for name, value in tensors(state, c, arch != "qwen3next"):
        small = value.ndim == 1 or "ssm_conv1d" in name
        kind = Q.F32 if small else Q.BF16
        w.add_tensor(name, gguf.quants.quantize(value.numpy(), kind), raw_dtype=kind)
    for i in range(c["num_hidden_layers"], c["num_hidden_layers"] + drafts):
        w.add_tensor(f"blk.{i}.nextn.enorm.weight", torch.ones(c["hidden_size"]).numpy())
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()
