"""Agents that learn from reward in Gymnasium's vector environments: REINFORCE and PPO, small.

Copies of an environment are stepped together. They restart in the step *after* an episode ends
(`AutoresetMode.NEXT_STEP`), and that step is no transition: `Played.is_real` leaves it out. All
numbers are float64, so that runs on different processors stay together for long.

Leaves out continuous actions, shared networks, and everything a large run needs.
Explained in: 6.4
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import gymnasium as gym
import numpy as np
import torch
from torch import Tensor, nn

Act = Callable[[np.ndarray], np.ndarray]  # observations (copies, d_obs) -> actions (copies,)
DOUBLE = torch.float64
VALIDATION = 5000  # the seed of the starts that decide when to stop; tests take others
RECENT = 100  # episodes over which the running mean of returns is taken
LONGEST = 501  # steps of an episode that REINFORCE waits for, and the one that restarts
CRITIC_PASSES = 4  # gradient steps of the value network for each one of the policy


class Agent(nn.Module):
    """Two small networks: logits of the actions, and the value of the state.

    Shapes:
        policy: (..., d_obs) -> (..., n_actions).
        value: (..., d_obs) -> (..., 1).
    """

    def __init__(self, d_obs: int, n_actions: int, width: int = 32) -> None:
        super().__init__()
        self.policy, self.value = (
            nn.Sequential(
                nn.Linear(d_obs, width, dtype=DOUBLE),
                nn.Tanh(),
                nn.Linear(width, n_out, dtype=DOUBLE),
            )
            for n_out in (n_actions, 1)
        )

    def log_prob(self, obs: Tensor, action: Tensor) -> Tensor:
        """log π(a|s) of the actions taken: (..., d_obs), (...) -> (...)."""
        return self.policy(obs).log_softmax(-1).gather(-1, action[..., None])[..., 0]


class Played(NamedTuple):
    """Steps of all copies, each a tensor (steps, copies), with d_obs numbers for `obs` and `after`.

    `after` is the true next observation, also where an episode ends there.
    """

    obs: Tensor
    action: Tensor
    reward: Tensor
    terminated: Tensor
    done: Tensor  # terminated or truncated
    after: Tensor
    is_real: Tensor  # false where a copy only restarted


@dataclass(frozen=True)
class PPOSettings:
    """What PPO leaves open; `beta` is the price of leaving a uniform reference policy."""

    steps: int = 32
    epochs: int = 4
    batch: int = 512
    rate: float = 1e-2
    gamma: float = 0.99
    lam: float = 0.95
    clip: float = 0.2
    beta: float = 0.0


def as_tensor(observation: np.ndarray) -> Tensor:
    return torch.as_tensor(observation, dtype=DOUBLE)


def sample_action(logits: Tensor, generator: torch.Generator) -> Tensor:
    """One action for each row of logits, by the Gumbel trick: (..., n_actions) -> (...)."""
    uniform = torch.rand(logits.shape, generator=generator, dtype=DOUBLE)
    return (logits - (-uniform.log()).log()).argmax(-1)


def play(
    envs: gym.vector.VectorEnv,
    agent: Agent,
    start: tuple[Tensor, Tensor],
    steps: int,
    generator: torch.Generator,
    one_episode: bool = False,
) -> tuple[Played, tuple[Tensor, Tensor]]:
    """Let the agent act in all copies; returns what happened and where it goes on.

    With `one_episode` only the first episode of each copy counts, and play stops when all ended.

    Shapes:
        start: observations (copies, d_obs), and whether each copy has just ended (copies,).
    """
    obs, just_ended = start
    rows, has_ended = [], just_ended
    for _ in range(steps):
        with torch.no_grad():
            action = sample_action(agent.policy(obs), generator)
        new, reward, terminated, truncated, _ = envs.step(action.numpy())
        flags = torch.tensor(terminated), torch.tensor(terminated | truncated)
        is_real = ~(has_ended if one_episode else just_ended)
        after = as_tensor(new)
        rows.append((obs, action, torch.tensor(reward, dtype=DOUBLE), *flags, after, is_real))
        obs, just_ended = after, flags[1]
        has_ended = has_ended | just_ended
        if one_episode and has_ended.all():
            break
    return Played(*map(torch.stack, zip(*rows))), (obs, just_ended)


def begin(envs: gym.vector.VectorEnv, seed: int | None = None) -> tuple[Tensor, Tensor]:
    """Start all copies anew; the `start` that `play` takes."""
    observation, _ = envs.reset(seed=seed)
    return as_tensor(observation), torch.zeros(envs.num_envs, dtype=torch.bool)


def returns(reward: Tensor, gamma: float) -> Tensor:
    """Discounted sums of rewards from each step on: (steps, ...) -> (steps, ...)."""
    total, sums = torch.zeros_like(reward[0]), []
    for now in reward.flip(0):
        total = now + gamma * total
        sums.append(total)
    return torch.stack(sums[::-1])


def advantages(
    played: Played, value: Tensor, value_after: Tensor, gamma: float, lam: float
) -> Tensor:
    """Generalised advantage estimates: (steps, copies) -> (steps, copies).

    Source: Schulman et al., 2016, equation 16.
    """
    alive = 1 - played.terminated.to(DOUBLE)  # a truncated episode would have gone on
    delta = played.reward + gamma * alive * value_after - value
    goes_on = 1 - played.done.to(DOUBLE)
    total, sums = torch.zeros_like(delta[0]), []
    for now, on in zip(delta.flip(0), goes_on.flip(0)):
        total = now + gamma * lam * on * total
        sums.append(total)
    return torch.stack(sums[::-1])


def clipped_objective(ratio: Tensor, advantage: Tensor, clip: float) -> Tensor:
    """PPO's gain for each step. Source: Schulman et al., 2017, equation 7."""
    return torch.min(ratio * advantage, ratio.clamp(1 - clip, 1 + clip) * advantage)


