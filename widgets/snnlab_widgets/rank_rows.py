"""What the cluster panel says of each rank: numbers with units as text, times as shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from snnlab.frames.rank_status import COMPUTING, RankLoad, RankStatus, imbalance, waiting_s

__all__ = ["balance", "bytes_text", "integer", "rank_rows", "shares_of_time", "window"]

_OTHER_WORK = [phase for phase in COMPUTING if phase not in ("update", "deliver")]


def rank_rows(ranks: Sequence[RankStatus], state: str) -> list[dict[str, Any]]:
    """Return a line for each rank.

    Parameters
    ----------
    ranks : sequence of RankStatus
    state : str
        What the session is doing, which is what its living ranks do.

    Returns
    -------
    list of dict
        ``rank, place, device, neurons, synapses, memory, spikes, busy, exchange, waiting``: text,
        empty where nothing is known yet; ``state``: ``running``, ``paused``, ``died`` or
        ``ended``, and ``end`` why; ``work``: share of the work of all ranks, 0 to 1; ``times``:
        see `shares_of_time`.
    """
    loads = [rank.load for rank in ranks if rank.load is not None]
    waits = waiting_s(loads) if len(loads) == len(ranks) else [0.0] * len(ranks)
    total = sum(load.computing_s for load in loads)
    return [
        _facts(rank, state) | _measured(rank.load, waited, total)
        for rank, waited in zip(ranks, waits, strict=True)
    ]


def _facts(rank: RankStatus, state: str) -> dict[str, Any]:
    threads = f"{rank.threads} thread{'s' if rank.threads > 1 else ''}"
    gone = "died" if rank.has_died else "ended"
    return {
        "rank": rank.number,
        "place": f"{rank.host}, {rank.pid}",
        "device": f"{rank.device}, {threads}" if rank.device == "cpu" else rank.device,
        "neurons": integer(rank.n_neurons),
        "synapses": integer(rank.n_synapses),
        "network": bytes_text(rank.n_bytes),
        "state": gone if rank.end else state,
        "end": rank.end,
    }


def _measured(load: RankLoad | None, waited_s: float, total_s: float) -> dict[str, Any]:
    if load is None:
        empty = dict.fromkeys(("memory", "spikes", "busy", "exchange", "waiting"), "")
        return empty | {"work": 0.0, "times": []}
    times = shares_of_time(load, waited_s)
    by_name = dict(times)
    return {
        "memory": bytes_text(load.memory_bytes),
        "spikes": integer(round(load.n_spikes / load.duration * 1e3)) if load.duration else "",
        "busy": _percent(load.busy),
        "exchange": _percent(by_name["exchange"]),
        "waiting": _percent(by_name["waiting"]),
        "work": load.computing_s / total_s if total_s else 0.0,
        "times": times,
    }


def shares_of_time(load: RankLoad, waited_s: float) -> list[tuple[str, float]]:
    """Return what a rank did with its time: name and share of the wall clock, at most 1 together.

    Parameters
    ----------
    load : RankLoad
    waited_s : float [s]
        Part of its exchange in which it waited for other ranks.
    """
    seconds = load.seconds
    parts = [
        ("update", seconds.get("update", 0.0)),
        ("deliver", seconds.get("deliver", 0.0)),
        ("other work", sum(seconds.get(phase, 0.0) for phase in _OTHER_WORK)),
        ("exchange", max(0.0, seconds.get("exchange", 0.0) - waited_s)),
        ("waiting", waited_s),
    ]
    whole = max(load.elapsed_s, sum(part for _, part in parts), 1e-9)
    return [(name, part / whole) for name, part in parts]


def _percent(share: float) -> str:
    return f"{100 * share:.1f}" if share < 0.0995 else f"{100 * share:.0f}"


def balance(ranks: Sequence[RankStatus]) -> str:
    """Return how equal the work is, in one line; empty before anything was computed."""
    loads = [rank.load for rank in ranks if rank.load is not None]
    if not loads or not any(load.computing_s for load in loads):
        return ""
    return f"the busiest rank computes {imbalance(loads):.2f} times the mean (1 is best)"


def integer(n: int) -> str:
    """Return a whole number with narrow spaces between thousands."""
    return f"{n:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def bytes_text(n_bytes: int) -> str:
    """Return a size in MiB or GiB."""
    mib = n_bytes / 2**20
    return f"{mib / 1024:.3g} GiB" if mib >= 1000 else f"{mib:.3g} MiB"


_VIA = {"": "", "host": ", through the host", "device": ", straight from GPU to GPU"}
"""What ranks hand to MPI -> that in words."""


def window(ranks: Sequence[RankStatus]) -> str:
    """How ranks exchange spikes, and what the shares of time are shares of."""
    loads = [rank.load for rank in ranks if rank.load is not None]
    told = [f"exchange: {ranks[0].exchange}{_VIA[ranks[0].transport]}"] if len(ranks) > 1 else []
    told += [f"shares of {loads[0].elapsed_s:.1f} s of wall-clock time"] if loads else []
    return "; ".join(told)
