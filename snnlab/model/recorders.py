"""What is kept of a run, as frozen values. Spikes of all neurons are always recorded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from snnlab.errors import SpecError
from snnlab.model.distribution import Number

__all__ = ["Recorder", "StateRecorder", "SynapseRecorder"]


@dataclass(frozen=True)
class StateRecorder:
    """Samples state variables of any neurons of a population, as often as one likes.

    Parameters
    ----------
    name : str
        Unique within the network.
    population : str
        Whose neurons.
    variables : str or sequence of str
        Names of `State` declarations, e.g. ``("V_m",)``; kept as a tuple.
    neurons : int, or sequence or array of int
        Indices within the population: ``3``, ``[1, 5]``, every tenth as ``range(0, 1000, 10)``;
        kept as a tuple.
    interval : number [ms]
        Time between samples; a multiple of the time step. 0 means every step.
    """

    name: str
    population: str
    variables: tuple[str, ...] = ("V_m",)
    neurons: tuple[int, ...] = (0,)
    interval: Number = 0.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", _names(self.variables))
        where = f"Recorder {self.name!r}.neurons"
        object.__setattr__(self, "neurons", _indices(self.neurons, where))


@dataclass(frozen=True)
class SynapseRecorder:
    """Samples weights and other state variables of any synapses of a plastic projection.

    What is sampled at a step is what `Session.synapses` shows at that step, in the same order.
    Of a projection with constant weights there is nothing to record; read them with
    `Session.synapses`.

    Parameters
    ----------
    name : str
        Unique within the network.
    projection : str
        Whose synapses, e.g. ``"exc->exc"``.
    variables : str or sequence of str
        ``"weight"`` and names of `State` declarations of the synapse model; kept as a tuple.
    sources, targets : int, or sequence or array of int, optional
        Indices within the pre- and the postsynaptic population: only synapses from these, and onto
        these. Default: from and onto all.
    synapses : int, or sequence or array of int, optional
        Places in the table that `Session.synapses` returns: only these. Every hundredth synapse
        is ``range(0, n, 100)``. Default: all that `sources` and `targets` choose.
    interval : number [ms]
        Time between samples; a multiple of the time step. 0 means every step.

    Notes
    -----
    A sample brings the chosen synapses up to date, which changes nothing of what follows. On two
    cores that takes 0.2 ms, and 2 us for each source whose 400 synapses have to catch up; all 1.6
    million synapses of the preset `stdp` take 8 ms. In memory and on disk a sample has 4 bytes
    (8 in double precision) for each synapse and variable.
    """

    name: str
    projection: str
    variables: tuple[str, ...] = ("weight",)
    sources: tuple[int, ...] | None = None
    targets: tuple[int, ...] | None = None
    synapses: tuple[int, ...] | None = None
    interval: Number = 10.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "variables", _names(self.variables))
        for field in ("sources", "targets", "synapses"):
            given = getattr(self, field)
            if given is not None:
                where = f"Recorder {self.name!r}.{field}"
                object.__setattr__(self, field, _indices(given, where))


Recorder = StateRecorder | SynapseRecorder
"""Either kind."""


def _names(variables: Any) -> tuple[str, ...]:
    """Names of variables, also if a single one was given."""
    return (variables,) if isinstance(variables, str) else tuple(variables)


def _indices(given: Any, where: str) -> tuple[int, ...]:
    """Indices as plain numbers, whatever kind of whole number and of sequence they came as."""
    indices = list(given) if isinstance(given, Iterable) else [given]
    for index in indices:
        if isinstance(index, bool) or not isinstance(index, Integral):
            raise SpecError(
                where,
                "must be whole numbers",
                got=repr(index),
                remedy="Write for example 3, [1, 5] or range(0, 1000, 10).",
            )
    return tuple(int(index) for index in indices)