class Returns:
    """The returns of finished episodes, and how many steps they took."""

    def __init__(self, copies: int) -> None:
        self.running, self.finished = torch.zeros(copies, dtype=DOUBLE), []
        self.steps, self.curve = 0, []  # real steps; (steps, running mean)

    def add(self, played: Played) -> None:
        for reward, done, real in zip(played.reward, played.done, played.is_real):
            self.running = self.running + reward * real
            ended = done & real
            self.finished += self.running[ended].tolist()
            self.running = self.running.masked_fill(ended, 0)
        self.steps += int(played.is_real.sum())
        self.curve.append((self.steps, self.mean()))

    def mean(self) -> float:
        """The running mean, not a number before `RECENT` episodes have ended."""
        recent = self.finished[-RECENT:]
        return float(np.mean(recent)) if len(recent) == RECENT else float("nan")


Stop = Callable[[Agent, Returns], bool]


def no_stop(agent: Agent, log: Returns) -> bool:
    return False


def reinforce(
    envs: gym.vector.VectorEnv,
    seed: int,
    stop: Stop | None = None,
    limit: int = 300_000,
    rate: float = 3e-2,
    gamma: float = 0.99,
    baseline: bool = True,
) -> tuple[Agent, Returns]:
    """REINFORCE: an update from one whole episode of each copy, until `stop` or the limit of steps.

    The baseline is the value network as earlier episodes left it, so it cannot bias the gradient.

    Source: Williams, 1992.
    """
    agent, generator = new_agent(envs, seed)
    actor = torch.optim.Adam(agent.policy.parameters(), lr=rate)
    critic = torch.optim.Adam(agent.value.parameters(), lr=rate)
    begin(envs, seed)
    log, stop = Returns(envs.num_envs), stop or no_stop
    while log.steps < limit and not stop(agent, log):
        played, _ = play(envs, agent, begin(envs), LONGEST, generator, one_episode=True)
        log.add(played)
        real = played.is_real
        obs, target = played.obs[real], returns(played.reward * real, gamma)[real]
        with torch.no_grad():
            weight = target - agent.value(obs)[:, 0] if baseline else target
        step_down(actor, -(agent.log_prob(obs, played.action[real]) * weight).mean())
        for _ in range(CRITIC_PASSES if baseline else 0):
            step_down(critic, ((agent.value(obs)[:, 0] - target) ** 2).mean())
    return agent, log


