"""What rules have done, added up over the rebuilds of a network."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.rewiring import SHORT, TICKS
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.model.element_checks import homeostatic_rewirings
from snnlab.model.network import Network

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RewiringTally"]


class RewiringTally:
    """Adds up what `Rewirings.counts` says, which starts at 0 wherever rows are laid out anew."""

    def __init__(self) -> None:
        self._work: dict[str, RewiringWork] = {}
        self._seen: NDArray[np.int64] | None = None

    def start_again(self) -> None:
        """Counts start at 0 from here on."""
        self._seen = None

    def add(self, network: Network, counts: NDArray[np.int64], seconds: float) -> None:
        """Add what has been counted since the last time.

        Parameters
        ----------
        network : Network
        counts : (n_rewirings, n_partitions, 8) int64
            `Rewirings.counts`.
        seconds : float [s]
            Time that all rules took; each has its part of it, by the ticks that it counted.
        """
        now = counts.sum(axis=1)
        new = now - (0 if self._seen is None else self._seen)
        self._seen = now
        shares = new[:, TICKS] / max(int(new[:, TICKS].sum()), 1)
        columns = zip(network.rewirings, new.tolist(), shares.tolist(), strict=True)
        for rewiring, n, share in columns:
            work = self._work.get(rewiring.name, RewiringWork(rewiring.name))
            self._work[rewiring.name] = replace(
                work, attempts=work.attempts + n[0], formed=work.formed + n[1],
                removed=work.removed + n[2], short=work.short + n[SHORT],
                seconds=work.seconds + share * seconds,
            )  # fmt: skip

    def add_update(self, network: Network, seconds: float) -> None:
        """Add the time [s] that updates of synaptic elements took, which all rewirings share."""
        sharing = [rewiring for _, rewiring in homeostatic_rewirings(network)]
        for rewiring in sharing:
            work = self._work[rewiring.name]
            self._work[rewiring.name] = replace(work, seconds=work.seconds + seconds / len(sharing))

    def add_call(self, name: str, seconds: float) -> None:
        """Add the time [s] that a call of a rewiring took outside of the compiled loop."""
        work = self._work.get(name, RewiringWork(name))
        self._work[name] = replace(work, seconds=work.seconds + seconds)

    def work(self, network: Network) -> tuple[RewiringWork, ...]:
        """Return what the rules of a network have done, in its order."""
        return tuple(
            self._work.get(rewiring.name, RewiringWork(rewiring.name))
            for rewiring in network.rewirings
        )
