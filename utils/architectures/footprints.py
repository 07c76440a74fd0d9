"""What a run of so many operations takes: hours, energy, carbon, money; and what was reported.

Everything but the operations is an assumption, named in `Assumed`, for the reader to change.

Explained in: 1.2
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Assumed:
    """What a footprint rests on.

    Units: `peak` in operations per second of one accelerator; `watts` of one accelerator and its
    share of the machine; `grams` of CO2-equivalent for a kWh; `dollars` for an accelerator-hour.
    """

    peak: float = 989e12
    utilisation: float = 0.35
    watts: float = 700.0
    pue: float = 1.1
    grams: float = 400.0
    dollars: float = 2.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value > 0):
                raise ValueError(f"{name} is a finite number above zero; this is {value}.")
        if self.utilisation > 1 or self.pue < 1:
            raise ValueError("A utilisation is at most 1, and a PUE at least 1.")


@dataclass(frozen=True)
class Footprint:
    """Units: accelerator-hours, megawatt-hours, tonnes of CO2-equivalent, dollars."""

    hours: float
    mwh: float
    tonnes: float
    dollars: float


def footprint(flops: float, a: Assumed) -> Footprint:
    """Hours, energy, carbon and money that `flops` operations take under the assumptions `a`."""
    hours = flops / (a.peak * a.utilisation) / 3600
    mwh = hours * a.watts * a.pue / 1e6
    return Footprint(hours, mwh, mwh * a.grams / 1e3, hours * a.dollars)


@dataclass(frozen=True)
class Reported:
    """What the makers of a run published; 0 where they did not.

    Units: `hours` of accelerators, `watts` of one, `grams` for a kWh, `mwh`, `tonnes`, `dollars`.
    """

    name: str
    source: str
    peak: float
    watts: float
    hours: float = 0
    pue: float = 1.0
    grams: float = 0
    mwh: float = 0
    tonnes: float = 0
    dollars: float = 0


REPORTED = (
    # V100s at 24.6e12 operations a second, 330 W measured, 14.8 days on ten thousand of them
    Reported("GPT-3", "patterson2021carbon", 125e12, 330, 0, 1.10, 429, 1287, 552),
    Reported("BLOOM", "luccioni2023estimating", 312e12, 400, 1_082_990, 1.0, 57, 433.2, 24.69),
    Reported("Llama 2 70B", "touvron2023llama2", 312e12, 400, 1_720_320, tonnes=291.42),
    Reported("Llama 3 405B", "meta2024llama31", 989e12, 700, 30.84e6, tonnes=8930),
    Reported("DeepSeek-V3", "deepseek2024v3", 989e12, 700, 2.788e6, dollars=5.576e6),
)