def step_down(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    """One step against the gradient of this loss."""
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def ppo_update(
    agent: Agent,
    optimizer: torch.optim.Optimizer,
    played: Played,
    settings: PPOSettings,
    generator: torch.Generator,
) -> None:
    """Several passes over what was played, each step's ratio clipped."""
    real = played.is_real
    with torch.no_grad():
        value, value_after = (agent.value(x)[..., 0] for x in (played.obs, played.after))
        old = agent.log_prob(played.obs, played.action)
        price = settings.beta * (old + np.log(agent.policy[-1].out_features))
        played = played._replace(reward=played.reward - price)
        gains = advantages(played, value, value_after, settings.gamma, settings.lam)
    obs, action, old = played.obs[real], played.action[real], old[real]
    target, gains = (gains + value)[real], gains[real]
    gains = (gains - gains.mean()) / gains.std()
    for _ in range(settings.epochs):
        for at in torch.randperm(len(obs), generator=generator).split(settings.batch):
            ratio = (agent.log_prob(obs[at], action[at]) - old[at]).exp()
            gain = clipped_objective(ratio, gains[at], settings.clip).mean()
            error = ((agent.value(obs[at])[:, 0] - target[at]) ** 2).mean()
            step_down(optimizer, error - gain)


def ppo(
    envs: gym.vector.VectorEnv,
    seed: int,
    settings: PPOSettings | None = None,
    stop: Stop | None = None,
    limit: int = 300_000,
) -> tuple[Agent, Returns]:
    """Proximal policy optimisation, until `stop` or the limit of steps.

    Source: Schulman et al., 2017.
    """
    settings = settings or PPOSettings()
    agent, generator = new_agent(envs, seed)
    optimizer = torch.optim.Adam(agent.parameters(), lr=settings.rate)
    start, log, stop = begin(envs, seed), Returns(envs.num_envs), stop or no_stop
    while log.steps < limit and not stop(agent, log):
        played, start = play(envs, agent, start, settings.steps, generator)
        log.add(played)
        ppo_update(agent, optimizer, played, settings, generator)
    return agent, log


def new_agent(envs: gym.vector.VectorEnv, seed: int) -> tuple[Agent, torch.Generator]:
    """An agent that fits the environment, with weights and draws from this seed."""
    torch.manual_seed(seed)
    d_obs = envs.single_observation_space.shape[0]
    return Agent(d_obs, int(envs.single_action_space.n)), torch.Generator().manual_seed(seed)


def cartpoles(copies: int, fast: bool = True) -> gym.vector.VectorEnv:
    """Copies of Gymnasium's CartPole-v1: its own vectorised one, or the single one, many times."""
    mode = "vector_entry_point" if fast else "sync"
    return gym.make_vec("CartPole-v1", num_envs=copies, vectorization_mode=mode)


def balances(agent: Agent, log: Returns, goal: float = 490) -> bool:
    """The rule to stop by: the running mean of training, then of validation episodes."""
    if not log.mean() >= goal:
        return False
    return first_returns(most_probable(agent), cartpoles(100), seed=VALIDATION).mean() >= goal


def first_returns(act: Act, envs: gym.vector.VectorEnv, seed: int, steps: int = 500) -> np.ndarray:
    """Return of the first episode of each copy: (copies,).

    Shapes:
        act: (copies, d_obs) -> (copies,).
    """
    observation, _ = envs.reset(seed=seed)
    total, alive = np.zeros(envs.num_envs), np.ones(envs.num_envs, dtype=bool)
    for _ in range(steps):
        observation, reward, terminated, truncated, _ = envs.step(act(observation))
        total += reward * alive
        alive &= ~(terminated | truncated)
        if not alive.any():
            break
    return total


def most_probable(agent: Agent) -> Act:
    """The agent without its chance: the action with the largest logit."""

    def act(observation: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            return agent.policy(as_tensor(observation)).argmax(-1).numpy()

    return act
