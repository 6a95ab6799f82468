"""What a paper says of a run: a paragraph, and the tables that a reader rebuilds it from.

The tables are those that Nordlie, Gewaltig and Plesser (2009), PLoS Comput. Biol. 5, e1000456
propose: populations, neuron and synapse models with their parameters, connectivity, input,
recording; and, as runs here are changed while they go on, what was changed and when.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from snnlab.interop.markdown import escaped, table
from snnlab.interop.python_text import python_text
from snnlab.model.distribution import Constant
from snnlab.model.edits import SetParameter, Several
from snnlab.model.network import Network, Projection
from snnlab.model.numbers import numbers_of
from snnlab.model.recorders import StateRecorder
from snnlab.model.run import Run
from snnlab.model.stimuli import PoissonInput, SpikeTrains, Volley
from snnlab.units import format_quantity

__all__ = ["MAX_ROWS", "methods"]

MAX_ROWS = 300
"""Longest table that is written; of more the file of the network is the better account."""


def methods(run: Run) -> str:
    """Return the account of a run for the methods section of a paper, in Markdown.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        All numbers of the network at the start of the run with their units, seed and versions, and
        the changes since.
    """
    network = run.network
    parts = [
        f"## {escaped(network.description or network.name)}",
        _paragraph(run),
        *_section("Populations", _populations(network)),
        *_models("Neuron model", network, _by_model(network.populations)),
        *_section("Connectivity", _connectivity(network)),
        *_models("Synapse model", network, _plastic(network)),
        *_section("Input", _input(network)),
        *_section("Structural plasticity", _rewirings(network)),
        *_models("Rewiring rule", network, _by_model(network.rewirings)),
        *_section("Synaptic elements", _elements(network)),
        *_section("Recording", _recording(network)),
        *_section("Numbers that others are expressed by", _knobs(network)),
        *_section("Changes during the run", _changes(run)),
    ]
    return "\n\n".join(parts) + "\n"


def _paragraph(run: Run) -> str:
    from snnlab import __version__

    network, n = run.network, len(run.edits)
    models = ", ".join(sorted({_named(p.model) for p in network.populations}))
    populations = _count(len(network.populations), "population")
    synapses = _number(network.expected_synapses())
    sentences = [
        f"The network has {_count(network.n_neurons, 'neuron')} in {populations} ({models}) and on "
        f"average {synapses} synapses in {_count(len(network.projections), 'projection')}.",
        f"It was simulated for {format_quantity(run.step * network.dt, 'ms')} of model time in "
        f"time steps of {format_quantity(network.dt, 'ms')} with snnlab {__version__}, seed "
        f"{network.seed}; the result does not depend on the number of threads or processes.",
    ]
    if run.edits:
        sentences.append(f"While it ran, {_count(n, 'change')} {'was' if n == 1 else 'were'} made.")
    if network.source:
        sentences.append(f"Source of the network: {escaped(network.source)}.")
    return " ".join(sentences)


def _section(title: str, rows: list[list[str]]) -> list[str]:
    """A title and a table, whose first row is its head; nothing where there are no rows."""
    head, *body = rows
    if not body:
        return []
    left_out = len(body) - MAX_ROWS
    notes = [f"And {left_out} more, in the file of the network."] if left_out > 0 else []
    return [f"### {title}", table(head, body[:MAX_ROWS]), *notes]


def _populations(network: Network) -> list[list[str]]:
    rows = [["population", "neurons", "model", "positions", "start values"]]
    for p in network.populations:
        start = [
            f"{escaped(name)}: {_value(network, given, p.model.states[name].unit)}"
            for name, given in p.initial.items()
        ]
        space = "" if p.space is None else escaped(python_text(p.space))
        cells = [escaped(p.name), _number(p.size), _named(p.model), space, "; ".join(start)]
        rows.append(cells)
    return rows


def _by_model(items: Iterable[Any]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = {}
    for item in items:
        found.setdefault(item.model, []).append(item)
    return found


def _plastic(network: Network) -> dict[Any, list[Projection]]:
    """Projections by synapse model, but for those whose weights stay as they are."""
    return {m: ps for m, ps in _by_model(network.projections).items() if m.parameters}


def _models(kind: str, network: Network, used: Mapping[Any, list[Any]]) -> Iterator[str]:
    """What each model says of itself, and its parameters: one column where all have the same."""
    for model, items in used.items():
        yield f"### {kind} {_named(model)}"
        yield _beginning(inspect.getdoc(model) or "")
        columns = _columns(network, model, items)
        names = [", ".join(escaped(i.name) for i in same) for same in columns.values()]
        head = ["parameter", "meaning", *(names if len(columns) > 1 else ["value"])]
        rows = [
            [escaped(name), escaped(p.doc), *(values[name] for values in map(dict, columns))]
            for name, p in model.parameters.items()
        ]
        if rows:
            yield table(head, rows)


def _columns(
    network: Network, model: Any, items: list[Any]
) -> dict[tuple[tuple[str, str], ...], list[Any]]:
    """Parameter and value in words -> the populations or projections that have these values."""
    found: dict[tuple[tuple[str, str], ...], list[Any]] = {}
    for item in items:
        values = tuple(
            (name, _value(network, item.parameters.get(name, p.default), p.unit))
            for name, p in model.parameters.items()
        )
        found.setdefault(values, []).append(item)
    return found


def _beginning(doc: str) -> str:
    """A docstring up to its sections, its equations as blocks that stay as they are."""
    text = doc.partition("\n\nNotes\n---")[0].partition("\n\nParameters\n---")[0]
    text = text.partition("\n\nReferences\n---")[0].partition("\n\nAttributes\n---")[0]
    return text.replace("::\n", ":\n").replace("``", "`")


def _connectivity(network: Network) -> list[list[str]]:
    rows = [["projection", "from", "to", "rule", "receptor", "weight", "delay", "synapse"]]
    for p in network.projections:
        receptor = network.receptor_of(p)
        unit = network.population(p.post).model.receptors[receptor].unit
        words = [escaped(x) for x in (p.name, p.pre, p.post, python_text(p.rule), receptor)]
        weight, delay = _value(network, p.weight, unit), _value(network, p.delay, "ms")
        rows.append([*words, weight, delay, escaped(str(p.synapse))])
    return rows


def _input(network: Network) -> list[list[str]]:
    rows = [["input", "to", "kind", "numbers"]]
    for s in network.stimuli:
        numbers = [
            f"{name} {_value(network, getattr(s, name), number.unit)}"
            for name, number in numbers_of(network, s).items()
        ]
        if isinstance(s, PoissonInput | Volley):
            numbers.append(f"receptor {escaped(network.receptor_of(s))}")
        if isinstance(s, SpikeTrains):
            numbers.append(_count(len(s.times), "spike"))
        if isinstance(s, Volley):
            chosen = s.neurons(network.population(s.target).size)
            each = f"{_count(len(s.times), 'spike')} to each of neurons"
            numbers.append(f"{each} {chosen[0]} to {chosen[-1]}")
        rows.append([escaped(s.name), escaped(s.target), type(s).__name__, ", ".join(numbers)])
    return rows


def _rewirings(network: Network) -> list[list[str]]:
    rows = [["rewiring", "projection", "rule", "every", "attempts"]]
    for r in network.rewirings:
        every = _value(network, r.every, "ms")
        attempts = _value(network, r.attempts, "1")
        words = [escaped(r.name), escaped(r.projection), escaped(str(r.rule))]
        rows.append([*words, every, attempts])
    return rows


def _elements(network: Network) -> list[list[str]]:
    rows = [["population", "elements"]]
    for e in network.synaptic_elements:
        kinds = (f"{name}: {python_text(curve)}" for name, curve in e.elements.items())
        rows.append([escaped(e.population), escaped("; ".join(kinds))])
    return rows


def _recording(network: Network) -> list[list[str]]:
    rows = [["recorder", "of", "variables", "interval"]]
    for r in network.recorders:
        of = r.population if isinstance(r, StateRecorder) else r.projection
        interval = _value(network, r.interval or network.dt, "ms")
        rows.append([escaped(r.name), escaped(of), escaped(", ".join(r.variables)), interval])
    return rows


def _knobs(network: Network) -> list[list[str]]:
    rows = [["name", "value", "meaning"]]
    for k in network.knobs:
        value = format_quantity(k.value, k.parameter.unit)
        rows.append([escaped(k.name), value, escaped(k.parameter.doc)])
    return rows


def _changes(run: Run) -> list[list[str]]:
    rows = [["time [ms]", "change"]]
    for applied in run.edits:
        how = "" if applied.how == "made" else f" ({applied.how})"
        time = f"{applied.step * run.network.dt:g}"
        rows.append([time, escaped(_change(applied.edit) + how)])
    return rows


def _change(edit: Any) -> str:
    if isinstance(edit, SetParameter):
        target = f"{edit.target}." if edit.target else ""
        value = "its default" if edit.value is None else python_text(edit.value).strip('"')
        return f"{target}{edit.name} = {value}"
    if isinstance(edit, Several):
        return "; ".join(map(_change, edit.edits))
    return _shortened(python_text(edit))


# --- in words -------------------------------------------------------------------------------------


def _named(model: type) -> str:
    """A model's name, and what NEST calls it."""
    in_nest = getattr(model, "nest_name", "")
    return escaped(f"{model.__name__} ({in_nest} in NEST)" if in_nest else model.__name__)


def _value(network: Network, given: Any, unit: str) -> str:
    """A number with its unit; an expression also as it was written."""
    resolved = network.resolve(given, unit, where="value")
    if isinstance(resolved, Constant):
        number = format_quantity(float(resolved.value), unit)
        is_expression = isinstance(given, str) and any(k.name in given for k in network.knobs)
        return escaped(f"{given} = {number}" if is_expression else number)
    return escaped(f"{python_text(resolved)} {'' if unit == '1' else unit}")


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 200 else text[:197] + "..."


def _count(n: int, thing: str) -> str:
    return f"{_number(n)} {thing}{'' if n == 1 else 's'}"


def _number(value: float) -> str:
    """A count with thin groups of thousands."""
    return f"{value:,.0f}".replace(",", " ")
