"""Which rank of how many is meant."""

from __future__ import annotations

from snnlab.errors import SpecError

__all__ = ["check_rank"]


def check_rank(ranks: int, rank: int) -> None:
    """Look whether there is such a rank.

    Raises
    ------
    SpecError
        There is not.
    """
    if ranks < 1 or not 0 <= rank < ranks:
        raise SpecError(
            "--rank", f"must be one of 0 ... {max(ranks, 1) - 1}, of --ranks >= 1",
            got=f"rank {rank} of {ranks}",
        )  # fmt: skip
