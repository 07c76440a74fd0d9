"""Answers to the exercises of chapter 6.4."""

import gymnasium as gym


def one_choice(p, r_0, r_1):
    return p * (1 - p) * (r_1 - r_0), (1 - p) * r_1 + p * r_0


def without_the_sigmoid(p, r_0, r_1):
    return r_1 - r_0, (1 - p) * r_1 + p * r_0


def value_as_baseline(p, r_0, r_1):
    return p * (1 - p) * (r_1 - r_0), p * r_1 + (1 - p) * r_0


class Walk(gym.Env):
    def __init__(self, size=5):
        self.size = size
        self.observation_space = gym.spaces.Discrete(size)
        self.action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = 0
        return self.place, {}

    def step(self, action):
        self.place = max(0, self.place + (1 if action == 1 else -1))
        has_arrived = self.place == self.size - 1
        return self.place, 1.0 if has_arrived else -0.1, has_arrived, False, {}


class OldReset(Walk):
    def reset(self, *, seed=None, options=None):
        return super().reset(seed=seed)[0]


class Truncates(Walk):
    def step(self, action):
        place, reward, has_arrived, _, info = super().step(action)
        return place, reward, False, has_arrived, info


class PaysNothing(Walk):
    def step(self, action):
        place, reward, has_arrived, truncated, info = super().step(action)
        return place, max(0.0, reward), has_arrived, truncated, info


class LeavesTheLine(Walk):
    def step(self, action):
        self.place += 1 if action == 1 else -1
        has_arrived = self.place == self.size - 1
        return self.place, 1.0 if has_arrived else -0.1, has_arrived, False, {}


def price(scores, reference, beta):
    log_p = (reference.log() + scores / beta).log_softmax(0)
    return log_p.exp() @ scores, log_p.exp() @ (log_p - reference.log())


def without_the_reference(scores, reference, beta):
    log_p = (scores / beta).log_softmax(0)
    return log_p.exp() @ scores, log_p.exp() @ (log_p - reference.log())


def divergence_the_other_way(scores, reference, beta):
    log_p = (reference.log() + scores / beta).log_softmax(0)
    return log_p.exp() @ scores, reference @ (reference.log() - log_p)


def overflows(scores, reference, beta):
    p = reference * (scores / beta).exp()
    p = p / p.sum()
    return p @ scores, p @ (p / reference).log()


RIGHT = {
    "6.4-a": (10.0, 1, 10.0),
    "6.4-b": one_choice,
    "6.4-c": Walk,
    "6.4-d": price,
}

WRONG = {
    "6.4-a": [
        ("truncation taken for an end", (10.0, 1, 1)),
        ("no end at all", (10.0, 10.0, 10.0)),
        ("the value without the discount", (11, 1, 11)),
    ],
    "6.4-b": [
        ("the derivative with respect to p", without_the_sigmoid),
        ("the value, which is not the best baseline", value_as_baseline),
    ],
    "6.4-c": [
        ("reset as in the old Gym", OldReset),
        ("arrival as truncation", Truncates),
        ("steps cost nothing", PaysNothing),
        ("it walks off the line", LeavesTheLine),
    ],
    "6.4-d": [
        ("the reference left out of the optimum", without_the_reference),
        ("the divergence the other way round", divergence_the_other_way),
        ("an overflow for a small price", overflows),
    ],
}
