"""A network as a drawing: who stands where, who is joined to whom, and what is written there."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from snnlab.model.network import Network, Projection
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import PoissonInput, StepCurrent, Volley
from snnlab.plots.palette import colours

__all__ = ["MOST_EDGES", "graph_of"]

MOST_EDGES = 400
"""Projections that are drawn, the largest; more would be a felt that nobody can read."""

Positions = Mapping[str, Sequence[float]]


def graph_of(network: Network, positions: Positions) -> dict[str, Any]:
    """Return a network as nodes and edges.

    Parameters
    ----------
    network : Network
    positions : mapping
        Name -> where it was put, 0 ... 1 to the right and down; the rest finds a place.

    Returns
    -------
    dict
        ``nodes``: ``name, kind, text, note, x, y, colour, colour_dark``; ``edges``: ``name, kind,
        pre, post, sign, note``; ``omitted``: number of projections that are not drawn.
    """
    drawn = _largest(network)
    places = _places(network, {k: (float(x), float(y)) for k, (x, y) in positions.items()})
    n = len(network.populations)
    nodes = [
        _node(p.name, "population", _count(p.size), f"{p.name}: {p.size} {p.neuron}", places)
        | {"colour": light, "colour_dark": dark}
        for p, light, dark in zip(network.populations, colours(n), colours(n, dark=True),
                                  strict=True)
    ]  # fmt: skip
    nodes += [_node(s.name, "stimulus", *_of_stimulus(s), places) for s in network.stimuli]
    nodes += [_node(r.name, "recorder", *_of_recorder(r), places) for r in network.recorders]
    edges = [_edge(network, p) for p in drawn]
    edges += [_line(s.name, s.name, s.target, "stimulus") for s in network.stimuli]
    edges += [_line(r.name, r.population, r.name, "recorder")
              for r in network.recorders if isinstance(r, StateRecorder)]  # fmt: skip
    return {"nodes": nodes, "edges": edges, "omitted": len(network.projections) - len(drawn)}


def _node(
    name: str, kind: str, text: str, note: str, places: Mapping[str, tuple[float, float]]
) -> dict[str, Any]:
    x, y = places[name]
    return {"name": name, "kind": kind, "text": text, "note": note, "x": x, "y": y}


def _edge(network: Network, p: Projection) -> dict[str, Any]:
    rule = type(p.rule).__name__
    plastic = "" if p.model.is_static() else f", {p.synapse}"
    note = f"{p.name}: {rule}{plastic}"
    return _line(p.name, p.pre, p.post, "projection") | {"sign": _sign(network, p), "note": note}


def _line(name: str, pre: str, post: str, kind: str) -> dict[str, Any]:
    return {"name": name, "pre": pre, "post": post, "kind": kind, "sign": "exc", "note": name}


def _sign(network: Network, projection: Projection) -> str:
    return "inh" if network.receptor_of(projection) == "inh" else "exc"


def _of_stimulus(stimulus: Any) -> tuple[str, str]:
    if isinstance(stimulus, PoissonInput):
        return "Poisson", f"{stimulus.name}: Poisson spikes, rate {_short(stimulus.rate)} Hz"
    if isinstance(stimulus, StepCurrent):
        return "current", f"{stimulus.name}: {_short(stimulus.amplitude)} pA"
    if isinstance(stimulus, Volley):
        n, whom = len(stimulus.times), f"neurons {stimulus.first} ... {stimulus.last}"
        return "volley", f"{stimulus.name}: {n} spikes to each of {whom}"
    return type(stimulus).__name__, f"{stimulus.name}: {type(stimulus).__name__}"


def _of_recorder(recorder: Any) -> tuple[str, str]:
    what = ", ".join(recorder.variables)
    of = recorder.population if isinstance(recorder, StateRecorder) else recorder.projection
    return what, f"{recorder.name}: {what} of {of}"


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _count(n: int) -> str:
    """A number of neurons in a circle: ``80``, ``8k``, ``1.2M``."""
    for power, letter in ((1e6, "M"), (1e3, "k")):
        if n >= power:
            return f"{float(f'{n / power:.2g}'):g}{letter}"
    return str(n)


def _largest(network: Network) -> list[Projection]:
    if len(network.projections) <= MOST_EDGES:
        return list(network.projections)
    sizes = {p.name: p.size for p in network.populations}

    def size(p: Projection) -> float:
        is_recurrent = p.pre == p.post
        return p.rule.expected_synapses(sizes[p.pre], sizes[p.post], is_recurrent=is_recurrent)

    return sorted(network.projections, key=size, reverse=True)[:MOST_EDGES]


def _places(
    network: Network, put: Mapping[str, tuple[float, float]]
) -> dict[str, tuple[float, float]]:
    """Where things stand: where they were put, or in rows, with inputs above, recorders below."""
    names = [p.name for p in network.populations]
    n_columns = 2 if len(names) in (3, 4) else math.ceil(math.sqrt(1.6 * len(names))) or 1
    n_columns = len(names) if len(names) < 3 else n_columns
    n_rows = max(1, math.ceil(len(names) / max(n_columns, 1)))
    found: dict[str, tuple[float, float]] = {}
    for k, name in enumerate(names):
        row, column = divmod(k, n_columns)
        here = min(n_columns, len(names) - row * n_columns)
        found[name] = ((column + 0.5) / here, 0.3 + 0.45 * row / max(1, n_rows - 1)
                       if n_rows > 1 else 0.52)  # fmt: skip
    found |= {name: place for name, place in put.items() if name in found}
    above: dict[str, int] = {}
    below: dict[str, int] = {}
    near, step = 0.06 / max(1, n_columns), 0.25
    for stimulus in network.stimuli:
        x, y = found.get(stimulus.target, (0.5, 0.5))
        k = above[stimulus.target] = above.get(stimulus.target, -1) + 1
        found[stimulus.name] = _inside(x - near + k * step, y - (0.36 if n_rows == 1 else 0.2))
    for recorder in network.recorders:
        of = recorder.population if isinstance(recorder, StateRecorder) else (
            network.projection(recorder.projection).post
        )  # fmt: skip
        x, y = found[of]
        k = below[of] = below.get(of, -1) + 1
        found[recorder.name] = _inside(x + near + k * step, y + (0.34 if n_rows == 1 else 0.2))
    return found | {name: place for name, place in put.items() if name in found}


def _inside(x: float, y: float) -> tuple[float, float]:
    return min(0.95, max(0.05, x)), min(0.93, max(0.07, y))
