"""Synaptic elements grow as in NEST, and networks that grow by them come to the same synapses."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from snnlab import presets
from snnlab.cpu.engine import CpuEngine
from snnlab.model.connectivity import OneToOne, PairwiseBernoulli
from snnlab.model.growth_curves import GaussianGrowth, LinearGrowth, SigmoidGrowth
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring
from snnlab.model.rewirings import Homeostatic
from snnlab.model.stimuli import SpikeTrains
from snnlab.model.synaptic_elements import SynapticElements
from tests.peers.in_nest import NestRun, run_in_nest

EVERY, DURATION = 50.0, 2000.0
N = 5


def driven() -> Network:
    """Neurons that fire when they are told to: never, regularly, at random, in bursts."""
    rng = np.random.default_rng(5)
    times = [
        np.empty(0), np.arange(20.0, 1900.0, 40.0), rng.uniform(5.0, 1990.0, 60),
        np.concatenate([t + np.arange(0.0, 30.0, 2.5) for t in (100.0, 800.0, 1500.0)]),
        np.arange(1000.0, 1990.0, 5.0),
    ]  # fmt: skip
    steps = [np.unique(np.rint(t / 0.1)) for t in times]
    trains = SpikeTrains(
        "given", "source", tuple((np.concatenate(steps) * 0.1).round(10)),
        tuple(np.repeat(np.arange(N), [s.size for s in steps]).tolist()),
    )  # fmt: skip
    curves = {
        "linear": LinearGrowth(growth_rate=0.01, eps=0.2),
        "gaussian": GaussianGrowth(growth_rate=0.02, eta=0.05, eps=0.6, z=3.4),
        "sigmoid": SigmoidGrowth(growth_rate=0.015, eps=0.3, psi=0.08, z=1.0, tau_vacant=0.4),
        "still": LinearGrowth(growth_rate=0.0, eps=1.0),
    }
    return Network(
        [Population("source", N, "SpikeSource"), Population("cell", N, "LIFDelta")],
        [
            Projection("source", "cell", OneToOne(), 60.0, 1.0),
            Projection("cell", "cell", PairwiseBernoulli(0.0), 1.0, 1.0, name="grows"),
        ],
        stimuli=[trains],
        rewirings=[
            Rewiring("grows", Homeostatic, EVERY, pre_synaptic_element="still",
                     post_synaptic_element="linear"),
        ],
        synaptic_elements=[SynapticElements("cell", curves, tau_Ca=150.0, beta_Ca=0.11, Ca=0.3)],
    )  # fmt: skip


def here(network: Network) -> dict[str, np.ndarray]:
    """Calcium and elements before every update."""
    engine = CpuEngine(network, threads=1)
    found: dict[str, list[np.ndarray]] = {}
    for _ in range(round(DURATION / EVERY)):
        engine.advance(round(EVERY / network.dt))
        now = engine.synaptic_elements("cell")
        found.setdefault("cell/Ca", []).append(now.Ca)
        for kind, z in now.z.items():
            found.setdefault(f"cell/{kind}/z", []).append(z)
    return {name: np.array(values) for name, values in found.items()}


@pytest.fixture(scope="module")
def in_nest() -> NestRun:
    (run,) = run_in_nest([driven()], DURATION)
    return run


def test_elements_grow_as_in_nest(in_nest: NestRun) -> None:
    network = driven()
    ours = here(network)
    spikes = CpuEngine(network, threads=1).advance(round(DURATION / network.dt))
    is_cell = spikes.neuron >= N
    np.testing.assert_array_equal(in_nest.step[in_nest.neuron >= N], spikes.step[is_cell])
    assert is_cell.sum() > 300
    for name, values in ours.items():
        theirs = in_nest.samples[name]
        assert theirs.shape == values.shape == (DURATION / EVERY, N)
        if "still" not in name:
            assert np.ptp(theirs) > 0.3
        np.testing.assert_allclose(values, theirs, rtol=1e-9, atol=1e-9, err_msg=name)


# --- networks that grow -----------------------------------------------------------------------

ALPHA = 1e-4
"""Of each of the 8 comparisons: fewer than one choice of seeds in a thousand fails by chance."""

UNTIL = 12000.0
LATE = UNTIL / 2
"""Growth overshoots until then [ms]."""


def growing(seed: int, **knobs: float) -> Network:
    """NEST's example with fewer neurons, all slow variables 20 times as fast."""
    network = presets.load("homeostatic", N=100, dt=0.5, seed=seed, speed=20.0, **knobs)
    assert network.number(network.rewirings[0].every, "ms", where="every") == 50.0
    return network


