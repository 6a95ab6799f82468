"""Records of simulators that ran a network in turn, round by round, and what their times say."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from snnlab.bench.record import Record

__all__ = [
    "REFERENCE",
    "Group",
    "Timed",
    "fastest",
    "groups_of",
    "middle",
    "newest",
    "ratios",
    "reference_of",
]

REFERENCE = "snnlab"

PLACEMENT = ("threads", "ranks", "p_precision", "p_device", "p_exchange", "p_touch")
"""Coordinates that tell settings of one simulator apart, not networks."""

_NO_NETWORK = {*PLACEMENT, "p_beside", "p_model", "p_time", "p_warmup"}

_WHAT = ("benchmark", "simulator", "threads", "ranks", "machine_label")

_NUMBERS = ("model_time", "dt", "n_neurons", "n_synapses", "n_spikes", "n_syn_events", "load")


@dataclass(frozen=True)
class Timed:
    """One run.

    Parameters
    ----------
    round : (str, float)
        Campaign and block: what ran in the same round is compared.
    status, why, started_at : str
    seed : float
    figures : mapping
        Phases [s], numbers of the record, `keys.FIGURES`, and values of science checks.
    """

    round: tuple[str, float]
    status: str
    why: str
    started_at: str
    seed: float
    figures: Mapping[str, float]

    @property
    def seconds(self) -> float:
        """What is compared: time of the simulation, or of construction where that is all."""
        return self.figures.get("simulate", self.figures.get("construct", math.nan))


@dataclass
class Group:
    """Runs of one simulator on one network, with one setting.

    Parameters
    ----------
    network, simulator, setting : str
    beside : int
        Processes that computed beside it.
    threads : int
        Of all ranks.
    runs : list of Timed
        In the order of their records.
    records : list of Record
    bars : mapping
        As `keys.KEYS` has them, from the newest record or the specification of today.
    """

    network: str
    simulator: str
    setting: str
    beside: int
    threads: int
    runs: list[Timed] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    bars: Mapping[str, float] = field(default_factory=dict)

    @property
    def counted(self) -> list[Timed]:
        """Runs whose times may be used, and are there."""
        return [
            run for run in self.runs
            if run.status in ("ok", "noisy") and math.isfinite(run.seconds)
        ]  # fmt: skip

    @property
    def typical(self) -> Timed:
        """The run whose time is the median, or next to it."""
        return sorted(self.counted, key=lambda run: run.seconds)[len(self.counted) // 2]

    @property
    def seconds(self) -> float:
        """Median time."""
        return median(run.seconds for run in self.counted)

    @property
    def label(self) -> str:
        """Simulator, and setting if there are several."""
        return f"{self.simulator} ({self.setting})" if self.setting else self.simulator


def groups_of(
    records: Iterable[Record], bars: Mapping[str, Mapping[str, float]] | None = None
) -> list[Group]:
    """Return the runs of records, by network, simulator, setting, and what went on beside.

    Parameters
    ----------
    records : iterable of Record
    bars : mapping, optional
        Benchmark -> bars that hold in place of those that stand in its records.

    Returns
    -------
    list of Group
        By benchmark, in the order in which these were first measured, then by parameters; snnlab
        before others. Parameters and machines are named where the records of a benchmark differ in
        them, settings where those of a simulator do.
    """
    told = [(record, _coordinates(record)) for record in records]
    told.sort(key=lambda each: (str(each[1].get("recorded_at", "")), each[0].record_id))
    of_benchmark = _different(told, ("benchmark",))
    of_simulator = _different(told, ("benchmark", "simulator"))
    found: dict[tuple[Any, ...], Group] = {}
    places: dict[str, Any] = {}
    first = list(dict.fromkeys(str(own.get("benchmark", "")) for _, own in told))
    for record, own in told:
        benchmark, simulator = str(own.get("benchmark", "")), str(own.get("simulator", ""))
        swept = [n for n in of_benchmark[benchmark,] if n.startswith("p_") and n not in _NO_NETWORK]
        if "machine_label" in of_benchmark[benchmark,]:
            swept.append("machine_label")
        network = " ".join([benchmark, *_words(own, swept)])
        order = [(isinstance(own[n], str), own[n]) for n in swept if n in own]
        places.setdefault(network, (first.index(benchmark), order))
        differing = of_simulator[benchmark, simulator]
        setting = " ".join(_words(own, [n for n in PLACEMENT if n in differing]))
        beside = int(own.get("p_beside", 0))
        threads = int(own.get("threads", 1) * own.get("ranks", 1))
        group = Group(network, simulator, setting, beside, threads)
        group = found.setdefault((network, simulator, setting, beside), group)
        provenance = record.provenance
        group.records.append(record)
        group.runs += _runs(record, own, provenance.get("notes", {}))
        recorded = provenance.get("spec", {}).get("values", {}).get("bars", {})
        group.bars = (bars or {}).get(benchmark, recorded)
    return sorted(found.values(), key=lambda g: (places[g.network], g.simulator != REFERENCE))


def newest(records: Iterable[Record]) -> list[Record]:
    """Return the records of the last campaign that measured each thing, on each machine."""
    found: dict[Any, dict[str, list[Record]]] = {}
    told = [(record, _coordinates(record)) for record in records]
    for record, own in sorted(told, key=lambda each: str(each[1].get("recorded_at", ""))):
        if "anchor" in own:  # of an old version, beside a new one
            continue
        swept = (n for n in own if n.startswith("p_") or n in _WHAT)
        key = tuple(sorted((name, own[name]) for name in swept))
        found.setdefault(key, {}).setdefault(str(own.get("campaign", "")), []).append(record)
    return [record for campaigns in found.values() for record in list(campaigns.values())[-1]]


def fastest(groups: Iterable[Group]) -> list[Group]:
    """Return the best setting of each simulator on each network, of those that ran most often."""
    sets: dict[tuple[str, str, int], list[Group]] = {}
    for group in groups:
        if group.counted:
            sets.setdefault((group.network, group.simulator, group.beside), []).append(group)
    found = []
    for settings in sets.values():
        most = max(len(group.counted) for group in settings)
        often = [group for group in settings if len(group.counted) == most]
        found.append(min(often, key=lambda group: group.seconds))
    return found


def reference_of(groups: Iterable[Group], network: str) -> Group | None:
    """Return what the others are compared with: snnlab, or what was measured first."""
    mine = [group for group in groups if group.network == network]
    return next((g for g in mine if g.simulator == REFERENCE), mine[0] if mine else None)


def middle(group: Group, figure: str) -> float | None:
    """Return the median of a figure over the runs that count and have it."""
    values = [run.figures[figure] for run in group.counted if figure in run.figures]
    return median(values) if values else None


def ratios(mine: Group, reference: Group) -> list[float]:
    """Return time of one / time of the other, of each round in which both ran.

    What slows the machine down for a while is in both; the median of these ratios is compared.
    """
    theirs = {run.round: run.seconds for run in reference.counted}
    return [run.seconds / theirs[run.round] for run in mine.counted if run.round in theirs]


# --- records --------------------------------------------------------------------------------------


def _coordinates(record: Record) -> dict[str, Any]:
    """What is recorded of a record: numbers and texts."""
    data = record.dataset
    found = {str(name): v.values[0] for name, v in data.coords.items() if v.dims == ("record",)}
    return {
        name: value for name, value in found.items()
        if value != "" and not (isinstance(value, float) and math.isnan(value))
    }  # fmt: skip


def _different(
    told: Sequence[tuple[Record, Mapping[str, Any]]], keys: tuple[str, ...]
) -> dict[tuple[str, ...], list[str]]:
    """Coordinates in which the records of a group differ, or which only some of them have."""
    members: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for _, own in told:
        members.setdefault(tuple(str(own.get(key, "")) for key in keys), []).append(own)
    return {
        group: [
            name for name in dict.fromkeys(name for own in every for name in own)
            if len({own.get(name) for own in every}) > 1
        ]
        for group, every in members.items()
    }  # fmt: skip


def _words(own: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """What is recorded of these names, as text; nothing of those that are not."""
    known = {name.removeprefix("p_"): own[name] for name in names if name in own}
    return [f"{k}={v:g}" if isinstance(v, float) else f"{k}={v}" for k, v in known.items()]


def _runs(record: Record, own: Mapping[str, Any], notes: Mapping[str, str]) -> Iterator[Timed]:
    data = record.dataset.isel(record=0)
    for k in range(data.sizes.get("repeat", 0)):
        block = float(data["block"].values[k]) if "block" in data else float(k)
        yield Timed(
            (str(own.get("campaign", record.record_id)), block),
            str(data["status"].values[k]) if "status" in data else "ok",
            notes.get(f"{block:g}", ""),
            str(data["started_at"].values[k]) if "started_at" in data else "",
            float(data["seed"].values[k]) if "seed" in data else math.nan,
            _figures(data, k),
        )


def _figures(data: Any, k: int) -> dict[str, float]:
    """All numbers of one run that are known."""
    found = {name: float(data[name].values[k]) for name in _NUMBERS if name in data}
    if "phase" in data.coords:
        found |= dict(zip(map(str, data["phase"].values), data["wall_time"].values[k].tolist(),
                          strict=True))  # fmt: skip
    if "memory" in data:
        kinds = map(str, data["kind"].values)
        found |= dict(zip(kinds, data["memory"].values[k, -1].tolist(), strict=True))
    if "check" in data.coords:
        names = (f"check {name}" for name in data["check"].values)
        found |= dict(zip(names, data["check_value"].values[k].tolist(), strict=True))
    found = {name: value for name, value in found.items() if math.isfinite(value)}
    if not found.get("model_time", 1.0):  # a step, so that queues are there, is no simulation
        found = {name: v for name, v in found.items() if name.partition("/")[0] != "simulate"}
    return found | _derived(found)


def _derived(known: Mapping[str, float]) -> dict[str, float]:
    """Figures that follow from others."""
    found = {}
    simulate, model_time = known.get("simulate"), known.get("model_time", 0.0)
    if simulate is not None and model_time:
        found["real_time_factor"] = simulate / (1e-3 * model_time)
        if known.get("dt"):
            found["us_per_step"] = 1e6 * simulate / (model_time / known["dt"])
        if known.get("n_syn_events"):
            found["ns_per_event"] = 1e9 * simulate / known["n_syn_events"]
        if {"n_spikes", "n_neurons"} <= set(known):
            found["rate"] = known["n_spikes"] / known["n_neurons"] / (1e-3 * model_time)
    if "peak/sum" in known:
        found["peak_bytes"] = known["peak/sum"]
    # Of the connectivity where the simulator knows it, else of what its memory grew by while it
    # built, else its peak, which is a bound.
    kinds = ("connectivity/sum", "growth/sum", "peak/sum")
    size = next((known[kind] for kind in kinds if kind in known), None)
    if size is not None and known.get("n_synapses"):
        found["bytes_per_synapse"] = max(size, 0.0) / known["n_synapses"]
    return found
