"""The models that more than one chapter uses.

Holds `ConvNet` and `AutoEncoder`, the document's two networks mended; `VAE`; `GPT`, a language
model of GPT-2's architecture, with its parts, and `CopyingGPT`, which learns from less text; and
two readers of sequences, one recurrent and one with attention. Leaves out training (`training`)
and counting parameters and operations (`measure`).
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvNet(nn.Module):
    """Two convolutions and two linear layers: the document's network, with a flatten that fits.

    `padding=1` keeps the document's 64·7·7 features at 28x28; `padding=0` keeps its convolutions
    and gives 64·5·5. Any square image that leaves at least one pixel after both pools will do.

    Shapes:
        images (B, 1, image_size, image_size) -> logits (B, n_classes).

    Raises:
        ValueError: if images of another shape arrive, or if `image_size` leaves no pixel.

    Explained in: 4.1
    """

    def __init__(self, image_size: int = 28, padding: int = 1, n_classes: int = 10):
        super().__init__()
        self.image_size = image_size
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=padding)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=padding)
        side = ((image_size + 2 * padding - 2) // 2 + 2 * padding - 2) // 2
        if side < 1:
            raise ValueError(f"Nothing is left of a {image_size}x{image_size} image at fc1.")
        self.fc1 = nn.Linear(64 * side * side, 128)
        self.fc2 = nn.Linear(128, n_classes)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[1:] != (1, self.image_size, self.image_size):
            wanted = f"(B, 1, {self.image_size}, {self.image_size})"
            raise ValueError(f"ConvNet takes images of shape {wanted}; these are {tuple(x.shape)}.")
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)  # (B, 32, H/2, W/2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)  # (B, 64, H/4, W/4)
        x = torch.flatten(x, 1)  # (B, 64 * side * side), image by image
        x = F.relu(self.fc1(x))  # (B, 128)
        return self.fc2(x)  # (B, n_classes)


@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a `GPT`: V, longest T, C, H and L in the book's letters.

    Raises:
        ValueError: if a size is not a positive whole number, or the heads do not divide the width.
    """

    vocab_size: int = 256
    context_length: int = 64
    d_model: int = 64
    n_heads: int = 4
    n_layers: int = 2

    def __post_init__(self):
        for name, value in vars(self).items():
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name} is a positive whole number; this is {value!r}.")
        if self.d_model % self.n_heads:
            raise ValueError(
                f"{self.n_heads} heads share the width evenly; d_model={self.d_model} does not "
                "divide by their number."
            )


class CausalSelfAttention(nn.Module):
    """Multi-head attention in which a token sees itself and those before it.

    `cache`, a list that is empty at first, keeps keys and values, (B, H, S, Dh) each, so that
    the next call needs only the tokens that are new.

    Shapes:
        x (B, T, C) -> (B, T, C).

    Source: Vaswani et al. 2017, "Attention Is All You Need", section 3.2; biases as in GPT-2.
    Explained in: 3.6
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.n_heads = config.n_heads
        self.qkv = nn.Linear(config.d_model, 3 * config.d_model)
        self.proj = nn.Linear(config.d_model, config.d_model)

    def forward(self, x: Tensor, cache: list[Tensor] | None = None) -> Tensor:
        B, T, C = x.shape
        split = self.qkv(x).view(B, T, 3, self.n_heads, C // self.n_heads)
        q, k, v = split.permute(2, 0, 3, 1, 4)  # (B, H, T, Dh) each
        if cache:
            k, v = (torch.cat([old, new], 2) for old, new in zip(cache, (k, v)))  # (B, H, S, Dh)
        if cache is not None:
            cache[:] = [k, v]
        S = k.shape[2]
        mask = torch.ones(T, S, dtype=torch.bool, device=x.device).tril(S - T)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)  # (B, H, T, Dh)
        return self.proj(y.transpose(1, 2).reshape(B, T, C))  # (B, T, C)


class Block(nn.Module):
    """A Transformer block: attention, then two linear layers, each added to what it read.

    Shapes:
        x (B, T, C) -> (B, T, C).

    Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
    Explained in: 2.6
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        C = config.d_model
        self.norm1, self.norm2 = nn.LayerNorm(C), nn.LayerNorm(C)
        self.attention = CausalSelfAttention(config)
        self.up, self.down = nn.Linear(C, 4 * C), nn.Linear(4 * C, C)

    def forward(self, x: Tensor, cache: list[Tensor] | None = None) -> Tensor:
        x = x + self.attention(self.norm1(x), cache)  # (B, T, C)
        hidden = F.gelu(self.up(self.norm2(x)), approximate="tanh")  # (B, T, 4C)
        return x + self.down(hidden)  # (B, T, C)


