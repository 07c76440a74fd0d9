"""Graders of chapter 7.1.1, Larger models: scaling laws."""

from scipy.optimize import minimize_scalar

from utils.exercises import expect, grader, same_number

LAWS = [(1.8172, 482.01, 0.3478, 2085.43, 0.3658), (0.5, 10.0, 0.4, 30.0, 0.25)]


def right_size(law, target, served):
    """Parameters of the model that costs least over its lifetime and reaches the target loss."""
    E, A, alpha, B, beta = law
    least = (A / (target - E)) ** (1 / alpha)  # smaller ones cannot, on any amount of text

    def cost(f):
        tokens = (B / (target - E - A / (least * f) ** alpha)) ** (1 / beta)
        return least * f * (6 * tokens + 2 * served)

    return least * minimize_scalar(cost, bounds=(1.001, 100), method="bounded").x


@grader("7.1.1-a", "both shares of a budget follow from two exponents")
def by_hand(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 2,
        "two numbers are asked for, the factor of the parameters and that of the tokens",
    )
    same_number(answer[0], 100.0, name="the factor of the parameters")
    same_number(answer[1], 10.0, name="the factor of the tokens")


@grader("7.1.1-b", "halving what can still be learned costs a fixed factor of compute")
def compute_to_halve(answer):
    for alpha, beta in [(0.34, 0.28), (0.5, 0.5), (0.2, 0.9)]:
        right = 2 ** ((alpha + beta) / (alpha * beta))
        same_number(answer(alpha, beta), right, name="the factor of the compute")


@grader("7.1.1-c", "the rule holds for wide models with short contexts")
def smallest_width(answer):
    for L, T, V, excess in [(1, 128, 128, 0.1), (6, 128, 128, 0.1), (12, 1024, 50_257, 0.2)]:
        C = 1
        while True:
            counted = 24 * L * C**2 + 4 * L * T * C + 2 * V * C
            if counted <= (1 + excess) * 2 * (12 * L * C**2 + 13 * L * C + 2 * C):
                break
            C += 1
        same_number(answer(L, T, V, excess), C, name="the width")


@grader(
    "7.1.1-d", "the more a model will be used, the smaller it should be, and the longer trained"
)
def best_for_a_lifetime(answer):
    for law, target, served in [(LAWS[0], 2.0, 1e13), (LAWS[1], 0.7, 1e10), (LAWS[0], 2.1, 1e9)]:
        ratio = answer(law, target, served) / right_size(law, target, served)
        same_number(ratio, 1.0, rtol=0.01, name="the size over the best size")
