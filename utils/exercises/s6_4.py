"""Graders of chapter 6.4, OpenAI Gym, today Gymnasium."""

import warnings

import gymnasium as gym
import torch
from gymnasium.utils.env_checker import check_env

from utils.exercises import expect, grader, same_number


@grader("6.4-a", "only a terminated episode has no future")
def three_targets(answer):
    expect(
        isinstance(answer, (tuple, list)) and len(answer) == 3,
        "three numbers are asked for: it goes on, it terminated, it was truncated",
    )
    for given, right, name in zip(
        answer, (10.0, 1.0, 10.0), ("goes on", "terminated", "truncated")
    ):
        same_number(given, right, name=f"the target where the episode {name}")


@grader("6.4-b", "the gradient, and the baseline that leaves no variance")
def one_choice(answer):
    for p, r_0, r_1 in [(0.3, 0.0, 1.0), (0.5, 2.0, -1.0), (0.9, 1.0, 4.0)]:
        found = answer(p, r_0, r_1)
        expect(
            isinstance(found, (tuple, list)) and len(found) == 2,
            "two numbers are asked for, the derivative and the baseline",
        )
        same_number(found[0], p * (1 - p) * (r_1 - r_0), name="the derivative")
        same_number(found[1], (1 - p) * r_1 + p * r_0, name="the baseline")


@grader("6.4-c", "it passes `check_env`, and pays and ends as asked")
def walk(answer):
    env = answer(5)
    expect(env is not None and isinstance(env, gym.Env), "`Walk` must be a `gymnasium.Env`")
    expect(
        getattr(env, "observation_space", None) == gym.spaces.Discrete(5)
        and getattr(env, "action_space", None) == gym.spaces.Discrete(2),
        "the spaces are `Discrete(size)` for observations and `Discrete(2)` for actions",
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is not registered, which the checker mentions
        try:
            check_env(answer(5), skip_render_check=True)
        except Exception as error:
            expect(False, f"`check_env` refuses it: {' '.join(str(error).split())[:160]}")
    env.reset(seed=0)
    asked = [(0, 0, -0.1), (1, 1, -0.1), (1, 2, -0.1), (0, 1, -0.1), (1, 2, -0.1), (1, 3, -0.1)]
    for action, place, pays in [*asked, (1, 4, 1.0)]:
        after, reward, terminated, truncated, _ = env.step(action)
        expect(after == place, f"after action {action} it should stand at {place}, not {after}")
        same_number(reward, pays, name=f"the reward of the step to {place}")
        expect(not truncated, "no step of this environment truncates")
        expect(bool(terminated) == (place == 4), "it ends where the last place is reached")
    expect(env.reset(seed=1)[0] == 0, "`reset` puts the agent back to 0")


@grader("6.4-d", "the score that the price leaves, and how far the optimum went for it")
def price_of_reward(answer):
    generator = torch.Generator().manual_seed(0)
    for n, beta in [(4, 1.0), (30, 0.2), (6, 0.001)]:
        scores = torch.rand(n, dtype=torch.float64, generator=generator)
        reference = torch.rand(n, dtype=torch.float64, generator=generator).softmax(0)
        found = answer(scores, reference, beta)
        expect(
            isinstance(found, (tuple, list)) and len(found) == 2,
            "two numbers are asked for, the mean score and the divergence",
        )
        log_p = (reference.log() + scores / beta).log_softmax(0)
        same_number(float(found[0]), float(log_p.exp() @ scores), name="the mean score")
        divergence = float(log_p.exp() @ (log_p - reference.log()))
        same_number(float(found[1]), divergence, name="the divergence")