class GPT(nn.Module):
    """A language model of GPT-2's architecture, without dropout.

    Its scores for the next token come from the token embedding itself (tied weights). `cache`,
    an empty list at first, holds a cache for each block and says how many tokens have gone by.

    Shapes:
        idx (B, T), token ids -> logits (B, T, V).

    Raises:
        ValueError: if more tokens arrive than `context_length`, those in the cache included.

    Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners".
    Explained in: 2.6
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocab_size, config.d_model)
        self.position = nn.Embedding(config.context_length, config.d_model)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_layers))
        self.norm = nn.LayerNorm(config.d_model)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:  # what is added to the stream shrinks with depth
                added = name.endswith(("proj.weight", "down.weight"))
                scale = math.sqrt(2 * config.n_layers) if added else 1
                nn.init.normal_(parameter, std=0.02 / scale)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, idx: Tensor, cache: list[list[Tensor]] | None = None) -> Tensor:
        past = cache[0][0].shape[2] if cache else 0
        end = past + idx.shape[1]
        if end > self.config.context_length:
            raise ValueError(
                f"This model reads {self.config.context_length} tokens at most; here come {end}."
            )
        if cache is not None and not cache:
            cache += [[] for _ in self.blocks]
        x = self.token(idx) + self.position.weight[past:end]  # (B, T, C)
        for n, block in enumerate(self.blocks):
            x = block(x, cache[n] if cache is not None else None)  # (B, T, C)
        return self.norm(x) @ self.token.weight.T  # (B, T, V)


def gpt2_weights(net: GPT) -> dict[str, Tensor]:
    """The weights of a `GPT` under the names that transformers' `GPT2LMHeadModel` loads.

    GPT-2 stores the matrices of its blocks as inputs by outputs, transposed to `nn.Linear`.

    Shapes:
        each weight as in GPT-2; no copies, so that they change with the net.

    Source: Wolf et al. 2020, "Transformers", `modeling_gpt2.py`.
    Explained in: 4.3
    """
    names = {"token": "wte", "position": "wpe", "blocks": "h", "norm": "ln_f", "norm1": "ln_1"}
    names |= {"norm2": "ln_2", "attention": "attn", "qkv": "c_attn", "proj": "c_proj"}
    names |= {"up": "mlp.c_fc", "down": "mlp.c_proj"}
    weights = {"lm_head.weight": net.token.weight.data}
    for name, value in net.state_dict().items():
        renamed = ".".join(names.get(part, part) for part in name.split("."))
        is_linear = value.dim() == 2 and renamed.startswith("h.")
        weights[f"transformer.{renamed}"] = value.T if is_linear else value
    return weights


PLACES_KEPT = 16


def before(x: Tensor, cache: dict[str, Tensor] | None = None, name: str = "") -> Tensor:
    """What stood one place earlier, zeros before the first; `cache[name]` keeps the last places.

    One place would do to go on. A few more let `utils.decoding.drop_last` take tokens back.

    Shapes:
        x (B, T, C) -> (B, T, C).

    Explained in: 4.3
    """
    past = torch.zeros_like(x[:, :1]) if not cache or name not in cache else cache[name]
    joined = torch.cat([past, x], 1)
    if cache is not None:
        cache[name] = joined[:, -PLACES_KEPT:]
    return joined[:, -x.shape[1] - 1 : -1]


def normed(x: Tensor) -> Tensor:
    """x divided by the root of its mean square, along the last axis.

    Source: Zhang and Sennrich 2019, "Root Mean Square Layer Normalization", without a gain.
    Explained in: 2.6
    """
    return F.rms_norm(x, x.shape[-1:])


class CopyingAttention(nn.Module):
    """Causal attention whose keys come one place late: it asks what *followed* tokens like this.

    Queries and keys have one length and are rotated by their places, in half of their pairs. At
    the start they share their matrix, and the output undoes what made the values: so the layer is
    born looking for what is alike, and handing on what came next.

    Shapes:
        x (B, T, C) -> (B, T, C); `cache`, an empty dict at first, keeps keys and values.

    Source: Olsson et al. 2022, "In-context Learning and Induction Heads" (keys from the place
        before); Trockman and Kolter 2023, "Mimetic Initialization"; Su et al. 2024 (rotation).
    Explained in: 4.3
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        C, Dh = config.d_model, config.d_model // config.n_heads
        self.n_heads = config.n_heads
        self.qkv, self.proj = (nn.Linear(C, n * C, bias=False) for n in (3, 1))
        alike, value = (nn.init.orthogonal_(torch.empty(C, C)) for _ in range(2))
        self.qkv.weight.data = torch.cat([alike, alike, value])
        self.proj.weight.data = value.T.contiguous()
        speeds = torch.zeros(Dh // 2)
        speeds[: Dh // 4] = 10_000 ** -torch.linspace(0, 1, Dh // 4)
        angles = torch.arange(config.context_length)[:, None, None] * speeds  # (T, 1, Dh/2)
        self.register_buffer("turns", torch.stack([angles.cos(), angles.sin()]), persistent=False)

    def rotate(self, x: Tensor, past: int) -> Tensor:
        cos, sin = self.turns[:, past : past + x.shape[1]]
        a, b = x.chunk(2, -1)  # (B, T, H, Dh/2) each
        return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

    def late(self, k: Tensor, cache: dict[str, Tensor] | None) -> Tensor:
        return before(k, cache, "key")

    def forward(self, x: Tensor, cache: dict[str, Tensor] | None = None) -> Tensor:
        past = cache["k"].shape[2] if cache and "k" in cache else 0
        q, k, v = self.qkv(x).chunk(3, 2)  # (B, T, C) each
        k = self.late(k, cache)
        q, k, v = (y.unflatten(2, (self.n_heads, -1)) for y in (q, k, v))
        q, k = (self.rotate(normed(y), past) for y in (q, k))  # (B, T, H, Dh)
        q, k, v = (y.transpose(1, 2) for y in (q, k, v))  # (B, H, T, Dh)
        if cache is not None:
            if past:
                k, v = torch.cat([cache["k"], k], 2), torch.cat([cache["v"], v], 2)
            cache |= {"k": k, "v": v}
        mask = None
        if past:
            mask = torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=x.device).tril(past)
        sharp = 1.5 / math.sqrt(q.shape[3])
        y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=mask is None, scale=sharp)
        return self.proj(y.transpose(1, 2).flatten(2))  # (B, T, C)


