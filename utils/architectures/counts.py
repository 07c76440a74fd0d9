"""What follows from an architecture's sizes: parameters, operations, bytes.

Holds the sizes of a Transformer and the formulas; builds nothing. A multiplication and an addition
are two operations, as in `measure`.

Explained in: 1.1
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Experts:
    """A mixture: `n` experts of width `d_ff`, `top_k` of them, chosen by a router, for each token.

    `n_shared` further experts serve every token; the first `n_dense` layers have none of all this.
    """

    n: int
    top_k: int
    d_ff: int
    n_shared: int = 0
    n_dense: int = 0


@dataclass(frozen=True)
class Latent:
    """Attention through narrow codes, `q_rank` numbers for queries, `kv_rank` for keys and values.

    A head's query and key are `d_plain` + `d_rotary` wide, and all heads share the rotary key.
    """

    q_rank: int
    kv_rank: int
    d_plain: int
    d_rotary: int
    d_value: int


@dataclass(frozen=True)
class Transformer:
    """The sizes of a Transformer, from which everything here is computed.

    `n_kv_heads` and `d_head` are `n_heads` and `d_model / n_heads` unless given. `d_norm` is how
    many numbers a norm has for each channel: 1 without a shift, 2 with one. `norms` counts them in
    a layer, `outer_norms` outside. `biases` names what has some: "qkv out ff head router".
    `qk_norm` and `extra` are plain numbers of parameters, in each layer and once.
    """

    n_layers: int
    d_model: int
    n_heads: int
    d_ff: int
    vocab_size: int
    n_kv_heads: int | None = None
    d_head: int | None = None
    n_positions: int = 0
    n_encoder_layers: int = 0
    is_gated: bool = True
    is_tied: bool = False
    biases: str = ""
    d_norm: int = 1
    norms: int = 2
    outer_norms: int = 1
    qk_norm: int = 0
    extra: int = 0
    experts: Experts | None = None
    latent: Latent | None = None

    def __post_init__(self) -> None:
        if self.d_head is None:
            if self.d_model % self.n_heads:
                raise ValueError(
                    f"{self.n_heads} heads do not divide a width of {self.d_model}; give `d_head`."
                )
            object.__setattr__(self, "d_head", self.d_model // self.n_heads)
        if self.n_kv_heads is None:
            object.__setattr__(self, "n_kv_heads", self.n_heads)
        if self.n_heads % self.n_kv_heads:
            raise ValueError(
                f"{self.n_heads} heads cannot share {self.n_kv_heads} of keys and values evenly."
            )

    def has_bias(self, part: str) -> bool:
        return part in self.biases.split()


def count_attention(c: Transformer) -> int:
    """Weights and biases of one attention: queries, keys, values, output.

    Source: Vaswani et al. 2017, section 3.2; Ainslie et al. 2023 for shared keys and values;
        DeepSeek-AI 2024, section 2.1.1, for the latent kind.
    """
    if c.latent is not None:
        return _latent_parameters(c, c.latent)
    d_q, d_kv = c.n_heads * c.d_head, c.n_kv_heads * c.d_head
    weights = c.d_model * (d_q + 2 * d_kv) + d_q * c.d_model
    biases = (d_q + 2 * d_kv) * c.has_bias("qkv") + c.d_model * c.has_bias("out")
    return weights + biases + c.qk_norm


def _latent_parameters(c: Transformer, code: Latent) -> int:
    d_query = code.d_plain + code.d_rotary
    queries = c.d_model * code.q_rank + code.q_rank + code.q_rank * c.n_heads * d_query
    keys = c.d_model * (code.kv_rank + code.d_rotary) + code.kv_rank  # with a norm of the code
    values = code.kv_rank * c.n_heads * (code.d_plain + code.d_value)
    return queries + keys + values + c.n_heads * code.d_value * c.d_model


def count_feed_forward(c: Transformer, d_ff: int) -> int:
    """Two matrices, or three if gated, of a feed-forward layer `d_ff` wide."""
    n_in = 2 if c.is_gated else 1
    biases = (n_in * d_ff + c.d_model) * c.has_bias("ff")
    return (n_in + 1) * c.d_model * d_ff + biases


def count_layer(c: Transformer, n_experts: int | None = None, dense: bool = False) -> int:
    """One layer; of a mixture, with `n_experts` of its experts (all unless given)."""
    fixed = count_attention(c) + c.norms * c.d_norm * c.d_model
    if c.experts is None or dense:
        return fixed + count_feed_forward(c, c.d_ff)
    mixture = c.experts
    used = (mixture.n if n_experts is None else n_experts) + mixture.n_shared
    router = c.d_model * mixture.n + mixture.n * c.has_bias("router")
    return fixed + router + used * count_feed_forward(c, mixture.d_ff)


def parameters(c: Transformer, n_experts: int | None = None) -> int:
    """All parameters, or those that are left when each layer keeps `n_experts` of its experts.

    Example: GPT-2, Transformer(12, 768, 12, 3072, 50257, …), has 124,439,808.
    """
    n_dense = c.experts.n_dense if c.experts else 0
    layers = n_dense * count_layer(c, dense=True)
    layers += (c.n_layers - n_dense) * count_layer(c, n_experts)
    if c.n_encoder_layers:  # decoder layers attend twice, and norm that too
        cross = count_attention(c) + c.d_norm * c.d_model
        layers += c.n_layers * cross + c.n_encoder_layers * count_layer(c)
    embedding = (c.vocab_size + c.n_positions) * c.d_model
    return layers + embedding + count_head(c) + c.outer_norms * c.d_norm * c.d_model + c.extra


def count_head(c: Transformer) -> int:
    """The matrix from the last layer to the vocabulary, 0 where it is the embedding's own."""
    return c.vocab_size * (c.has_bias("head") + c.d_model * (not c.is_tied))


