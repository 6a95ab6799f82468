"""What the inspector shows of a network: a line for every number, made from its declaration."""

from __future__ import annotations

import dataclasses
from typing import Any

from snnlab.model.distribution import Constant, Distribution
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network, Population
from snnlab.model.numbers import numbers_of
from snnlab.model.parameter import Parameter
from snnlab.units import is_quantity

__all__ = ["KNOBS", "form_of", "targets_of"]

KNOBS = ""
"""Target of the knobs: the network itself, as in `SetParameter`."""

LOG_FROM = 100.0
"""A range whose ends differ by this factor is better seen on a logarithmic scale."""


NO_SLIDER = {"value": None, "low": None, "high": None, "is_log": False}


def targets_of(network: Network) -> list[dict[str, Any]]:
    """Return what can be selected, as ``{"group": str, "items": [[target, text], ...]}``."""
    groups = [
        ("network", [[KNOBS, f"{network.name}: knobs"]] if network.knobs else []),
        ("populations", [[p.name, f"{p.name} ({p.neuron})"] for p in network.populations]),
        ("projections", [[p.name, p.name] for p in network.projections]),
        ("rewirings", [[r.name, f"{r.name} ({r.rule})"] for r in network.rewirings]),
        ("stimuli", [[s.name, f"{s.name} ({s.target})"] for s in network.stimuli]),
    ]
    return [{"group": group, "items": items} for group, items in groups if items]


def form_of(network: Network, target: str) -> dict[str, Any]:
    """Return the form of one part of the network.

    Parameters
    ----------
    network : Network
    target : str
        Name of a population, projection, stimulus or rewiring, or `KNOBS`.

    Returns
    -------
    dict
        ``target``, ``title`` and ``rows``; a row has ``name, unit, doc, bounds, text``, the
        ``value`` and the range ``low, high, is_log`` of its slider (None without one), ``error``.
    """
    if target == KNOBS:
        rows = [_row(k.name, k.parameter, k.value, k.value) for k in network.knobs]
        return {"target": target, "title": network.description, "rows": rows}
    for population in network.populations:
        if population.name == target:
            return _population_form(network, population)
    items: tuple[Any, ...] = (*network.projections, *network.stimuli, *network.rewirings)
    for item in items:
        if item.name == target:
            return _item_form(network, item)
    return form_of(network, KNOBS)


def _population_form(network: Network, population: Population) -> dict[str, Any]:
    resolved = network.parameters_of(population)
    rows = []
    for name, parameter in population.model.parameters.items():
        written = SetParameter(population.name, name, 0.0).current(network)
        rows.append(_row(name, parameter, written, resolved[name]))
    summary = (population.model.__doc__ or "").strip().splitlines()
    return {
        "target": population.name,
        "title": summary[0].replace("`", "") if summary else "",
        "rows": rows,
    }


def _item_form(network: Network, item: Any) -> dict[str, Any]:
    rows = []
    for name, parameter in numbers_of(network, item).items():
        written = SetParameter(item.name, name, 0.0).current(network)
        rows.append(_row(name, parameter, written, _number(network, written, parameter, name)))
    return {"target": item.name, "title": _sentence(item), "rows": rows}


def _sentence(item: Any) -> str:
    kind = type(item).__name__
    if kind == "Projection":
        return f"{item.pre} to {item.post}, {type(item.rule).__name__}, {item.synapse}"
    if kind == "Rewiring":
        return f"{item.rule} rewires {item.projection}"
    return f"{kind} to {item.target}"


def _number(network: Network, written: Any, parameter: Parameter, name: str) -> Any:
    if isinstance(written, Distribution) and not isinstance(written, Constant):
        return written
    value = written.value if isinstance(written, Constant) else written
    return network.number(value, parameter.unit, where=name)


def _row(name: str, parameter: Parameter, written: Any, resolved: Any) -> dict[str, Any]:
    """A line of the form; what was written as an expression or distribution stays text."""
    row = {
        "name": name,
        "unit": parameter.unit,
        "doc": parameter.doc,
        "bounds": f"must be {parameter.bounds()}",
        "text": _text(written),
        "error": "",
    }
    if isinstance(written, str) and not is_quantity(written):
        row["doc"] = f"{parameter.doc} (now {_text(resolved)} {parameter.unit})"
        return row | NO_SLIDER
    if not isinstance(resolved, int | float):
        return row | NO_SLIDER
    low, high = _range(parameter, float(resolved))
    is_log = low > 0 and high / low >= LOG_FROM
    slider = {"value": float(resolved), "low": low, "high": high, "is_log": is_log}
    return row | {"text": _text(resolved)} | slider


def _range(parameter: Parameter, value: float) -> tuple[float, float]:
    """The slider's range, centred on a value for which the declaration has no range of its own."""
    if parameter.slider is None and value and parameter.default == 0.0:
        parameter = dataclasses.replace(parameter, default=value)
    low, high = parameter.slider_range()
    beyond = value + 0.25 * (value - low) if value > high else high
    return min(low, value), beyond


def _text(value: Any) -> str:
    if isinstance(value, Constant):
        value = value.value
    if isinstance(value, (int, float)):
        return f"{value:.10g}"
    if isinstance(value, Distribution):
        numbers = ", ".join(
            f"{f.name}={getattr(value, f.name)!r}" for f in dataclasses.fields(value)
        )
        return f"{type(value).__name__}({numbers})"
    return str(value)