class CopyingBlock(nn.Module):
    """Attention, then two layers with a squared ReLU; both read a mixture with the place before.

    Shapes:
        x (B, T, C) -> (B, T, C).

    Source: So et al. 2021, "Primer" (squared ReLU, mixing neighbours).
    Explained in: 4.3
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        C = config.d_model
        self.attention = CopyingAttention(config)
        self.up, self.down = nn.Linear(C, 4 * C, bias=False), nn.Linear(4 * C, C, bias=False)
        nn.init.normal_(self.up.weight, std=C**-0.5)
        nn.init.zeros_(self.down.weight)
        self.share1, self.share2 = (nn.Parameter(torch.zeros(C)) for _ in range(2))

    def forward(self, x: Tensor, cache: dict[str, Tensor] | None = None) -> Tensor:
        h = normed(x)
        x = x + self.attention(torch.lerp(h, before(h, cache, "read1"), self.share1), cache)
        h = normed(x)
        h = torch.lerp(h, before(h, cache, "read2"), self.share2)
        return x + self.down(F.relu(self.up(h)).square())  # (B, T, C)


class CopyingGPT(nn.Module):
    """A small GPT made to learn from little text: it can copy from its context before training.

    Used as `GPT`, with the same configuration, cache and tied table. Its scores come from what
    the blocks have *added* to a token's own vector, which would only repeat the token.

    Shapes:
        idx (B, T), token ids -> logits (B, T, V).

    Raises:
        ValueError: if more tokens arrive than `context_length`, those in the cache included.

    Explained in: 4.3
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        self.config = config
        self.token = nn.Embedding(config.vocab_size, config.d_model)
        nn.init.normal_(self.token.weight, std=0.1)
        self.blocks = nn.ModuleList(CopyingBlock(config) for _ in range(config.n_layers))
        self.own = nn.Parameter(torch.ones(config.d_model))

    def forward(self, idx: Tensor, cache: list[dict[str, Tensor]] | None = None) -> Tensor:
        end = (cache[0]["k"].shape[2] if cache else 0) + idx.shape[1]
        if end > self.config.context_length:
            raise ValueError(
                f"This model reads {self.config.context_length} tokens at most; here come {end}."
            )
        if cache is not None and not cache:
            cache += [{} for _ in self.blocks]
        start = x = normed(self.token(idx))  # (B, T, C)
        for n, block in enumerate(self.blocks):
            x = block(x, cache[n] if cache is not None else None)  # (B, T, C)
        return normed(x - self.own * start) @ self.token.weight.T  # (B, T, V)


