"""`Watch`: what a session looks out for, and what it does about it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from snnlab.errors import SpecError
from snnlab.frames.health import Kind

__all__ = ["Watch"]


@dataclass(frozen=True)
class Watch:
    """What counts as trouble, and which trouble pauses a run.

    Parameters
    ----------
    pauses : frozenset of Kind
        Trouble of these kinds pauses the run and takes it back to the last good checkpoint; of
        any other it is only said. Default: state variables that are not finite or not plausible.
    highest_rate : float [Hz]
        A population that fires faster on average has run away.
    largest_share : float
        So has one that fires at more than this share of ``1 / t_ref``.
    runaway_ms : float [ms]
        Model time over which the rate is averaged.
    silence_ms : float [ms]
        A population that used to fire is silent after this time without a spike, if at least ten
        were to be expected; a network, if no neuron fires in this time after the start.

    Raises
    ------
    SpecError
        A number that is not > 0.

    Examples
    --------
    ::

        session.watch = Watch(pauses=frozenset(Kind))  # pause on anything
        session.watch = Watch(pauses=frozenset())      # never pause
    """

    pauses: frozenset[Kind] = field(
        default_factory=lambda: frozenset({Kind.NOT_FINITE, Kind.OUT_OF_BOUNDS})
    )
    highest_rate: float = 500.0
    largest_share: float = 0.8
    runaway_ms: float = 200.0
    silence_ms: float = 1000.0

    def __post_init__(self) -> None:
        for name in ("highest_rate", "largest_share", "runaway_ms", "silence_ms"):
            value = getattr(self, name)
            if not value > 0 or math.isnan(value):
                raise SpecError(
                    f"Watch.{name}", "must be > 0", got=repr(value),
                    remedy="Infinity switches it off.",
                )  # fmt: skip
