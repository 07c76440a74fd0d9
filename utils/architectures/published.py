"""Published architectures, each with date, source and sizes, and how `transformers` builds it.

Sizes are those of the papers and of the published weights. `stated` is the source's own figure,
rounded as it stands there.

Explained in: 1.1
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from torch import nn

from utils.architectures.counts import Experts, Transformer
from utils.architectures.families import (
    T5_11B,
    T5_BASE,
    VIT,
    bert,
    deepseek,
    gpt_oss,
    mixture_options,
    old,
    qwen3,
    t5_options,
    vaswani,
    vit,
)

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True)
class Published:
    """A model, the month of its publication ("2018-10"), its key in the bibliography, its sizes.

    `stated` parameters, and `stated_active` ones of a mixture, are what the source says. `library`
    is the configuration's type in `transformers`, `head` its class, `options` what else it needs.
    """

    name: str
    date: str
    source: str
    stated: float
    sizes: Transformer
    library: str = ""
    head: str = "CausalLM"
    options: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    stated_active: float | None = None


def on_meta(model: Published) -> nn.Module:
    """The model as `transformers` makes it, on the meta device: shapes without numbers.

    Raises:
        ValueError: if the library does not have it.
    """
    if not model.library:
        raise ValueError(f"`transformers` has no configuration of {model.name}.")
    import torch
    import transformers

    c = model.sizes
    sizes = {
        "hidden_size": c.d_model,
        "num_hidden_layers": c.n_layers,
        "num_attention_heads": c.n_heads,
        "num_key_value_heads": c.n_kv_heads,
        "head_dim": c.d_head,
        "intermediate_size": c.d_ff,
        "vocab_size": c.vocab_size,
        "tie_word_embeddings": c.is_tied,
    }
    if c.n_positions:
        sizes["max_position_embeddings"] = c.n_positions
    config = transformers.AutoConfig.for_model(model.library, **(sizes | dict(model.options)))
    kind = getattr(transformers, f"AutoModel{'For' * bool(model.head)}{model.head}")
    with torch.device("meta"):
        return kind.from_config(config)


PUBLISHED = (
    Published("Transformer base", "2017-06", "vaswani2017attention", 65e6, vaswani(512, 8)),
    Published("Transformer big", "2017-06", "vaswani2017attention", 213e6, vaswani(1024, 16)),
    Published(
        "GPT-1",
        "2018-06",
        "radford2018improving",
        117e6,
        old(12, 768, 12, 40478, n_positions=512, outer_norms=0),
        "openai-gpt",
    ),
    Published("BERT-base", "2018-10", "devlin2019bert", 110e6, bert(12, 768, 12), "bert", ""),
    Published("BERT-large", "2018-10", "devlin2019bert", 340e6, bert(24, 1024, 16), "bert", ""),
    *(
        Published(
            name,
            "2019-02",
            "radford2019language",
            stated,
            old(n_layers, d_model, d_model // 64, 50257, n_positions=1024),
            "gpt2",
        )
        for name, stated, n_layers, d_model in (
            ("GPT-2", 117e6, 12, 768),
            ("GPT-2 medium", 345e6, 24, 1024),
            ("GPT-2 large", 762e6, 36, 1280),
            ("GPT-2 XL", 1542e6, 48, 1600),
        )
    ),
    Published(
        "T5-base",
        "2019-10",
        "raffel2020exploring",
        220e6,
        T5_BASE,
        "t5",
        "Seq2SeqLM",
        t5_options(T5_BASE),
    ),
    Published(
        "T5-11B",
        "2019-10",
        "raffel2020exploring",
        11e9,
        T5_11B,
        "t5",
        "Seq2SeqLM",
        t5_options(T5_11B),
    ),
    Published(
        "GPT-3", "2020-05", "brown2020gpt3", 175e9, old(96, 12288, 96, 50257, n_positions=2048)
    ),
    Published(
        "ViT-B/16", "2020-10", "dosovitskiy2021image", 86e6, vit(12, 768, 12, 16), "vit", **VIT
    ),
    Published(
        "ViT-L/16", "2020-10", "dosovitskiy2021image", 307e6, vit(24, 1024, 16, 16), "vit", **VIT
    ),
    Published(
        "ViT-H/14",
        "2020-10",
        "dosovitskiy2021image",
        632e6,
        vit(32, 1280, 16, 14),
        "vit",
        "ImageClassification",
        {"num_labels": 1000, "patch_size": 14},
    ),
    Published(
        "PaLM",
        "2022-04",
        "chowdhery2023palm",
        540.35e9,
        Transformer(118, 18432, 48, 73728, 256000, 1, 256, is_tied=True, norms=1),
    ),
    Published(
        "BLOOM",
        "2022-11",
        "lescao2022bloom",
        176e9,
        old(70, 14336, 112, 250880, outer_norms=2),
        "bloom",
    ),
    Published(
        "LLaMA 65B",
        "2023-02",
        "touvron2023llama",
        65.2e9,
        Transformer(80, 8192, 64, 22016, 32000),
        "llama",
    ),
    Published(
        "Llama 2 7B",
        "2023-07",
        "touvron2023llama2",
        7e9,
        Transformer(32, 4096, 32, 11008, 32000),
        "llama",
    ),
    Published(
        "Llama 2 70B",
        "2023-07",
        "touvron2023llama2",
        70e9,
        Transformer(80, 8192, 64, 28672, 32000, 8),
        "llama",
    ),
    Published(
        "Mistral 7B",
        "2023-10",
        "jiang2023mistral",
        7e9,
        Transformer(32, 4096, 32, 14336, 32000, 8),
        "mistral",
    ),
    Published(
        "Mixtral 8x7B",
        "2024-01",
        "jiang2024mixtral",
        47e9,
        Transformer(32, 4096, 32, 14336, 32000, 8, experts=Experts(8, 2, 14336)),
        "mixtral",
        options={"num_local_experts": 8, "num_experts_per_tok": 2},
        stated_active=13e9,
    ),
    Published(
        "Phi-3-mini",
        "2024-04",
        "abdin2024phi3",
        3.8e9,
        Transformer(32, 3072, 32, 8192, 32064),
        "phi3",
    ),
    *(
        Published(
            f"Llama 3 {name}",
            "2024-07",
            "grattafiori2024llama3",
            stated,
            Transformer(n_layers, d_model, d_model // 128, d_ff, 128256, 8),
            "llama",
        )
        for name, stated, n_layers, d_model, d_ff in (
            ("8B", 8e9, 32, 4096, 14336),
            ("70B", 70e9, 80, 8192, 28672),
            ("405B", 405e9, 126, 16384, 53248),
        )
    ),
    Published(
        "Gemma 2 9B",
        "2024-08",
        "gemma2024gemma2",
        9e9,
        Transformer(42, 3584, 16, 14336, 256000, 8, 256, is_tied=True, norms=4),
        "gemma2",
    ),
    Published(
        "Gemma 2 27B",
        "2024-08",
        "gemma2024gemma2",
        27e9,
        Transformer(46, 4608, 32, 36864, 256000, 16, 128, is_tied=True, norms=4),
        "gemma2",
    ),
    Published(
        "Qwen2.5 7B",
        "2024-12",
        "qwen2024qwen25",
        7e9,
        Transformer(28, 3584, 28, 18944, 152064, 4, biases="qkv"),
        "qwen2",
    ),
    Published(
        "Qwen2.5 72B",
        "2024-12",
        "qwen2024qwen25",
        72e9,
        Transformer(80, 8192, 64, 29568, 152064, 8, biases="qkv"),
        "qwen2",
    ),
    Published(
        "Phi-4",
        "2024-12",
        "abdin2024phi4",
        14e9,
        Transformer(40, 5120, 40, 17920, 100352, 10),
        "phi3",
    ),
    Published(
        "DeepSeek-V3",
        "2024-12",
        "deepseek2024v3",
        671e9,
        deepseek(61, 128, 129280, Experts(256, 8, 2048, n_shared=1, n_dense=3)),
        "deepseek_v3",
        stated_active=37e9,
    ),
    Published(
        "OLMo 2 7B",
        "2025-01",
        "olmo2025olmo2",
        7e9,
        Transformer(32, 4096, 32, 11008, 100352, qk_norm=2 * 4096),
        "olmo2",
    ),
    Published(
        "OLMo 2 13B",
        "2025-01",
        "olmo2025olmo2",
        13e9,
        Transformer(40, 5120, 40, 13824, 100352, qk_norm=2 * 5120),
        "olmo2",
    ),
    Published(
        "Qwen3 30B-A3B",
        "2025-05",
        "qwen2025qwen3",
        30e9,
        qwen3(48, 2048, 32, 768),
        "qwen3_moe",
        options=mixture_options(128, 8, 768),
        stated_active=3e9,
    ),
    Published(
        "Qwen3 235B-A22B",
        "2025-05",
        "qwen2025qwen3",
        235e9,
        qwen3(94, 4096, 64, 1536),
        "qwen3_moe",
        options=mixture_options(128, 8, 1536),
        stated_active=22e9,
    ),
    Published(
        "Kimi K2",
        "2025-07",
        "kimi2025k2",
        1e12,
        deepseek(61, 64, 163840, Experts(384, 8, 2048, n_shared=1, n_dense=1)),
        "deepseek_v3",
        options={"n_routed_experts": 384, "first_k_dense_replace": 1},
        stated_active=32e9,
    ),
    Published(
        "gpt-oss-20b",
        "2025-08",
        "openai2025gptoss",
        20.91e9,
        gpt_oss(24, 32),
        "gpt_oss",
        options={"num_local_experts": 32},
    ),
    Published(
        "gpt-oss-120b",
        "2025-08",
        "openai2025gptoss",
        116.83e9,
        gpt_oss(36, 128),
        "gpt_oss",
        options={"num_local_experts": 128},
    ),
)
"""In the order of their publication."""


def find(name: str) -> Published:
    """The published model of that name.

    Raises:
        ValueError: if there is none.
    """
    for model in PUBLISHED:
        if model.name == name:
            return model
    known = ", ".join(model.name for model in PUBLISHED)
    raise ValueError(f"No architecture {name!r} here; there are {known}.")
