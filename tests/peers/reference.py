"""Networks in numbers: rate, irregularity and correlation of many seeds, as NEST has them.

``python -m tests.peers.reference [CASE ...]`` runs all seeds of these cases (default: of all) in
NEST and writes what came out to `FILE`, from which the tests read it; all of them take about
twenty minutes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from snnlab import presets
from snnlab.analysis.correlation import pairwise_correlation
from snnlab.analysis.irregularity import mean_cv
from snnlab.model.network import Network
from snnlab.presets.hpc import VARIANTS as HPC_VARIANTS
from tests.peers.in_nest import run_in_nest

FILE = Path(__file__).with_name("reference.json")
N_OF_CORRELATION = 200

Statistics = dict[str, float]


@dataclass(frozen=True)
class Case:
    """A network for each seed, how long it runs [ms], and how many seeds NEST ran."""

    network: Callable[[int], Network]
    warmup: float
    duration: float
    n_seeds: int

    @property
    def seeds(self) -> range:
        """Seeds of the runs in NEST."""
        return range(1, self.n_seeds + 1)

    def statistics(
        self, network: Network, step: NDArray[np.int64], neuron: NDArray[np.int64]
    ) -> Statistics:
        """Rate [Hz], mean CV and mean pairwise correlation of each population after the warm-up."""
        times = (step + 1) * network.dt
        found = {}
        for population in network.populations:
            first, size = network.first_id(population.name), population.size
            inside = (neuron >= first) & (neuron < first + size) & (times > self.warmup)
            t, ids = times[inside], neuron[inside] - first
            n = min(size, N_OF_CORRELATION)
            pairs = pairwise_correlation(
                t[ids < n], ids[ids < n], n,
                t_start=self.warmup, t_stop=self.warmup + self.duration,
            )  # fmt: skip
            found |= {
                f"rate of {population.name}": t.size / size / (1e-3 * self.duration),
                f"CV of {population.name}": mean_cv(t, ids, size),
                f"correlation of {population.name}": float(pairs.mean()),
            }
        return found


def _regime(name: str) -> Callable[[int], Network]:
    return lambda seed: presets.load("brunel", regime=name, N=2500, seed=seed)


def _balanced(variant: str) -> Callable[[int], Network]:
    return lambda seed: presets.load("hpc", scale=0.2, K_scaling=0.1, variant=variant, seed=seed)


REGIMES = ("SR", "SI fast", "AI", "SI slow")
CASES = {name: Case(_regime(name), 200.0, 1000.0, 20) for name in REGIMES}
CASES["microcircuit"] = Case(
    lambda seed: presets.load("microcircuit", scale=0.1, seed=seed), 500.0, 2000.0, 6
)


CASES |= {f"hpc {variant}": Case(_balanced(variant), 200.0, 1000.0, 10) for variant in HPC_VARIANTS}


def in_nest(case: Case, seeds: Iterable[int]) -> list[Statistics]:
    """Statistics of each seed, in NEST."""
    networks = [case.network(seed) for seed in seeds]
    runs = run_in_nest(networks, case.warmup + case.duration, records_weights=False)
    return [case.statistics(n, r.step, r.neuron) for n, r in zip(networks, runs, strict=True)]


def recorded() -> dict[str, list[Statistics]]:
    """What NEST gave for each case, one entry a seed."""
    return dict(json.loads(FILE.read_text(encoding="utf-8"))["cases"])


def nest_version() -> str:
    """The NEST that made the record."""
    return str(json.loads(FILE.read_text(encoding="utf-8"))["nest"])


def main() -> None:
    """Make the record of the cases anew that the command line names, or of all."""
    names = sys.argv[1:] or list(CASES)
    kept = recorded() if len(names) < len(CASES) else {}
    if kept and version("nest-simulator") != nest_version():
        sys.exit(f"The other cases were recorded with NEST {nest_version()}: record all of them.")
    # One process a seed: a large job would outlive the time limit of the tests.
    made = {name: [in_nest(CASES[name], [seed])[0] for seed in CASES[name].seeds] for name in names}
    record = {
        "made by": "python -m tests.peers.reference",
        "nest": version("nest-simulator"),
        "cases": {name: (kept | made)[name] for name in CASES},
    }
    FILE.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
