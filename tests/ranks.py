"""Ranks that nobody has started, as a session would tell of them."""

from __future__ import annotations

from snnlab.frames.rank_status import RankLoad, RankStatus

__all__ = ["load", "status"]


def load(update: float = 0.2, exchange: float = 0.05, n_spikes: int = 300) -> RankLoad:
    """What a rank did in half a second, 100 ms of model time: times in s."""
    seconds = {"update": update, "deliver": 0.1, "record": 0.01, "exchange": exchange}
    return RankLoad(0.5, seconds, n_spikes, 100.0, 200 * 2**20)


def status(
    number: int, measured: RankLoad | None = None, *, end: str = "", has_died: bool = False,
    transport: str = "",
) -> RankStatus:  # fmt: skip
    """A rank with a thousand neurons."""
    return RankStatus(
        number, "node7", 4000 + number, "cpu", 2, 1000, 2_000_000, 2**20, "collective", measured,
        end, has_died, transport,
    )  # fmt: skip
