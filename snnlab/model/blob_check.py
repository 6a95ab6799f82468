"""What must hold of a `MovingBlob` in its network."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from snnlab.errors import SpecError
from snnlab.model.stimuli import MovingBlob
from snnlab.units import format_quantity

if TYPE_CHECKING:
    from snnlab.model.network import Network, Population
    from snnlab.model.space import Space

__all__ = ["check_moving_blob"]

_ROUNDING = 1e-6


def check_moving_blob(
    network: Network, stimulus: MovingBlob, corners: Iterable[Mapping[str, float]]
) -> None:
    """Refuse a stimulus that cannot be meant.

    Parameters
    ----------
    network : Network
    stimulus : MovingBlob
    corners : iterable of mapping
        Extremes of the parameters that a neuron of the target may have [canonical units].

    Raises
    ------
    SpecError
        A target without rates or space, numbers or tiles that are out of bounds, a rate that is
        too high for the target's model.
    """
    where = f"Stimulus {stimulus.name!r}"
    target = network.population(stimulus.target)
    if "rate" not in target.model.parameters:
        raise SpecError(
            f"{where}.target", "must be a population with a parameter rate",
            got=f"{target.name!r} ({target.model.__name__})",
            remedy="Put PoissonSource neurons in between, with a projection OneToOne() from them.",
        )  # fmt: skip
    if target.space is None:
        raise SpecError(
            f"Population {target.name!r}.space", "must be given for a moving blob", got="None",
            context=f"{where}.", remedy="Add for example space=Grid(...).",
        )  # fmt: skip
    for name, unit in (("base", "Hz"), ("peak", "Hz"), ("sigma", "um")):
        _check_number(network, stimulus, name, unit)
    _check_interval(network, stimulus)
    _check_tile(stimulus.tile, target.space, f"{where}.tile")
    if not isinstance(stimulus.is_correlated, bool):
        raise SpecError(
            f"{where}.is_correlated", "must be True or False", got=repr(stimulus.is_correlated)
        )
    highest = _highest(network, target)
    for corner in corners:
        values = {**corner, "rate": corner["rate"] + highest}
        target.model.check(values, network.dt, context=f"{where}, in its centre.")


def _check_number(network: Network, stimulus: MovingBlob, name: str, unit: str) -> None:
    where = f"Stimulus {stimulus.name!r}.{name}"
    number = network.number(getattr(stimulus, name), unit, where=where)
    is_large_enough = number > 0 if name == "sigma" else number >= 0
    if not (math.isfinite(number) and is_large_enough):
        sign = ">" if name == "sigma" else ">="
        raise SpecError(
            where, f"must be finite and {sign} 0 {unit}", got=format_quantity(number, unit)
        )


def _check_interval(network: Network, stimulus: MovingBlob) -> None:
    where = f"Stimulus {stimulus.name!r}.interval"
    interval = network.number(stimulus.interval, "ms", where=where)
    steps = interval / network.dt
    if not math.isfinite(steps) or steps < 0.5 or abs(steps - round(steps)) > _ROUNDING * steps:
        raise SpecError(
            where, f"must be a multiple of dt = {network.dt:g} ms, > 0",
            got=format_quantity(interval, "ms"),
        )  # fmt: skip


def _check_tile(tile: tuple[float, float] | None, space: Space, where: str) -> None:
    if tile is None:
        return
    is_pair = (
        isinstance(tile, tuple) and [type(side) in (int, float) for side in tile] == [True] * 2
    )
    if not (is_pair and min(tile) > 0):
        raise SpecError(where, "must be two lengths > 0 um", got=repr(tile))
    for extent, side in zip(space.extent, tile, strict=True):
        n = extent / side
        if not n > 0.5 or abs(n - round(n)) > _ROUNDING * n:
            raise SpecError(
                where, "must fit into the extent of the space a whole number of times",
                got=f"{side:g} um in {extent:g} um",
            )  # fmt: skip


def _highest(network: Network, target: Population) -> float:
    """What all blobs of a population add to a rate at most [Hz]."""
    return sum(
        network.number(each, "Hz", where=f"Stimulus {s.name!r}")
        for s in network.stimuli
        if isinstance(s, MovingBlob) and s.target == target.name
        for each in (s.base, s.peak)
    )