def statistics(network: Network, step: np.ndarray, neuron: np.ndarray, n_synapses: np.ndarray):
    """Rates [Hz] and synapses of each population, early and late.

    `n_synapses` has a row for every update: synapses from excitatory and from inhibitory neurons.
    """
    sizes = np.array([p.size for p in network.populations])
    found = {}
    half = n_synapses.shape[0] // 2
    parts = {"early": (step * network.dt < LATE, n_synapses[:half]),
             "late": (step * network.dt >= LATE, n_synapses[half:])}  # fmt: skip
    for when, (spikes, synapses) in parts.items():
        counts = np.bincount(neuron[spikes] >= sizes[0], minlength=2)
        for k, name in enumerate(("exc", "inh")):
            found[f"{when} rate of {name}"] = counts[k] / sizes[k] / LATE * 1000.0
            found[f"{when} synapses from {name}"] = float(synapses[:, k].mean())
    return found


def grown_here(seeds: range, **knobs: float) -> list[dict[str, float]]:
    found = []
    for seed in seeds:
        network = growing(seed, **knobs)
        frame = CpuEngine(network, threads=1).advance(round(UNTIL / network.dt))
        events, every = frame.structure, 100
        change = np.where(events.is_formed, 1, -1)
        is_inh = events.pre >= network.population("exc").size
        tables = [
            np.bincount(events.step[mine] // every, change[mine], round(UNTIL / 50.0))
            for mine in (~is_inh, is_inh)
        ]
        n_synapses = np.cumsum(np.column_stack(tables), axis=0)
        found.append(statistics(network, frame.step, frame.neuron, n_synapses))
    return found


@pytest.fixture(scope="module")
def grown_in_nest() -> list[dict[str, float]]:
    networks = [growing(seed) for seed in range(6)]
    runs = run_in_nest(networks, UNTIL)
    return [
        statistics(network, run.step, run.neuron, np.column_stack([
            run.samples["exc/Axon_ex/z_connected"].sum(axis=1),
            run.samples["inh/Axon_in/z_connected"].sum(axis=1),
        ]))
        for network, run in zip(networks, runs, strict=True)
    ]  # fmt: skip


def p_values(ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> dict[str, float]:
    """Of equal means, by Welch's t-test."""
    return {
        name: float(stats.ttest_ind([run[name] for run in ours], [run[name] for run in theirs],
                                    equal_var=False).pvalue)
        for name in theirs[0]
    }  # fmt: skip


@pytest.mark.statistics
def test_networks_grow_as_in_nest(grown_in_nest: list[dict[str, float]]) -> None:
    ours = grown_here(range(100, 110))
    for name, p in p_values(ours, grown_in_nest).items():
        assert p > ALPHA, f"{name}: {[run[name] for run in ours]}"
    late = {name: np.mean([run[name] for run in ours]) for name in ours[0]}
    assert late["late rate of exc"] == pytest.approx(5.0, rel=0.1)
    assert late["late rate of inh"] == pytest.approx(20.0, rel=0.15)
    assert late["late synapses from exc"] > 80
    assert late["late synapses from inh"] > 40


@pytest.mark.statistics
def test_the_comparison_bites(grown_in_nest: list[dict[str, float]]) -> None:
    ours = grown_here(range(100, 110), eps_exc=0.065)
    assert min(p_values(ours, grown_in_nest).values()) < ALPHA
