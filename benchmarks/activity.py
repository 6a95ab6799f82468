"""What the spikes of a run say: the same analysis whoever produced them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.models import Model
from snnlab.analysis.irregularity import mean_cv
from snnlab.bench.science import MIN_SPIKES, mean_outdegrees, read_spikes
from snnlab.build.expected import expected_total
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["activity", "complaint"]


def activity(network: Network, path: Path, duration: float) -> dict[str, Any]:
    """Return numbers of spikes and events, rates and CV.

    Parameters
    ----------
    network : Network
    path : Path
        ``.npz`` with `step` and `neuron` of every spike that was measured.
    duration : float [ms]

    Returns
    -------
    dict
        `rate` [Hz] and `cv` over all neurons, `rates` [Hz] of each population; `n_events` counts
        each spike as often as its population has outgoing synapses on average, and is missing
        where these come and go.
    """
    step, neuron = read_spikes(path)
    edges = np.cumsum([0, *(p.size for p in network.populations)])
    counts = np.histogram(neuron, edges)[0]
    sizes = np.diff(edges)
    cv = mean_cv(network.dt * step, neuron, network.n_neurons, min_spikes=MIN_SPIKES)
    events = {} if network.rewirings else {"n_events": _events(counts, network)}
    return {
        "n_spikes": int(neuron.size),
        **events,
        "rate": neuron.size / network.n_neurons / (1e-3 * duration),
        "rates": (counts / sizes / (1e-3 * duration)).tolist(),
        "cv": cv if math.isfinite(cv) else None,
    }


def _events(counts: NDArray[np.int64], network: Network) -> int:
    return round(float(counts @ mean_outdegrees(network)))


def complaint(model: Model, network: Network, figures: dict[str, Any]) -> str:
    """Return why a run is not the model that was meant; empty if it is.

    Parameters
    ----------
    model : Model
    network : Network
    figures : dict
        Of the run, `activity` included.
    """
    found = []
    for name, expected, unit in (("rate", model.rate, " Hz"), ("cv", model.cv, "")):
        value = figures.get(name)
        if expected is None:
            continue
        low, high = expected
        if value is None or not low <= value <= high:
            shown = "undefined" if value is None else f"{value:.3g}{unit}"
            found.append(f"{name} {shown}, expected {low:g} ... {high:g}{unit}")
    n_expected = expected_total(network)
    spread = 5.0 * math.sqrt(n_expected)  # of numbers that are drawn, at most
    if abs(figures["n_synapses"] - n_expected) > max(0.01 * n_expected, spread):
        found.append(f"{figures['n_synapses']} synapses, expected {n_expected:.6g}")
    if "weight_mean" in figures:
        found += _weight_complaint(model, network, figures["weight_mean"])
    return "; ".join(found)


def _weight_complaint(model: Model, network: Network, mean: float) -> list[str]:
    plastic = next(p for p in network.projections if p.synapse != "Static")
    relative = mean / float(network.weight_of(plastic).quantile(np.array([0.5]))[0])
    low, high = model.weight
    if low <= relative <= high:
        return []
    return [f"mean plastic weight {relative:.3g} of the start, expected {low:g} ... {high:g}"]
