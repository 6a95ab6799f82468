"""Networks run by NEST, in a process of its own: its threads, prints and settings stay there."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from snnlab.interop import native_json
from snnlab.model.network import Network
from snnlab.model.stimuli import PoissonInput, Stimulus
from tests.conftest import absent

SCRIPT = Path(__file__).with_name("nest_side.py")
TIMEOUT_S = 240


@dataclass(frozen=True)
class NestRun:
    """What a network did in NEST: spikes as in a `Frame`, samples as "recorder/variable"."""

    step: NDArray[np.int64]
    neuron: NDArray[np.int64]
    samples: Mapping[str, NDArray[np.float64]]


def run_in_nest(
    networks: Sequence[Network], duration: float, *, threads: int = 1, records_weights: bool = True
) -> list[NestRun]:
    """Run each network for `duration` [ms] in NEST, one after the other in one process.

    Weights of plastic synapses are recorded at every spike, which is too much for large networks.
    """
    if importlib.util.find_spec("nest") is None:
        absent("NEST is not installed: uv sync installs it on Linux")
    with tempfile.TemporaryDirectory() as folder:
        outs = [Path(folder) / f"{i}.npz" for i in range(len(networks))]
        runs = [
            {"network": native_json.to_dict(numbers_only(network)), "duration": duration,
             "out": str(out)}
            for network, out in zip(networks, outs, strict=True)
        ]  # fmt: skip
        job = Path(folder) / "job.json"
        job.write_text(
            json.dumps({"runs": runs, "threads": threads, "records_weights": records_weights}),
            encoding="utf-8",
        )
        done = subprocess.run(
            [sys.executable, SCRIPT, job], capture_output=True, text=True, timeout=TIMEOUT_S,
            check=False, env=os.environ | {"PYNEST_QUIET": "1"}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            pytest.fail(f"NEST ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return [_load(out) for out in outs]


def _load(path: Path) -> NestRun:
    with np.load(path, allow_pickle=False) as arrays:
        found = dict(arrays)
    return NestRun(found.pop("step"), found.pop("neuron"), found)


def numbers_only(network: Network) -> Network:
    """The same network with numbers and distributions in place of every expression and default."""
    return network.replace(
        populations=tuple(
            replace(p, parameters=network.parameters_of(p), initial=network.initial_of(p))
            for p in network.populations
        ),
        projections=tuple(
            replace(
                p, weight=network.weight_of(p), delay=network.delay_of(p),
                receptor=network.receptor_of(p), parameters=network.synapse_parameters_of(p),
            )
            for p in network.projections
        ),
        stimuli=tuple(_of_numbers(network, s) for s in network.stimuli),
        rewirings=tuple(
            replace(r, every=network.number(r.every, "ms", where=r.name)) for r in network.rewirings
        ),
        synaptic_elements=tuple(
            replace(
                e, **network.calcium_of(e),
                elements={
                    kind: replace(e.elements[kind], **values)
                    for kind, values in network.growth_of(e).items()
                },
            )
            for e in network.synaptic_elements
        ),
        recorders=tuple(
            replace(r, interval=network.number(r.interval, "ms", where=r.name) or network.dt)
            for r in network.recorders
        ),
        knobs=(),
    )  # fmt: skip


def _of_numbers(network: Network, stimulus: Stimulus) -> Stimulus:
    if not isinstance(stimulus, PoissonInput):
        return stimulus
    weight = float(network.weight_of(stimulus).quantile(np.array([0.5]))[0])
    rate = network.number(stimulus.rate, "Hz", where=stimulus.name)
    return replace(stimulus, rate=rate, weight=weight)
