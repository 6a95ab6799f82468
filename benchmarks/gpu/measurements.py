"""What is measured on a GPU, and the figures that it should reach.

The most important come first: where time runs out, the others are left out, and said to be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from snnlab import presets
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Network, Population, Projection

__all__ = ["MEASUREMENTS", "Bar", "Measurement"]

Make = Callable[[int], Network]

Range = tuple[float, float]

INDEGREE = 1000


@dataclass(frozen=True)
class Bar:
    """What a figure should reach.

    Parameters
    ----------
    figure : str
        Its key in a record.
    most : float
        In the figure's unit.
    beside : str
        What others have published.
    """

    figure: str
    most: float
    beside: str = ""


@dataclass(frozen=True)
class Measurement:
    """A network to time on a GPU.

    Parameters
    ----------
    choices : mapping
        Setting -> seed -> Network. The first one that the memory of the GPU has room for is taken.
    time, warmup : float [ms]
        Model time that is measured, and before it; time 0: only construction is.
    limit_s : float [s]
        Wall-clock time of the process, after which it is ended.
    rate : (low, high), optional [Hz]
        Mean rate over all neurons; a run outside of it does not count.
    compiles : bool
        Whether it is measured how long the compiler takes.
    bars : tuple of Bar
    """

    choices: Mapping[str, Make]
    time: float = 1000.0
    warmup: float = 100.0
    limit_s: float = 30.0
    rate: Range | None = None
    compiles: bool = False
    bars: tuple[Bar, ...] = ()


def few(delay: float, seed: int) -> Network:
    """Five neurons: what a step takes however little there is to do."""
    neurons = Population("neurons", 5, "LIFDelta")
    projection = Projection("neurons", "neurons", FixedIndegree(1), 0.1, delay)
    return Network([neurons], [projection], seed=seed, name="few")


def balanced(preset: str, n: int, indegree: int, seed: int) -> Network:
    """The balanced network with this in-degree, whatever its size."""
    network = presets.load(preset, N=10 * indegree, seed=seed)
    sizes = {"exc": n * 4 // 5, "inh": n - n * 4 // 5}
    populations = tuple(replace(p, size=sizes[p.name]) for p in network.populations)
    return network.replace(populations=populations)


def silent(n: int, seed: int) -> Network:
    """Neurons that never fire, with synapses of one weight and one delay."""
    neurons = Population("neurons", n, "LIFDelta")
    projection = Projection("neurons", "neurons", FixedIndegree(INDEGREE), 0.1, 1.5)
    return Network([neurons], [projection], seed=seed, name="silent")


def _preset(name: str, **settings: Any) -> Mapping[str, Make]:
    return {"": lambda seed: presets.load(name, seed=seed, **settings)}


def _balanced(preset: str, n: int, *indegrees: int) -> Mapping[str, Make]:
    return {f"in-degree {k}": partial(balanced, preset, n, k) for k in indegrees or (INDEGREE,)}


def _microcircuit(drive: str, published: str) -> Measurement:
    return Measurement(
        _preset("microcircuit", drive=drive),
        rate=(2.9, 3.6),
        bars=(Bar("real_time_factor", 0.10, published), Bar("build_s", 0.3)),
    )


def _construction(n: int, *bars: Bar) -> Measurement:
    choices = {f"in-degree {INDEGREE}": partial(silent, n)}
    return Measurement(choices, time=0.0, warmup=0.0, limit_s=25.0, bars=bars)


MEASUREMENTS: dict[str, Measurement] = {
    "floor, delay 0.1 ms": Measurement(
        {"": partial(few, 0.1)}, limit_s=20.0, bars=(Bar("us_per_step", 8.0),)
    ),
    "floor, delay 1.5 ms": Measurement({"": partial(few, 1.5)}, limit_s=20.0),
    "microcircuit, DC": _microcircuit("dc", "NEST GPU 0.386 on an RTX 4090"),
    "microcircuit, Poisson": _microcircuit("poisson", "GeNN 0.272 on an RTX 4090"),
    "construction of 1e8": _construction(100_000),
    "construction of 1e9": _construction(1_000_000, Bar("build_s", 1.0)),
    "brunel 1e4": Measurement(_balanced("brunel", 10_000), limit_s=20.0, rate=(14.0, 21.0)),
    "brunel 1e5": Measurement(_balanced("brunel", 100_000), rate=(14.0, 21.0)),
    "brunel 1e6": Measurement(
        _balanced("brunel", 1_000_000), time=200.0, limit_s=40.0, rate=(14.0, 21.0)
    ),
    "stdp 5k": Measurement(_preset("stdp"), limit_s=20.0, rate=(19.0, 25.0)),
    "stdp 50k": Measurement(_balanced("stdp", 50_000), time=500.0, rate=(12.0, 21.0)),
    "coba 4k": Measurement(_preset("coba"), limit_s=20.0, rate=(14.0, 26.0)),
    "coba 400k": Measurement(_preset("coba", scale=100.0), rate=(14.0, 26.0)),
    "compilation, microcircuit": Measurement(
        _preset("microcircuit", scale=0.02), time=0.0, warmup=0.0, compiles=True
    ),
    "compilation, stdp": Measurement(
        _preset("stdp", scale=0.1), time=0.0, warmup=0.0, limit_s=50.0, compiles=True
    ),
    # In-degrees below 1000 fire faster: the weights grow as there are fewer of them.
    "brunel 1e7": Measurement(
        _balanced("brunel", 10_000_000, 1000, 300, 100),
        time=50.0, warmup=20.0, limit_s=80.0, rate=(10.0, 60.0),
    ),
}  # fmt: skip
