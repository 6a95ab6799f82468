"""Records of a GPU become a Markdown page: bars, speed, where the time goes, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from typing import Any

from benchmarks.gpu.measurements import MEASUREMENTS, Bar
from snnlab.bench.limits import PHASES, shares
from snnlab.bench.markdown import number, table

__all__ = ["page"]

Record = dict[str, Any]
Runs = dict[tuple[str, str], list[Record]]
Cells = list[str]

UNITS = {
    "build_s": "s to build",
    "us_per_step": "us a step",
    "real_time_factor": "real-time factor",
}

BARS = ("measurement", "figure", "measured", "bar", "reached", "published")
SPEED = (
    "measurement", "runs", "neurons", "synapses", "build s", "real-time factor", "min ... max",
    "us/step", "ns/event", "bytes/synapse", "peak GB", "rate Hz",
)  # fmt: skip


def page(records: Sequence[Record]) -> str:
    """Return the whole page.

    Parameters
    ----------
    records : sequence of dict
        As `benchmarks.gpu.records.read` gives them.
    """
    runs = counted(records)
    parts = [
        *conditions(records),
        *table("Bars", BARS, bars(runs)),
        *table("Speed", SPEED, speed(runs)),
        *table("Where the time goes",
               ("measurement", *(f"{phase} %" for phase in PHASES), "G events/s delivered"),
               phases(runs)),
        *table("Compilation", ("network", "first time s", "from the cache s"), compilation(runs)),
        *table("Not counted", ("measurement", "runs", "what", "why"), failures(records)),
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def counted(records: Iterable[Record]) -> Runs:
    """Return the runs that count, by measurement and setting."""
    found: Runs = {}
    for record in records:
        if record["status"] == "ok":
            found.setdefault((record["model"], record["setting"]), []).append(record)
    return found


def conditions(records: Sequence[Record]) -> Iterator[str]:
    """GPU, machine, versions, and when."""
    yield "# Benchmark on a GPU"
    if not records:
        return
    first, last = records[0], records[-1]
    machine, gpu = first["machine"], first["machine"]["gpu"]
    yield ""
    yield (
        f"{gpu['name']}, {gpu['memory_bytes'] / 2**30:.0f} GiB, compute capability "
        f"{gpu['capability']}; driver {gpu['driver'] or 'unknown'}, CUDA {gpu['cuda']}, "
        f"CuPy {gpu['cupy']}; host {machine['processor']}, {machine['cores']} cores, "
        f"{machine['platform']}; revision {first['revision'] or 'unknown'}."
    )
    yield ""
    yield (
        f"{first['time'][:16]} to {last['time'][11:16]} UTC. Medians over the seeds, after a run "
        "that does not count; real-time factor is wall time / model time, lower is faster. "
        "Memory is the GPU's."
    )


def bars(runs: Runs) -> Iterator[Cells]:
    """What should be reached, and what was."""
    for (model, setting), mine in runs.items():
        for bar in MEASUREMENTS[model].bars if model in MEASUREMENTS else ():
            yield [title(model, setting), *cells(bar, mine)]


def cells(bar: Bar, mine: list[Record]) -> Cells:
    """Cells of a row of bars but the first."""
    found = middle(mine, bar.figure)
    reached = "" if found is None else ("yes" if found <= bar.most else "**no**")
    return [UNITS[bar.figure], number(found, 3), f"<= {bar.most:g}", reached, bar.beside]


def speed(runs: Runs) -> Iterator[Cells]:
    """One row for each measurement and setting."""
    for (model, setting), mine in runs.items():
        peak = middle(mine, "peak_bytes")
        yield [
            title(model, setting), str(len(mine)),
            f"{median(r['figures']['n_neurons'] for r in mine):.4g}",
            f"{median(r['figures']['n_synapses'] for r in mine):.4g}",
            number(middle(mine, "build_s"), 3),
            number(middle(mine, "real_time_factor"), 4), span(mine, "real_time_factor"),
            number(middle(mine, "us_per_step"), 2), number(middle(mine, "ns_per_event"), 3),
            number(middle(mine, "bytes_per_synapse"), 2),
            number(None if peak is None else peak / 1e9, 2), number(middle(mine, "rate"), 2),
        ]  # fmt: skip


def middle(runs: Iterable[Record], name: str) -> float | None:
    """Return the median of a figure over the runs that have it."""
    values = [run["figures"][name] for run in runs if run["figures"].get(name) is not None]
    return median(values) if values else None


def span(mine: list[Record], name: str) -> str:
    """Range of a figure; empty where there is none."""
    values = [r["figures"][name] for r in mine if name in r["figures"]]
    return f"{min(values):.4f} ... {max(values):.4f}" if values else ""


def phases(runs: Runs) -> Iterator[Cells]:
    """Shares of the phases of the median run, and what its delivery costs."""
    for key, mine in runs.items():
        if all(r["figures"].get("timings") for r in mine):
            yield [title(*key), *phase_cells(mine)]


def phase_cells(mine: list[Record]) -> Cells:
    """Cells of a row of phases but the first."""
    typical = sorted(mine, key=lambda r: float(r["figures"]["simulate_s"]))[len(mine) // 2]
    figures = typical["figures"]
    part = shares(figures["timings"])
    delivery = sum(figures["timings"].get(phase, 0.0) for phase in ("deliver", "plasticity"))
    pace = 1e-9 * figures["n_events"] / delivery if delivery else 0.0
    return [*(f"{100 * part[phase]:.0f}" for phase in PHASES), f"{pace:.2f}"]


def compilation(runs: Runs) -> Iterator[Cells]:
    """How long the compiler takes, with an empty cache and with a full one."""
    for key, mine in runs.items():
        if middle(mine, "compile_cold_s") is not None:
            cold, warm = middle(mine, "compile_cold_s"), middle(mine, "compile_warm_s")
            yield [title(*key), number(cold, 2), number(warm, 3)]


def failures(records: Iterable[Record]) -> Iterator[Cells]:
    """Every run that did not count, and why; alike ones once, with their number."""
    found = Counter(
        (title(r["model"], r["setting"]), r["status"], r["why"])
        for r in records if r["status"] != "ok"
    )  # fmt: skip
    for (name, status, why), n in found.items():
        yield [name, str(n), status, why]


def title(model: str, setting: str) -> str:
    """Return what a row is about."""
    return f"{model}, {setting}" if setting else model
