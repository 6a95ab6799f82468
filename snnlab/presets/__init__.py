"""Ready networks, one file each, with the publication that their numbers come from."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from snnlab.errors import SpecError, unknown_name
from snnlab.model.network import Network
from snnlab.presets.brunel import brunel
from snnlab.presets.brunel_ring import brunel_ring
from snnlab.presets.cards import CARDS, Card, card
from snnlab.presets.coba import coba
from snnlab.presets.homeostatic import homeostatic
from snnlab.presets.hpc import hpc
from snnlab.presets.microcircuit import microcircuit
from snnlab.presets.multi_area import multi_area
from snnlab.presets.stdp import stdp
from snnlab.presets.topographic_map import topographic_map
from snnlab.presets.topographic_map_slots import topographic_map_slots

__all__ = ["CARDS", "PRESETS", "Card", "card", "load", "names", "options"]

PRESETS: Mapping[str, Callable[..., Network]] = {
    "brunel": brunel,
    "brunel_ring": brunel_ring,
    "coba": coba,
    "homeostatic": homeostatic,
    "hpc": hpc,
    "microcircuit": microcircuit,
    "multi_area": multi_area,
    "stdp": stdp,
    "topographic_map": topographic_map,
    "topographic_map_slots": topographic_map_slots,
}
"""Name -> the function that makes the network; all its arguments are keywords with defaults."""


def names() -> list[str]:
    """Return the names of all presets."""
    return list(PRESETS)


def options(name: str) -> dict[str, Any]:
    """Return what can be chosen when a preset is made: option -> default.

    Parameters
    ----------
    name : str
        Name of the preset.

    Raises
    ------
    SpecError
        No such preset; the nearest names are offered.
    """
    return {
        option: parameter.default
        for option, parameter in inspect.signature(_maker(name)).parameters.items()
    }


def load(name: str, *, scale: float | None = None, **settings: Any) -> Network:
    """Return a ready network.

    Parameters
    ----------
    name : str
        Name of the preset.
    scale : float, optional
        Size relative to the publication, > 0; what it scales is said by each preset.
    **settings : number or str
        Options of the preset (see `options`) and values of its knobs. Text is converted to the
        type of the option's default.

    Returns
    -------
    Network

    Raises
    ------
    SpecError
        An unknown preset, option or knob, or a value that cannot be meant.

    Examples
    --------
    >>> load("brunel", regime="AI").knob_values["g"]
    5.0
    >>> load("microcircuit", scale=0.1, g=4.5).n_neurons
    7717
    """
    defaults = options(name)
    chosen = {
        option: _converted(value, defaults[option], f"{name}.{option}")
        for option, value in settings.items()
        if option in defaults
    }
    if scale is not None:
        chosen["scale"] = scale
    if not chosen.get("scale", 1.0) > 0:
        raise SpecError(f"{name}.scale", "must be > 0", got=f"{chosen['scale']:g}")
    network = PRESETS[name](**chosen)
    knobs = {knob: value for knob, value in settings.items() if knob not in defaults}
    return _with_knobs(network, knobs, defaults)


def _maker(name: str) -> Callable[..., Network]:
    if name not in PRESETS:
        raise unknown_name("preset", name, PRESETS)
    return PRESETS[name]


def _converted(value: Any, default: Any, where: str) -> Any:
    """`value` as the type of `default`; text needs it, and whole numbers from a command line."""
    is_counted = isinstance(default, int) and not isinstance(default, bool)
    if isinstance(value, float) and is_counted:
        if not value.is_integer():
            raise SpecError(where, "must be a whole number", got=f"{value:g}")
        return int(value)
    if not isinstance(value, str) or isinstance(default, str):
        return value
    kind = int if isinstance(default, int) else float
    try:
        return kind(value)
    except ValueError:
        word = "a whole number" if kind is int else "a number"
        raise SpecError(where, f"must be {word}", got=repr(value)) from None


def _with_knobs(network: Network, values: Mapping[str, Any], options: Mapping[str, Any]) -> Network:
    """The network with its knobs turned to `values`."""
    if not values:
        return network
    known = network.knob_values
    for name in values:
        if name not in known:
            raise unknown_name(f"option or knob of {network.name}", name, [*options, *known])
    knobs = tuple(
        dataclasses.replace(
            knob,
            value=knob.parameter.check(
                values.get(knob.name, knob.value), where=f"Knob {knob.name!r}"
            ),
        )
        for knob in network.knobs
    )
    return network.replace(knobs=knobs)
