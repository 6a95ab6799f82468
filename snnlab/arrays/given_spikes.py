"""Spikes that are given beforehand, as what they add to the rings."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from snnlab.build.fixed_point import to_fixed
from snnlab.build.layout import BLOCK
from snnlab.model.stimuli import SpikeTrains, Volley

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.build.layout import Layout, Partitions
    from snnlab.model.network import Network

__all__ = ["GivenSpikes", "given_spikes"]

_Exponents = dict[tuple[str, str], int]


class GivenSpikes(NamedTuple):
    """Entries of the rings, sorted by partition and step; see `snnlab.arrays.program.Drive`.

    Parameters
    ----------
    start : (n_partitions + 1,) int64
    step, lane : (n_events,) int64
    value : (n_events,) int32 [fixed point]
    """

    start: NDArray[np.int64]
    step: NDArray[np.int64]
    lane: NDArray[np.int64]
    value: NDArray[np.int32]


def given_spikes(
    network: Network, layout: Layout, partitions: Partitions, exponents: _Exponents
) -> GivenSpikes:
    """Return the spikes of `SpikeTrains` and `Volley` that arrive in these partitions.

    Parameters
    ----------
    network : Network
    layout : Layout
    partitions : Partitions
        Those that are computed here.
    exponents : dict
        (neuron model, port) -> exponent of its fixed point.
    """
    entries = [
        _of_trains(network, layout, exponents),
        *(_of_volley(network, s, layout, exponents) for s in network.stimuli
          if isinstance(s, Volley)),
    ]  # fmt: skip
    step, slot, port, value = np.concatenate(entries, axis=1)
    first_slots = partitions.bounds * BLOCK
    is_owned = (slot >= first_slots[0]) & (slot < first_slots[-1])
    step, slot, port, value = (each[is_owned] for each in (step, slot, port, value))
    owner = np.searchsorted(first_slots, slot, side="right") - 1
    order = np.lexsort((port, slot, step, owner))
    step, slot, port, value, owner = (each[order] for each in (step, slot, port, value, owner))
    lane = port * partitions.n_slots[owner] + slot - first_slots[owner]
    start = np.searchsorted(owner, np.arange(partitions.n + 1)).astype(np.int64)
    return GivenSpikes(start, step, lane, value.astype(np.int32))


def _of_trains(network: Network, layout: Layout, exponents: _Exponents) -> NDArray[np.int64]:
    """Step, slot, port and value of what `SpikeSource` neurons shall repeat.

    A spike that is given twice is one entry: a neuron fires at most once in a step, and any
    number of entries could overflow their sum.
    """
    names = [p.name for p in network.populations]
    given = [np.empty((2, 0), np.int64)]
    for stimulus in network.stimuli:
        if isinstance(stimulus, SpikeTrains):
            first = layout.first_slot(names.index(stimulus.target))
            slots = first + np.array(stimulus.neurons, np.int64)
            given.append(np.array([_steps(stimulus.times, network.dt), slots]))
    step, slot = np.unique(np.concatenate(given, axis=1), axis=1)
    unit = int(to_fixed(1.0, exponents.get(("SpikeSource", "spikes"), 0)))
    return np.array([step, slot, np.zeros_like(step), np.full_like(step, unit)])


def _of_volley(
    network: Network, stimulus: Volley, layout: Layout, exponents: _Exponents
) -> NDArray[np.int64]:
    """Step, slot, port and value of each spike at each neuron."""
    target = network.population(stimulus.target)
    port = target.model.port_of(network.receptor_of(stimulus))
    weight = float(network.weight_of(stimulus).quantile(np.array([0.5]))[0])
    value = int(to_fixed(weight, exponents[str(target.neuron), port]))
    k = [p.name for p in network.populations].index(stimulus.target)
    slots = layout.first_slot(k) + np.array(stimulus.neurons(target.size), np.int64)
    step, slot = (
        each.ravel() for each in np.meshgrid(_steps(stimulus.times, network.dt), slots)
    )  # fmt: skip
    place = target.model.ports.index(port)
    return np.array([step, slot, np.full_like(step, place), np.full_like(step, value)])


def _steps(times: tuple[float, ...], dt: float) -> NDArray[np.int64]:
    """The steps at whose end spikes at these times [ms] arrive."""
    return np.rint(np.array(times, np.float64) / dt).astype(np.int64) - 1
