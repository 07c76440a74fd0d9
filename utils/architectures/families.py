"""Families of architectures: the sizes that their members share.

Explained in: 1.1
"""

from utils.architectures.counts import Experts, Latent, Transformer


def old(n_layers: int, d_model: int, n_heads: int, vocab_size: int, **others) -> Transformer:
    """The kind of 2018: four times as wide inside, biases and shifts everywhere, one embedding."""
    settings = {"is_gated": False, "is_tied": True, "biases": "qkv out ff", "d_norm": 2}
    return Transformer(n_layers, d_model, n_heads, 4 * d_model, vocab_size, **(settings | others))


def bert(n_layers: int, d_model: int, n_heads: int) -> Transformer:
    extra = 2 * d_model + (d_model + 1) * d_model  # two segments; the pooler
    return old(n_layers, d_model, n_heads, 30522, n_positions=512, extra=extra)


def t5(n_layers: int, d_model: int, n_heads: int, d_head: int, d_ff: int) -> Transformer:
    return Transformer(
        n_layers,
        d_model,
        n_heads,
        d_ff,
        32128,
        d_head=d_head,
        n_encoder_layers=n_layers,
        is_gated=False,
        is_tied=True,
        outer_norms=2,
        extra=2 * 32 * n_heads,  # relative positions: 32 distances, in encoder and decoder
    )


def vit(n_layers: int, d_model: int, n_heads: int, patch: int) -> Transformer:
    front = (3 * patch**2 + 1) * d_model + d_model  # patches; the class token
    head = (d_model + 1) * 1000
    n_positions = (224 // patch) ** 2 + 1
    return old(n_layers, d_model, n_heads, 0, n_positions=n_positions, extra=front + head)


def vaswani(d_model: int, n_heads: int) -> Transformer:
    return old(6, d_model, n_heads, 37000, n_encoder_layers=6, biases="ff", outer_norms=0)


def t5_options(c: Transformer) -> dict:
    return {"d_model": c.d_model, "d_kv": c.d_head, "d_ff": c.d_ff, "num_layers": c.n_layers}


def deepseek(n_layers: int, n_heads: int, vocab_size: int, experts: Experts) -> Transformer:
    return Transformer(
        n_layers,
        7168,
        n_heads,
        18432,
        vocab_size,
        d_head=64,
        experts=experts,
        latent=Latent(q_rank=1536, kv_rank=512, d_plain=128, d_rotary=64, d_value=128),
    )


def gpt_oss(n_layers: int, n_experts: int) -> Transformer:
    return Transformer(
        n_layers,
        2880,
        64,
        2880,
        201088,
        n_kv_heads=8,
        d_head=64,
        biases="qkv out ff router",
        qk_norm=64,  # no norm, but a learned sink for each head
        experts=Experts(n_experts, 4, 2880),
    )


T5_BASE, T5_11B = t5(12, 768, 12, 64, 3072), t5(24, 1024, 128, 128, 65536)
VIT = {"head": "ImageClassification", "options": {"num_labels": 1000}}


def qwen3(n_layers: int, d_model: int, n_heads: int, d_ff: int) -> Transformer:
    return Transformer(
        n_layers,
        d_model,
        n_heads,
        3 * d_model,
        151936,
        n_kv_heads=4,
        d_head=128,
        qk_norm=2 * 128,
        experts=Experts(128, 8, d_ff),
    )


def mixture_options(n: int, top_k: int, d_ff: int) -> dict:
    return {"num_experts": n, "num_experts_per_tok": top_k, "moe_intermediate_size": d_ff}
