"""Which network a command line means: a preset or a file, and what ``--set`` changes of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

from snnlab import presets
from snnlab.errors import SpecError, unknown_name
from snnlab.interop import native_json
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network
from snnlab.units import to_canonical

__all__ = ["network_of", "parse"]


def network_of(
    name: str,
    settings: Iterable[str] = (),
    *,
    scale: float | None = None,
    seed: int | None = None,
    dt: str | None = None,
) -> Network:
    """Return the network that a command line describes.

    Parameters
    ----------
    name : str
        Name of a preset, or path of a network file, which ends in ``.json``.
    settings : iterable of str
        ``NAME=VALUE``: an option of the preset, a knob, or ``PART.PARAMETER``, looked for in this
        order.
    scale : float, optional
        Size of a preset.
    seed : int, optional
        In place of the network's own.
    dt : str, optional
        Time step [ms or with a unit], in place of the network's own.

    Raises
    ------
    SpecError
        An unknown preset or name, with the nearest ones; a value that cannot be meant.
    FormatError
        The file does not hold a network.
    """
    values = parse(settings)
    fixed = {"seed": seed, "dt": None if dt is None else to_canonical(dt, "ms", where="--dt")}
    given = {key: value for key, value in fixed.items() if value is not None}
    if name.endswith(".json"):
        return _set(_from_file(name, scale).replace(**given), values, options={})
    options = presets.options(name)
    chosen = {key: values.pop(key) for key in list(values) if key in options}
    network = presets.load(name, scale=scale, **(chosen | given))
    return _set(network, values, options=options)


def parse(settings: Iterable[str]) -> dict[str, float | str]:
    """Return NAME -> VALUE of settings written ``NAME=VALUE``; numbers become numbers.

    Raises
    ------
    SpecError
        A setting without a name or without ``=``.
    """
    found: dict[str, float | str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not (name and equals and value):
            raise SpecError(
                "--set",
                "must be NAME=VALUE",
                got=repr(setting),
                remedy="Write for example --set g=5 exc.tau_m=15ms",
            )
        found[name.strip()] = _number_or_text(value.strip())
    return found


def _number_or_text(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _from_file(path: str, scale: float | None) -> Network:
    if scale is not None:
        raise SpecError(
            "--scale",
            "must be used with a preset",
            got=f"{scale:g} for '{path}'",
            remedy="Change the sizes in the file.",
        )
    return native_json.load(path)


def _set(network: Network, values: Mapping[str, Any], options: Mapping[str, Any]) -> Network:
    """The network with knobs and parameters at `values`."""
    known = _parameters(network)
    knobs = network.knob_values
    for name, value in values.items():
        if name in knobs:
            network = SetParameter("", name, value).apply(network)
        elif name in known:
            network = SetParameter(*known[name], value).apply(network)
        else:
            kind = "option, knob or parameter" if options else "knob or parameter"
            raise unknown_name(f"--set: {kind}", name, [*options, *knobs, *known])
    return network


def _parameters(network: Network) -> dict[str, tuple[str, str]]:
    """``PART.PARAMETER`` -> both, for everything with a number that can be set."""
    found = [(p.name, name) for p in network.populations for name in p.model.parameters]
    found += [(p.name, name) for p in network.projections for name in ("weight", "delay")]
    found += [
        (stimulus.name, field.name)
        for stimulus in network.stimuli
        for field in dataclasses.fields(stimulus)
        if field.name not in ("name", "target", "receptor", "times", "neurons")
    ]
    found += [
        (r.name, name)
        for r in network.rewirings
        for name in ("every", "attempts", *r.model.parameters)
    ]
    return {f"{part}.{name}": (part, name) for part, name in found}
