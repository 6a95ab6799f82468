"""The figures of a run: as a JSON object for programs, as a table for people."""

from __future__ import annotations

import hashlib
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.irregularity import mean_cv
from snnlab.analysis.rates import mean_rate
from snnlab.batch.simulate import Run
from snnlab.frames.frame import Frame
from snnlab.model.network import Network
from snnlab.record.provenance import versions

__all__ = ["figures", "spike_sha256", "table"]

Spikes = tuple[NDArray[np.int64], NDArray[np.int64]]


def figures(network: Network, run: Run) -> dict[str, Any]:
    """Return the figures of a run as JSON data.

    Parameters
    ----------
    network : Network
    run : Run

    Returns
    -------
    dict
        Rates and CVs are those after the warm-up, per population in network order, ``None`` where
        undefined; so are the numbers of spikes and events. `spike_sha256` is over all spikes.

    Notes
    -----
    `real_time_factor` is wall time / model time: lower is faster. `n_synaptic_events` counts each
    spike as often as it has synapses to arrive at.
    """
    spikes = _spikes(run.measured)
    duration = sum(frame.duration for frame in run.measured)
    return {
        "preset": network.name,
        "seed": network.seed,
        "dt": network.dt,
        "n_neurons": run.report.n_neurons,
        "n_synapses": run.report.n_synapses,
        "n_spikes": spikes[0].size,
        "n_synaptic_events": int(run.out_degrees[spikes[1]].sum()),
        "rates": _rates(network, run.measured, duration),
        "cv": _cvs(network, spikes),
        "build_s": run.report.build_s,
        "compile_s": run.report.compile_s,
        "simulate_s": run.simulate_s,
        "real_time_factor": run.simulate_s / (1e-3 * duration) if duration else None,
        "bytes_per_synapse": run.report.bytes_per_synapse,
        "peak_rss_bytes": run.peak_rss_bytes,
        "versions": versions(),
        "spike_sha256": spike_sha256(*_spikes(run.frames)),
    }


def spike_sha256(step: NDArray[np.int64], neuron: NDArray[np.int64]) -> str:
    """Return the SHA-256 over all spikes as little-endian int64 pairs (step, id), sorted.

    Parameters
    ----------
    step : (n_spikes,) int64
    neuron : (n_spikes,) int64
        Global id of each spike's neuron.
    """
    order = np.lexsort((neuron, step))
    pairs = np.column_stack((step[order], neuron[order])).astype("<i8")
    return hashlib.sha256(pairs.tobytes()).hexdigest()


def _spikes(frames: tuple[Frame, ...]) -> Spikes:
    if not frames:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    steps = np.concatenate([frame.step for frame in frames])
    return steps, np.concatenate([frame.neuron for frame in frames])


def _rates(network: Network, frames: tuple[Frame, ...], duration: float) -> list[float | None]:
    if not frames:
        return [None for _ in network.populations]
    counts = np.sum([frame.counts for frame in frames], axis=0)
    rates = mean_rate(counts, [p.size for p in network.populations], duration)
    return [float(rate) for rate in rates]


def _cvs(network: Network, spikes: Spikes) -> list[float | None]:
    times, neuron = network.dt * (spikes[0] + 1), spikes[1]
    found: list[float | None] = []
    first = 0
    for population in network.populations:
        inside = (neuron >= first) & (neuron < first + population.size)
        value = mean_cv(times[inside], neuron[inside] - first, population.size)
        found.append(value if math.isfinite(value) else None)
        first += population.size
    return found


# --- for people ---------------------------------------------------------------------------------


def table(network: Network, run: Run, values: dict[str, Any]) -> str:
    """Return the figures as text: populations first, then speed and memory.

    Parameters
    ----------
    network : Network
    run : Run
    values : dict
        What `figures` returned.
    """
    head = (
        f"{network.name}: {values['n_neurons']} neurons, {values['n_synapses']} synapses, "
        f"dt {network.dt:g} ms, seed {network.seed}, {run.t:g} ms on {run.device}"
    )
    return "\n".join([head, "", *_population_rows(network, values), "", *_cost_rows(values)])


def _population_rows(network: Network, values: dict[str, Any]) -> list[str]:
    titles = ("population", "size", "rate [Hz]", "published [Hz]", "CV")
    rows = [
        (p.name, str(p.size), _text(rate), _text(p.reference_rate), _text(cv))
        for p, rate, cv in zip(network.populations, values["rates"], values["cv"], strict=True)
    ]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    return [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        for row in (titles, *rows)
    ]


def _cost_rows(values: dict[str, Any]) -> list[str]:
    return [
        f"real-time factor  {_text(values['real_time_factor'], 3)}  "
        "(wall time / model time, lower is faster)",
        f"build {values['build_s']:.2f} s, compile {values['compile_s']:.2f} s, "
        f"simulate {values['simulate_s']:.2f} s",
        f"{values['n_spikes']} spikes, {values['n_synaptic_events']} synaptic events",
        f"memory {values['peak_rss_bytes'] / 2**20:.0f} MiB at most, "
        f"{values['bytes_per_synapse']:.2f} bytes per synapse",
    ]


def _text(number: float | None, digits: int = 2) -> str:
    return "-" if number is None else f"{number:.{digits}f}"
