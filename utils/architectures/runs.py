"""Training runs whose cost is public: parameters and tokens, or operations, with date and source.

A run is dated by its publication. Large ones whose authors published neither are missing, and are
many since 2023: whatever is fitted to this list describes the list.

Explained in: 1.1
"""

from dataclasses import dataclass

from utils.architectures.counts import training_flops


@dataclass(frozen=True)
class Run:
    """One training run; its cost is `flops` if stated, else that of examples, else 6 N D.

    `parameters` are those that a token passes, `tokens` those seen. `forward` are operations for
    one image, of which `examples` were seen; both ways cost three times as much.
    """

    name: str
    date: str
    source: str
    parameters: float = 0
    tokens: float = 0
    flops: float = 0
    forward: float = 0
    examples: float = 0

    def cost(self) -> float:
        """Operations of the whole run."""
        return (
            self.flops
            or 3 * self.forward * self.examples
            or training_flops(self.parameters, self.tokens)
        )

    def how(self) -> str:
        """Where the cost comes from, in a word."""
        return "stated" if self.flops else "counted" if self.forward else "6ND"

    def year(self) -> float:
        """The middle of the month of publication, as a number of years."""
        year, month = map(int, self.date.split("-"))
        return year + (month - 0.5) / 12


RUNS = (
    # 340,908 connections; 20 passes over 60,000 images
    Run("LeNet-5", "1998-11", "lecun1998gradient", forward=2 * 340_908, examples=20 * 60e3),
    # "roughly 90 cycles through the training set of 1.2 million images"
    Run("AlexNet", "2012-12", "krizhevsky2012imagenet", forward=1.449e9, examples=90 * 1.2e6),
    # 370,000 iterations with batches of 256
    Run("VGG-16", "2014-09", "simonyan2015very", forward=30.94e9, examples=370e3 * 256),
    # "up to 60 x 10^4 iterations" with batches of 256
    Run("ResNet-152", "2015-12", "he2016deep", forward=23.03e9, examples=600e3 * 256),
    Run("GNMT", "2016-09", "vaswani2017attention", flops=1.4e20),
    Run("Transformer base", "2017-06", "vaswani2017attention", flops=3.3e18),
    Run("Transformer big", "2017-06", "vaswani2017attention", flops=2.3e19),
    Run("BERT-base", "2018-10", "brown2020gpt3", flops=1.64e20),
    Run("BERT-large", "2018-10", "brown2020gpt3", flops=5.33e20),
    Run("RoBERTa-large", "2019-07", "brown2020gpt3", flops=4.26e21),
    Run("T5-11B", "2019-10", "brown2020gpt3", flops=3.30e22),
    Run("GPT-3", "2020-05", "brown2020gpt3", 174.6e9, 300e9, 3.14e23),
    Run("Gopher", "2021-12", "rae2021gopher", 280e9, 300e9),
    Run("MT-NLG", "2022-01", "smith2022megatron", 530e9, 270e9),
    Run("Chinchilla", "2022-03", "hoffmann2022chinchilla", 70e9, 1.4e12, 5.76e23),
    Run("PaLM", "2022-04", "chowdhery2023palm", 540.4e9, 780e9),
    Run("BLOOM", "2022-11", "lescao2022bloom", 176.2e9, 366e9),
    Run("LLaMA 65B", "2023-02", "touvron2023llama", 65.3e9, 1.4e12),
    Run("Llama 2 70B", "2023-07", "touvron2023llama2", 69.0e9, 2e12),
    Run("Falcon 180B", "2023-11", "almazrouei2023falcon", 180e9, 3.5e12),
    Run("Phi-3-mini", "2024-04", "abdin2024phi3", 3.8e9, 3.3e12),
    Run("Nemotron-4 340B", "2024-06", "nvidia2024nemotron", 340e9, 9e12),
    Run("Llama 3 405B", "2024-07", "grattafiori2024llama3", 405.9e9, 15.6e12, 3.8e25),
    Run("Gemma 2 27B", "2024-08", "gemma2024gemma2", 27.2e9, 13e12),
    Run("Qwen2.5 72B", "2024-12", "qwen2024qwen25", 72.7e9, 18e12),
    Run("Phi-4", "2024-12", "abdin2024phi4", 14.7e9, 10e12),
    Run("DeepSeek-V3", "2024-12", "deepseek2024v3", 37e9, 14.8e12),
    Run("OLMo 2 7B", "2025-01", "olmo2025olmo2", 7.3e9, 4e12),
    Run("Qwen3 235B-A22B", "2025-05", "qwen2025qwen3", 22e9, 36e12),
    Run("Kimi K2", "2025-07", "kimi2025k2", 32e9, 15.5e12),
)
"""In the order of their publication."""
