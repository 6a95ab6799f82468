"""The first of several ranks, as ranks of their own: starting some takes longer than asking few."""

from __future__ import annotations

from snnlab.cluster.rank import Rank
from snnlab.cluster.ranks import Ranks
from snnlab.errors import SpecError

__all__ = ["FirstRanks"]


class FirstRanks(Ranks):
    """The first `n` of some ranks; the others have nothing to do.

    They live as long as those that they are part of: closing these ends nothing. An interrupt is
    one of all.

    Parameters
    ----------
    whole : Ranks
    n : int

    Raises
    ------
    SpecError
        There are not so many.
    """

    def __init__(self, whole: Ranks, n: int) -> None:
        if not 1 <= n <= len(whole):
            raise SpecError("n", f"must be from 1 to {len(whole)} ranks", got=str(n))
        self._whole, self._n = whole, n
        self._device, self._renewal = whole._device, whole._renewal
        self._engines = whole._engines

    @property
    def ranks(self) -> tuple[Rank, ...]:
        """Who they are: host, process, device and threads of each, in rank order."""
        return self._running().ranks[: self._n]

    def restart(self) -> None:
        """End all ranks and start as many again, those beyond the first ones too."""
        self._whole.restart()
        self._engines = self._whole._engines

    def close(self) -> None:
        """Let go of them: they go on."""