def active_parameters(c: Transformer) -> int:
    """Those that take part in the forward pass of one token: `top_k` experts of each layer.

    The embedding counts in full, as papers mostly count it.
    """
    return parameters(c, c.experts.top_k if c.experts else None)


def matrix_parameters(c: Transformer) -> int:
    """Weights that a token is multiplied with: the active ones without embedding, norms, biases.

    For decoders without latent attention and without an encoder.

    Raises:
        ValueError: for other kinds.
    """
    if c.latent or c.n_encoder_layers:
        raise ValueError("Operations are counted here for plain decoders alone.")
    bare = replace(c, biases="", d_norm=0, qk_norm=0, extra=0, n_positions=0, is_tied=True)
    return active_parameters(bare)  # of embedding and head one is left, to multiply with


def forward_flops(c: Transformer, length: int) -> int:
    """Operations of one sequence: two for each weight and token, and attention's own.

    Attention multiplies queries with all `length` keys and weights with all values, masked or not.
    """
    attention = 4 * c.n_layers * length * c.n_heads * c.d_head  # for one token
    return length * (2 * matrix_parameters(c) + attention)


def training_flops(n_parameters: float, n_tokens: float) -> float:
    """Two operations forward and four back, for each parameter and token: 6 N D.

    Source: Kaplan et al. 2020, section 2.1.
    """
    return 6 * n_parameters * n_tokens


def kv_cache_bytes(c: Transformer, length: int, bytes_each: int = 2) -> int:
    """Keys and values of one sequence in all layers; of latent attention, its code.

    Source: DeepSeek-AI 2024, section 2.1.1, for the latter.
    """
    each = 2 * c.n_kv_heads * c.d_head
    if c.latent is not None:
        each = c.latent.kv_rank + c.latent.d_rotary
    return c.n_layers * length * each * bytes_each


def count_convolution(
    n_in: int, n_out: int, kernel: int, groups: int = 1, bias: bool = True
) -> int:
    """Of a square kernel: K² · C_in/G · C_out, and one bias for each channel that leaves.

    Explained in: 3.2.1
    """
    return kernel**2 * n_in // groups * n_out + n_out * bias