def dense_layers(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers from each width to the next, ReLU between them and none after the last.

    Shapes:
        (B, widths[0]) -> (B, widths[-1]).

    Explained in: 2.4
    """
    layers = []
    for n_in, n_out in itertools.pairwise(widths):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class AutoEncoder(nn.Module):
    """From `input_dim` numbers to a code of `d_code` and back: the document's network, mended.

    `hidden` holds the widths between input and code; the decoder has them in reverse, and without
    any (`hidden=()`) both halves are affine. The output is `"sigmoid"` for data from 0 to 1, and
    `"linear"` for any other.

    Shapes:
        x (B, ...), input_dim numbers each -> x_hat, of x's shape; encode: x -> z (B, d_code);
        decode: z (B, d_code) -> (B, input_dim).

    Raises:
        ValueError: on another output, or if examples of another size arrive.

    Explained in: 2.4
    """

    def __init__(
        self,
        input_dim: int = 784,
        d_code: int = 32,
        hidden: Sequence[int] = (128,),
        output: str = "sigmoid",
    ):
        super().__init__()
        if output not in ("sigmoid", "linear"):
            raise ValueError(f"An output is 'sigmoid' or 'linear'; this is {output!r}.")
        widths = (input_dim, *hidden, d_code)
        self.encoder = dense_layers(widths)
        self.decoder = dense_layers(widths[::-1])
        if output == "sigmoid":
            self.decoder.append(nn.Sigmoid())

    def encode(self, x: Tensor) -> Tensor:
        x, d_in = x.flatten(1), self.encoder[0].in_features  # (B, input_dim)
        if x.shape[1] != d_in:
            raise ValueError(f"An example has {d_in} numbers; these have {x.shape[1]}.")
        return self.encoder(x)  # (B, d_code)

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z)  # (B, input_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.decode(self.encode(x)).reshape(x.shape)


class VAE(nn.Module):
    """A variational autoencoder: a code with a standard normal prior, pixels from 0 to 1.

    The encoder gives mean and logarithm of the variance of a normal code, the decoder logits of
    Bernoulli pixels; `hidden` as in `AutoEncoder`. Training draws one code for each example from
    the global generator, and `elbo_terms` makes the bound of what `forward` returns.

    Shapes:
        x (B, ...), input_dim numbers each -> logits (B, input_dim), mean and log_var (B, d_code);
        encode: x -> mean, log_var; decode: z (B, d_code) -> probabilities (B, input_dim).

    Raises:
        ValueError: if examples of another size arrive.

    Source: Kingma and Welling 2014, "Auto-Encoding Variational Bayes", section 3 and appendix C.
    Explained in: 2.5
    """

    def __init__(self, input_dim: int = 784, d_code: int = 8, hidden: Sequence[int] = (128,)):
        super().__init__()
        self.encoder = dense_layers((input_dim, *hidden, 2 * d_code))
        self.decoder = dense_layers((d_code, *hidden[::-1], input_dim))

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x, d_in = x.flatten(1), self.encoder[0].in_features  # (B, input_dim)
        if x.shape[1] != d_in:
            raise ValueError(f"An example has {d_in} numbers; these have {x.shape[1]}.")
        mean, log_var = self.encoder(x).chunk(2, dim=1)  # (B, d_code) each
        return mean, log_var

    def decode(self, z: Tensor) -> Tensor:
        return self.decoder(z).sigmoid()  # (B, input_dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mean, log_var = self.encode(x)
        z = mean + (log_var / 2).exp() * torch.randn_like(mean)  # (B, d_code)
        return self.decoder(z), mean, log_var


def elbo_terms(outputs: tuple[Tensor, Tensor, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """The two terms of the evidence lower bound for each example: ELBO = fit − rate, summed.

    Shapes:
        outputs: what a `VAE` returns for x (B, ...); gives the fit (B,), log p(x|z) at the drawn z,
        and the rate (B, d_code), the divergence from the prior along each axis of the code.

    Units: nats. Grey pixels count as ink with that probability.

    Source: Kingma and Welling 2014, equation 10.
    Explained in: 2.5
    """
    logits, mean, log_var = outputs
    fit = -F.binary_cross_entropy_with_logits(logits, x.flatten(1), reduction="none")
    rate = (mean**2 + log_var.exp() - 1 - log_var) / 2
    return fit.sum(1), rate


class RecurrentReader(nn.Module):
    """Reads tokens one after another and scores classes from its last state.

    `kind` is "RNN", "LSTM" or "GRU", PyTorch's layers of that name. `read` starts from embedded
    tokens, so that gradients with respect to them can be asked for.

    Shapes:
        idx (B, T) -> logits (B, n_classes); read: x (B, T, d_model) -> logits.

    Explained in: 2.3
    """

    def __init__(self, kind: str, d_state: int, n_tokens: int = 9, n_classes: int = 8):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, 16)
        self.cell = getattr(nn, kind)(16, d_state, batch_first=True)
        self.head = nn.Linear(d_state, n_classes)

    def forward(self, idx: Tensor) -> Tensor:
        return self.read(self.embedding(idx))

    def read(self, x: Tensor) -> Tensor:
        states, _ = self.cell(x)  # (B, T, d_state)
        return self.head(states[:, -1])  # (B, n_classes)


class AttentionReader(nn.Module):
    """Scores classes from what the last token finds by attention to all tokens at once.

    Without positions (`has_positions=False`) it cannot know the order of what it reads.

    Shapes:
        idx (B, T), T at most `length` -> logits (B, n_classes); read: x (B, T, d_model) -> logits.

    Explained in: 2.3 and 2.6
    """

    def __init__(
        self,
        d_model: int,
        length: int,
        n_tokens: int = 9,
        n_classes: int = 8,
        has_positions: bool = True,
    ):
        super().__init__()
        self.embedding = nn.Embedding(n_tokens, d_model)
        positions = torch.randn(length, d_model)
        self.positions = nn.Parameter(positions) if has_positions else None
        self.query, self.key, self.value = (nn.Linear(d_model, d_model) for _ in range(3))
        self.head = nn.Linear(d_model, n_classes)

    def forward(self, idx: Tensor) -> Tensor:
        return self.read(self.embedding(idx))

    def read(self, x: Tensor) -> Tensor:
        if self.positions is not None:
            x = x + self.positions[: x.shape[1]]  # (B, T, C)
        Q, K, V = self.query(x[:, -1:]), self.key(x), self.value(x)
        weights = (Q @ K.mT / math.sqrt(x.shape[2])).softmax(2)  # (B, 1, T)
        return self.head((weights @ V)[:, 0])  # (B, n_classes)


def open_forget_gate(reader: RecurrentReader, bias: float) -> RecurrentReader:
    """Set an LSTM's forget gates to start at sigmoid(bias) for a zero input and state.

    Raises:
        ValueError: if the reader's layer is no LSTM.

    Source: Gers, Schmidhuber and Cummins 2000; Jozefowicz, Zaremba and Sutskever 2015.
    Explained in: 2.3
    """
    if not isinstance(reader.cell, nn.LSTM):
        raise ValueError(f"Only an LSTM has a forget gate, not a {type(reader.cell).__name__}.")
    d_state = reader.cell.hidden_size
    forget = slice(d_state, 2 * d_state)  # PyTorch's order: input, forget, cell, output
    with torch.no_grad():
        reader.cell.bias_ih_l0[forget] = bias
        reader.cell.bias_hh_l0[forget] = 0
    return reader
