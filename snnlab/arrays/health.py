"""Who is not well: what a frame says about a network whose states are no plausible numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from snnlab.arrays.built import Built
from snnlab.arrays.rewiring import SHORT
from snnlab.build.fixed_point import ROOM_UNDER_WAY
from snnlab.build.tables import largest_effect
from snnlab.frames.health import Kind, Trouble
from snnlab.model.network import Projection
from snnlab.model.neuron import Neuron
from snnlab.units import format_quantity

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["cut_effects", "find_troubles", "limit_input", "lost_synapses"]


def find_troubles(built: Built, step: int) -> tuple[Trouble, ...]:
    """Return what is wrong at `step`: the first neuron of each population and each kind.

    Parameters
    ----------
    built : Built
        Its rings should hold all input under way.
    step : int
        Steps done.
    """
    found = []
    for k in range(len(built.network.populations)):
        values = built.state(k)
        finite = np.isfinite(values)
        n_states = values.shape[0]
        low, high = (a[k, :n_states, np.newaxis] for a in (built.program.low, built.program.high))
        outside = finite & ((values < low) | (values > high))
        for kind, wrong in ((Kind.NOT_FINITE, ~finite), (Kind.OUT_OF_BOUNDS, outside)):
            if wrong.any():
                found.append(_trouble(built, k, kind, wrong, values, step))
    return tuple(found)


def limit_input(built: Built, step: int) -> tuple[Trouble, ...]:
    """Limit the input under way to what leaves room for new weights, and say whose it was.

    Parameters
    ----------
    built : Built
        The edited network; its rings hold all input under way, at its exponents.
    step : int
        Steps done.
    """
    found = []
    for k, population in enumerate(built.network.populations):
        for port, name in enumerate(population.model.ports):
            if _has_room([part[:, port] for part in built.rings(k)]):
                continue
            inputs = built.ring(k)[:, port]
            # int64: the absolute value of the smallest int32 is no int32.
            largest = np.abs(inputs.astype(np.int64)).max(axis=0, initial=0)
            limited = np.flatnonzero(largest > ROOM_UNDER_WAY)
            found.append(_saturation(built, k, name, limited, largest, step))
    for k in range(len(built.network.populations) if found else 0):
        for part in built.rings(k):
            np.clip(part, -ROOM_UNDER_WAY, ROOM_UNDER_WAY, out=part)
    return tuple(found)


def _has_room(inputs: list[NDArray[np.int32]]) -> bool:
    """Whether no input under way is too large; looked at where it lies, since a slider waits."""
    return all(
        part.max(initial=0) <= ROOM_UNDER_WAY and part.min(initial=0) >= -ROOM_UNDER_WAY
        for part in inputs
    )


def cut_effects(built: Built, told: dict[str, int], step: int) -> tuple[Trouble, ...]:
    """Return the plastic projections whose rule outgrew the input, when twice as often as told.

    Parameters
    ----------
    built : Built
    told : dict
        Projection -> number of cut effects that was last spoken of; updated.
    step : int
        Steps done.
    """
    found = []
    for table, clipped in zip(built.plastic_tables, built.plastic.clipped, strict=True):
        projection, n = table.projection, int(clipped.sum())
        if n > 2 * told.get(projection.name, 0):
            told[projection.name] = n
            found.append(_cut(built, projection, n, step))
    return tuple(found)


def _cut(built: Built, projection: Projection, n: int, step: int) -> Trouble:
    """Describe effects of plastic synapses that did not fit."""
    largest = largest_effect(built.network, projection)
    unit = built.network.population(projection.post).model.receptors[
        built.network.receptor_of(projection)
    ].unit  # fmt: skip
    return Trouble(
        kind=Kind.SATURATION, population=projection.post, neuron=None,
        variable=f"effects of projection {projection.name!r} that were cut", value=n, unit="1",
        expected=f"must be 0: effects are cut to {format_quantity(largest, unit)}",
        t_start=step, t_stop=step, dt=built.network.dt,
        remedy=f"Let {projection.synapse} bound its weight, and name the bound in `largest`.",
    )  # fmt: skip


def lost_synapses(built: Built, told: dict[str, int], step: int) -> tuple[Trouble, ...]:
    """Return the rewirings that replaced fewer synapses than went, when twice as many as told.

    Parameters
    ----------
    built : Built
    told : dict
        Rewiring -> number of lost synapses that was last spoken of; updated.
    step : int
        Steps done.
    """
    found = []
    for k, rewiring in enumerate(built.network.rewirings):
        n = int(built.rewirings.counts[k, :, SHORT].sum())
        before = told.get(rewiring.name, 0)
        if n < before:  # counting has begun anew
            before = 0
        if n > 2 * before:
            told[rewiring.name] = n
            projection = built.network.projection(rewiring.projection)
            found.append(_shortage(built, rewiring.name, projection, n, step))
    return tuple(found)


def _shortage(built: Built, name: str, projection: Projection, n: int, step: int) -> Trouble:
    """Describe synapses that went and were not replaced."""
    return Trouble(
        kind=Kind.SHORTAGE, population=projection.post, neuron=None,
        variable=f"synapses that rewiring {name!r} did not replace", value=n, unit="1",
        expected="must be 0: the rule accepted too few of the pairs that were drawn",
        t_start=step, t_stop=step, dt=built.network.dt,
        remedy=f"Let the rule accept more pairs, or let {projection.name!r} have fewer synapses.",
    )  # fmt: skip


def _saturation(
    built: Built,
    k: int,
    port: str,
    limited: NDArray[np.int64],
    largest: NDArray[np.int64],
    step: int,
) -> Trouble:
    """Describe what was limited at a port of population `k`."""
    population = built.network.populations[k]
    ports = population.model.ports
    scale = float(built.drive.scale[k, ports.index(port)])
    unit = _unit_of_port(population.model, port)
    neuron = int(limited[0])
    return Trouble(
        kind=Kind.SATURATION, population=population.name, neuron=built.owned(k).start + neuron,
        variable=f"input at {port!r}", value=float(largest[neuron]) * scale, unit=unit,
        expected=f"must be <= {format_quantity(ROOM_UNDER_WAY * scale, unit)} while weights change",
        t_start=step, t_stop=step, dt=built.network.dt, n_neurons=limited.size,
        remedy="What was under way was limited to that; change the weights by less at a time.",
    )  # fmt: skip


def _trouble(
    built: Built,
    k: int,
    kind: Kind,
    wrong: NDArray[np.bool_],
    values: NDArray[np.floating],
    step: int,
) -> Trouble:
    """Describe the first of the `wrong` variables, shape (n_states, n), of population `k`."""
    population = built.network.populations[k]
    states = population.model.states
    neurons = np.flatnonzero(wrong.any(axis=0))
    neuron = int(neurons[0])
    variable = list(states)[int(np.argmax(wrong[:, neuron]))]
    words = {
        name: format_quantity(float(value), state.unit)
        for (name, state), value in zip(states.items(), values[:, neuron], strict=True)
    }
    del words[variable]
    largest, port = _largest_input(built, k, neuron)
    is_bounded = kind is Kind.OUT_OF_BOUNDS
    dt = built.network.dt
    return Trouble(
        kind=kind, population=population.name, neuron=built.owned(k).start + neuron,
        variable=variable,
        value=float(values[list(states).index(variable), neuron]), unit=states[variable].unit,
        expected="must be " + (states[variable].bounds() if is_bounded else "a finite number"),
        t_start=max(step - built.program.health_steps, 0), t_stop=step, dt=dt,
        remedy=_remedy(population.name, dt), n_neurons=neurons.size, state=words,
        largest_input=largest, input_name=port,
    )  # fmt: skip


def _largest_input(built: Built, k: int, neuron: int) -> tuple[float | None, str]:
    """The largest input that is under way to a neuron, and ``"pA at 'exc'"``."""
    model = built.network.populations[k].model
    if not model.receptors:
        return None, ""
    ring = np.abs(built.ring(k)[:, : len(model.ports), neuron].astype(np.float64))
    inputs = ring.max(axis=0) * built.drive.scale[k, : len(model.ports)]
    port = int(np.argmax(inputs))
    name = model.ports[port]
    return float(inputs[port]), f"{_unit_of_port(model, name)} at {name!r}"


def _unit_of_port(model: type[Neuron], port: str) -> str:
    return next(r.unit for name, r in model.receptors.items() if model.port_of(name) == port)


def _remedy(population: str, dt: float) -> str:
    return (
        f"Make dt (now {dt:g} ms) smaller, or the weights and currents into {population!r} weaker; "
        "in a model of your own, look for a division by zero."
    )
