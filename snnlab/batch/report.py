"""The figures of a run: as a JSON object for programs, as a table for people."""

from __future__ import annotations

from typing import Any

from snnlab.batch.simulate import Run
from snnlab.model.network import Network
from snnlab.record.provenance import versions

__all__ = ["figures", "table"]


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
        undefined; so are the numbers of spikes, of events, and of synapses formed and removed.
        `spike_sha256` is over all spikes. Of ranks `exchange` says how they exchanged spikes, and
        on GPUs `transport` what memory MPI was handed.

    Notes
    -----
    `real_time_factor` is wall time / model time: lower is faster. `n_synaptic_events` counts each
    spike as often as it has synapses to arrive at. `n_synapses` is the number at the start.
    """
    tally = run.tally
    return {
        "preset": network.name,
        "seed": network.seed,
        "dt": network.dt,
        "n_neurons": run.report.n_neurons,
        "n_synapses": run.report.n_synapses,
        "n_spikes": tally.n_spikes,
        "n_synaptic_events": tally.n_events,
        "n_formed": tally.n_formed,
        "n_removed": tally.n_removed,
        "rates": tally.rates,
        "cv": tally.cvs,
        "build_s": run.report.build_s,
        "compile_s": run.report.compile_s,
        "simulate_s": run.simulate_s,
        "real_time_factor": run.simulate_s / (1e-3 * tally.duration) if tally.duration else None,
        "bytes_per_synapse": run.report.bytes_per_synapse,
        "peak_rss_bytes": run.peak_rss_bytes,
        "versions": versions(),
        "spike_sha256": tally.spike_sha256,
        **run.ways,
    }


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
    rows = [*_population_rows(network, values), "", *_cost_rows(values), *_way_rows(run)]
    return "\n".join([head, "", *rows])


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
    counts = f"{values['n_spikes']} spikes, {values['n_synaptic_events']} synaptic events"
    if values["n_formed"] or values["n_removed"]:
        counts += f", {values['n_formed']} synapses formed, {values['n_removed']} removed"
    return [
        f"real-time factor  {_text(values['real_time_factor'], 3)}  "
        "(wall time / model time, lower is faster)",
        f"build {values['build_s']:.2f} s, compile {values['compile_s']:.2f} s, "
        f"simulate {values['simulate_s']:.2f} s",
        counts,
        f"memory {values['peak_rss_bytes'] / 2**20:.0f} MiB at most, "
        f"{values['bytes_per_synapse']:.2f} bytes per synapse",
    ]


def _way_rows(run: Run) -> list[str]:
    """How ranks have exchanged spikes, if there are any."""
    if not run.ways:
        return []
    transport = run.ways.get("transport")
    handed = f", from memory of the {transport}" if transport else ""
    return [f"spikes exchanged between ranks: {run.ways['exchange']}{handed}"]


def _text(number: float | None, digits: int = 2) -> str:
    return "-" if number is None else f"{number:.{digits}f}"
