"""What one device makes of a stretch of a run: its spikes, and its synapses at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from snnlab.analysis.difference import first_difference
from snnlab.engine import Engine
from snnlab.frames.frame import Frame
from snnlab.frames.synapses import Synapses
from snnlab.model.network import Network
from snnlab.session.pace import ChunkLength
from snnlab.session.route import Route

__all__ = ["MOST_SYNAPSES", "Evidence", "Stretch", "difference", "of_frames"]

MOST_SYNAPSES = 3_000_000
"""Up to so many, all synapses are compared; beyond it, those that can change."""

_CHUNK_S = 0.05
"""Wall-clock time between two moments at which a proof may be given up."""


@dataclass(frozen=True)
class Evidence:
    """What is compared.

    Parameters
    ----------
    start, stop : int
        Between which steps.
    step, neuron : (n_spikes,) int64
        The spikes in between.
    synapses : tuple of Synapses
        At the end; empty where nobody read them.
    """

    start: int
    stop: int
    step: NDArray[np.int64]
    neuron: NDArray[np.int64]
    synapses: tuple[Synapses, ...] = ()

    @property
    def n_synapses(self) -> int:
        """Number of synapses that were read."""
        return sum(map(len, self.synapses))

    def until(self, stop: int) -> Evidence:
        """Return what there was before `stop`, without synapses."""
        kept = self.step < stop
        return Evidence(self.start, stop, self.step[kept], self.neuron[kept])


@dataclass(frozen=True)
class Stretch:
    """A part of a run that can be computed again anywhere.

    Parameters
    ----------
    route : Route
        From a checkpoint to the end, with all edits.
    start : int
        Step from which on spikes are compared; not before the checkpoint.
    """

    route: Route
    start: int

    @property
    def network(self) -> Network:
        """The network at the end."""
        network, made = self.route.checkpoint.network, len(self.route.checkpoint.edits)
        for applied in self.route.edits[made:]:
            network = applied.edit.apply(network)
        return network

    def computed(
        self, engine: Engine, may_go_on: Callable[[], bool], tell: Callable[[float], object]
    ) -> Evidence:
        """Lead an engine along it and read what comes of it.

        Parameters
        ----------
        engine : Engine
            For the network of the checkpoint.
        may_go_on : callable
            Asked now and then; where it says no, the evidence ends before the stretch does.
        tell : callable
            Gets the share that is done, 0 to 1.
        """
        route, frames = self.route, []
        begin = route.checkpoint.step
        engine.restore(route.checkpoint)
        network = route.checkpoint.network
        ends = [(a.step, a) for a in route.edits[len(route.checkpoint.edits) :]]
        for until, applied in [*ends, (route.step, None)]:
            chunk = ChunkLength(_CHUNK_S)
            while engine.step < until and may_go_on():
                n_steps, began = min(chunk.steps, until - engine.step), time.perf_counter()
                frames.append(engine.advance(n_steps))
                chunk.measured(n_steps, time.perf_counter() - began)
                tell((engine.step - begin) / max(1, route.step - begin))
            if engine.step < until:
                return of_frames(frames, self.start, engine.step)
            if applied is not None:
                network = applied.edit.apply(network)
                engine.apply(network)
        names = _compared(network, engine.report.n_synapses)
        found = of_frames(frames, self.start, route.step)
        synapses = tuple(engine.synapses(name) for name in names)
        return Evidence(found.start, found.stop, found.step, found.neuron, synapses)


def of_frames(frames: Iterable[Frame], start: int, stop: int) -> Evidence:
    """Return the spikes of frames, in any order, in the steps from `start` to `stop`."""
    found = [(f.step, f.neuron) for f in frames if f.t_stop > start and f.t_start < stop]
    nothing = np.empty(0, np.int64)
    step = np.concatenate([nothing, *(s for s, _ in found)])
    neuron = np.concatenate([nothing, *(n for _, n in found)])
    inside = (step >= start) & (step < stop)
    return Evidence(start, stop, step[inside], neuron[inside])


def recorded(frames: Sequence[Frame], start: int) -> Evidence | None:
    """Return the spikes of a recording from `start` on; None where it has nothing of them."""
    late = list(takewhile(lambda f: f.t_stop > start, (frames[k] for k in _backwards(frames))))
    if not late:
        return None
    return of_frames(late, max(start, late[-1].t_start), late[0].t_stop)


def _backwards(frames: Sequence[Frame]) -> range:
    return range(len(frames) - 1, -1, -1)


def _compared(network: Network, n_synapses: int) -> list[str]:
    """Names of the projections whose synapses are compared."""
    rewired = {rewiring.projection for rewiring in network.rewirings}
    return [
        p.name
        for p in network.projections
        if n_synapses <= MOST_SYNAPSES or p.name in rewired or p.synapse != "Static"
    ]


def difference(found: Evidence, reference: Evidence, network: Network) -> str:
    """Say in words where two parts: the first spike that only one has, else the first synapse.

    Parameters
    ----------
    found, reference : Evidence
        Of the same steps; synapses are compared where both have some.
    network : Network
        Whose names are used.

    Returns
    -------
    str
        Empty where they are the same to the bit.
    """
    step = first_difference((found.step, found.neuron), (reference.step, reference.neuron))
    if step is not None:
        return _spike(step, found, reference, network)
    if found.synapses and reference.synapses:
        pairs = zip(found.synapses, reference.synapses, strict=True)
        return next((said for pair in pairs if (said := _synapse(*pair, network))), "")
    return ""


def _spike(step: int, found: Evidence, reference: Evidence, network: Network) -> str:
    here, there = (set(e.neuron[e.step == step].tolist()) for e in (found, reference))
    neuron = min(here ^ there)
    which = "fires only here" if neuron in here else "does not fire here"
    at = f"t = {(step + 1) * network.dt:.10g} ms"
    return f"first at {at}: {_name(neuron, network)} {which}"


def _synapse(found: Synapses, reference: Synapses, network: Network) -> str:
    a, b = _table(found), _table(reference)
    if found.pre.size != reference.pre.size:
        return f"{found.projection}: {found.pre.size} synapses, not {reference.pre.size}"
    for name in a:
        unlike = np.flatnonzero(a[name] != b[name])
        if unlike.size:
            k = int(unlike[0])
            ends = " to ".join(_name(int(a[end][k]), network) for end in ("pre", "post"))
            return (
                f"{found.projection}, {ends}: {name} = {a[name][k]!s}, not {b[name][k]!s}"
                f" ({unlike.size} of {found.pre.size} synapses)"
            )
    return ""


def _table(synapses: Synapses) -> dict[str, NDArray[np.generic]]:
    """Columns in an order that does not depend on who lists them."""
    keys = (synapses.weight, synapses.delay, synapses.post, synapses.pre)
    order = np.lexsort(keys)
    columns = {"pre": synapses.pre, "post": synapses.post, "delay": synapses.delay,
               "weight": synapses.weight, **synapses.variables}  # fmt: skip
    return {name: values[order] for name, values in columns.items()}


def _name(neuron: int, network: Network) -> str:
    for population in network.populations:
        index = neuron - network.first_id(population.name)
        if 0 <= index < population.size:
            return f"neuron {index} of {population.name!r}"
    return f"neuron {neuron}"
