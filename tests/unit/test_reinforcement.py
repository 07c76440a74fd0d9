"""`utils.reinforcement`: what is played, weighed and learned, against loops written out."""

import gymnasium as gym
import numpy as np
import pytest
import torch

from utils import reinforcement as rl
from utils.fullscale import cartpole


class Countdown(gym.Env):
    """Ends after three steps, each rewarded with its number; the observation counts."""

    observation_space = gym.spaces.Box(0, 3, (1,), np.float32)
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.n = 0
        return np.zeros(1, np.float32), {}

    def step(self, action):
        self.n += 1
        return np.full(1, self.n, np.float32), float(self.n), self.n == 3, False, {}


@pytest.fixture
def envs():
    return gym.vector.SyncVectorEnv([Countdown] * 2)


@pytest.fixture
def agent(envs):
    return rl.new_agent(envs, 0)[0]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_a_restart_is_not_a_real_step(envs, agent):
    played, start = rl.play(envs, agent, rl.begin(envs, 0), 7, generator())
    assert played.is_real[:, 0].tolist() == [True, True, True, False, True, True, True]
    assert played.after[:, 0, 0].tolist() == [1, 2, 3, 0, 1, 2, 3]
    assert played.done[:, 0].tolist() == [False, False, True, False, False, False, True]
    assert start[1].all()


def test_what_goes_on_begins_with_a_restart(envs, agent):
    _, start = rl.play(envs, agent, rl.begin(envs, 0), 3, generator())
    played, _ = rl.play(envs, agent, start, 2, generator())
    assert played.is_real[:, 0].tolist() == [False, True]


def test_one_episode_stops_when_all_have_ended(envs, agent):
    played, _ = rl.play(envs, agent, rl.begin(envs, 0), 50, generator(), one_episode=True)
    assert played.is_real.all() and len(played.reward) == 3


def test_returns_are_discounted_sums():
    reward = torch.tensor([1.0, 2.0, 3.0], dtype=rl.DOUBLE)[:, None]
    assert rl.returns(reward, 0.5)[:, 0].tolist() == [2.75, 3.5, 3.0]


def test_advantages_equal_the_sum_written_out(envs, agent):
    played, _ = rl.play(envs, agent, rl.begin(envs, 0), 6, generator())
    value, after = torch.rand(2, 6, 2, dtype=rl.DOUBLE, generator=generator())
    found = rl.advantages(played, value, after, 0.9, 0.7)
    alive = 1 - played.terminated.double()
    delta = played.reward + 0.9 * alive * after - value
    for t in range(6):
        total, weight = torch.zeros(2, dtype=rl.DOUBLE), torch.ones(2, dtype=rl.DOUBLE)
        for k in range(t, 6):
            total += weight * delta[k]
            weight *= 0.63 * (1 - played.done[k].double())
        torch.testing.assert_close(found[t], total)


def test_draws_follow_the_softmax():
    logits = torch.tensor([0.0, 1.0, -1.0], dtype=rl.DOUBLE)
    drawn = rl.sample_action(logits.expand(40_000, 3), generator())
    shares = torch.bincount(drawn, minlength=3) / 40_000
    torch.testing.assert_close(shares.double(), logits.softmax(0), atol=0.01, rtol=0)


def test_the_log_counts_episodes_and_real_steps(envs, agent):
    log, start = rl.Returns(2), rl.begin(envs, 0)
    for _ in range(3):
        played, start = rl.play(envs, agent, start, 3, generator())
        log.add(played)
    assert log.finished == [6.0] * 4  # 1 + 2 + 3, twice in each copy
    assert log.steps == 14  # of 18, four only restarted


def test_log_probabilities_are_of_the_actions_taken(agent):
    obs = torch.rand(5, 1, dtype=rl.DOUBLE, generator=generator())
    both = torch.stack([agent.log_prob(obs, torch.full((5,), a)) for a in (0, 1)])
    torch.testing.assert_close(both.exp().sum(0), torch.ones(5, dtype=rl.DOUBLE))


def test_clipping_never_promises_more():
    ratio = torch.linspace(0.1, 2, 50, dtype=rl.DOUBLE)
    for advantage in (-1.0, 1.0):
        weight = torch.full_like(ratio, advantage)
        assert (rl.clipped_objective(ratio, weight, 0.2) <= ratio * weight).all()


@pytest.mark.parametrize("learn", [rl.reinforce, rl.ppo])
def test_the_same_seed_learns_the_same(learn):
    first, second = (learn(rl.cartpoles(4), 3, limit=500) for _ in range(2))
    assert first[1].finished == second[1].finished and first[1].steps == second[1].steps
    for a, b in zip(first[0].parameters(), second[0].parameters()):
        assert torch.equal(a, b)


def test_evaluation_counts_the_first_episode_alone():
    fast, single = (
        rl.first_returns(lambda obs: np.ones(len(obs), int), rl.cartpoles(5, fast), 0)
        for fast in (True, False)
    )
    assert fast.shape == single.shape == (5,)
    assert ((fast >= 8) & (fast <= 11)).all() and ((single >= 8) & (single <= 11)).all()


@pytest.mark.parametrize("name", cartpole.METHODS)
def test_a_recorded_run_says_steps_and_returns(name, monkeypatch):
    monkeypatch.setattr(cartpole, "balances", rl.no_stop)
    run = cartpole.run_method(name, 0, 200)
    assert run["method"] == name and run["steps"] >= 200
    assert 8 <= run["test_lowest"] <= run["test_mean"] <= 500
