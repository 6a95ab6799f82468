"""What a benchmark specification can say: keys, their types, bounds and defaults."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from snnlab.bench.redaction import redaction
from snnlab.errors import SpecError, unknown_name

__all__ = ["FIGURES", "KEYS", "MAPPINGS", "SIMULATORS", "Key", "checked", "key_named"]

SIMULATORS = ("snnlab", "nest", "brian2", "command")

FIGURES = (
    "construct", "simulate", "real_time_factor", "us_per_step", "ns_per_event",
    "bytes_per_synapse", "peak_bytes",
)  # fmt: skip
"""What a bar can be set for: times [s], and what tables derive from them."""

RATIOS = ("construct", "simulate", "bytes_per_synapse", "peak_bytes")
"""What the bar of a peer can be set for, as ``nest.simulate``: its figure / that of snnlab."""

_ABSOLUTE = re.compile(r"/|~|\\\\|[A-Za-z]:[\\/]|file:")
_DEVICE = re.compile(r"cpu|cuda(:\d+)?")
_NAME = re.compile(r"[A-Za-z_][\w.>-]*")
_LOOKS_LIKE_A_NUMBER = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")


@dataclass(frozen=True)
class Key:
    """One key of a specification.

    Parameters
    ----------
    check : callable
        Gets the value and where it stands; returns it in its one form, or raises `SpecError`.
    default : object
    doc : str
        What it means, with its unit.
    is_science : bool
        Part of the id of the specification: it changes what is measured. What says where and how
        often it is measured belongs to the layout, or to nothing.
    is_axis : bool
        Whether an axis can sweep it.
    is_late : bool
        It came later than records did: while it has its default, ids are what they were without.
    """

    check: Callable[[Any, str], Any]
    default: Any
    doc: str
    is_science: bool = False
    is_axis: bool = True
    is_late: bool = False


def checked(name: str, value: Any, where: str) -> Any:
    """Return the value of a key in its one form.

    Parameters
    ----------
    name : str
        One of `KEYS`.
    value : object
        As YAML or Python has it.
    where : str
        File and line, for the error.

    Raises
    ------
    SpecError
        An unknown key, or a value that it cannot have.
    """
    return key_named(name, where).check(value, where)


def key_named(name: str, where: str) -> Key:
    """Return a key, or raise the error that offers the nearest ones."""
    if name not in KEYS:
        raise unknown_name("Key of a benchmark specification", name, KEYS, context=where)
    return KEYS[name]


# --- types ----------------------------------------------------------------------------------------


def _wrong(where: str, expected: str, value: Any, remedy: str = "") -> SpecError:
    return SpecError(where, expected, got=repr(value), remedy=remedy)


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _wrong(where, "must be text", value, 'Write it in quotes: "...".')
    return _agnostic(value, where)


def _agnostic(text: str, where: str) -> str:
    """Refuse what would tie a specification to one person or one machine."""
    if _ABSOLUTE.match(text):
        raise _wrong(
            where, "must not be an absolute path: a specification belongs to no machine", text,
            "Name it relative to the specification, or find it through PATH.",
        )  # fmt: skip
    hidden = redaction().text(text)
    if hidden != text:
        raise SpecError(
            where, "must not name a user, a host, a home or a secret",
            got=repr(hidden), remedy="Take it from the environment of the run.",
        )  # fmt: skip
    return text


def _number(low: float, *, is_above: bool = False) -> Callable[[Any, str], float]:
    sign = ">" if is_above else ">="

    def check(value: Any, where: str) -> float:
        number = _finite(value, where)
        if number < low or (is_above and number == low):
            raise _wrong(where, f"must be {sign} {low:g}", value)
        return number

    return check


def _finite(value: Any, where: str) -> float:
    if isinstance(value, str) and _LOOKS_LIKE_A_NUMBER.fullmatch(value):
        raise _wrong(
            where, "must be a number", value, "YAML wants a point and a sign in it: 1.0e-3."
        )
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(where, "must be a finite number", value)
    return float(value)


def _count(low: int) -> Callable[[Any, str], int]:
    def check(value: Any, where: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise _wrong(where, f"must be a whole number >= {low}", value)
        return value

    return check


def _one_of(*choices: str) -> Callable[[Any, str], str]:
    def check(value: Any, where: str) -> str:
        if value not in choices or not isinstance(value, str):
            raise _wrong(where, f"must be one of {', '.join(choices)}", value)
        return value

    return check


def _device(value: Any, where: str) -> str:
    if not isinstance(value, str) or not _DEVICE.fullmatch(value):
        raise _wrong(where, "must be cpu, cuda or cuda:0, cuda:1, ...", value)
    return value


def _words(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(
            where, "must be a list of words", value,
            'A command is run without a shell: ["{python}", "model.py", "--seed", "{seed}"].',
        )  # fmt: skip
    return tuple(
        _text(str(word) if isinstance(word, int | float) else word, where) for word in value
    )


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _wrong(where, "must be a mapping of names to values", value)
    for name in value:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _wrong(where, "must have names of letters, digits and _", name)
    return dict(value)


def _plain(value: Any, where: str) -> str | float | bool:
    """A parameter: a number in one form (2.0 is 2), text, or yes and no."""
    if isinstance(value, str) and not _LOOKS_LIKE_A_NUMBER.fullmatch(value):
        return _agnostic(value, where)
    if isinstance(value, bool):
        return value
    number = _finite(value, where)
    return int(number) if number.is_integer() else number


def _parameters(value: Any, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, each in _mapping(value, where).items():
        if name in KEYS:
            raise _wrong(
                where, "must leave out what has a key of its own", name,
                f"Write {name}: at the top of the specification.",
            )  # fmt: skip
        found[name] = None if each is None else _plain(each, f"{where}, {name}")
    return found


def _axes(value: Any, where: str) -> dict[str, Any]:
    return {
        name: None if each is None else _axis(name, each, f"{where}, {name}")
        for name, each in _mapping(value, where).items()
    }


def _axis(name: str, value: Any, where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise _wrong(where, "must be a list of values", value, f"Write {name}: [1, 2, 4].")
    if name in KEYS and not KEYS[name].is_axis:
        raise _wrong(where, "must be something that can be swept", name)
    each = KEYS[name].check if name in KEYS else _plain
    found = tuple(each(v, where) for v in value)
    if len(set(found)) < len(found):
        raise _wrong(where, "must have different values", value)
    return found


def _variants(value: Any, where: str) -> tuple[dict[str, Any], ...]:
    if not isinstance(value, list | tuple):
        raise _wrong(
            where, "must be a list of settings", value,
            "Write variants: [{simulator: snnlab}, {simulator: nest, threads: 1}].",
        )  # fmt: skip
    found = tuple(
        {
            name: (KEYS[name].check if name in KEYS else _plain)(each, f"{where}, {name}")
            for name, each in _mapping(variant, where).items()
        }
        for variant in value
    )
    for name in dict.fromkeys(name for variant in found for name in variant):
        if name in KEYS and not KEYS[name].is_axis:
            raise _wrong(where, "must set what can be swept", name)
    if any(variant in found[:place] for place, variant in enumerate(found)):
        raise _wrong(where, "must have different settings", value)
    return found


def _bars(value: Any, where: str) -> dict[str, Any]:
    found = _mapping(value, where)
    known = [*FIGURES, *(f"{peer}.{name}" for peer in SIMULATORS[1:] for name in RATIOS)]
    for name in found:
        if name not in known:
            raise unknown_name("Figure with a bar", name, known, context=where)
    return {
        name: None if each is None else _POSITIVE(each, f"{where}, {name}")
        for name, each in found.items()
    }


def _checks(value: Any, where: str) -> dict[str, Any]:
    return {
        name: None if each is None else _band(each, f"{where}, {name}")
        for name, each in _mapping(value, where).items()
    }


def _band(value: Any, where: str) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise _wrong(where, "must be [lowest, highest]", value, "Write for example [7.0, 10.5].")
    low, high = (_finite(v, where) for v in value)
    if low > high:
        raise _wrong(where, "must begin with the lower one", value)
    return low, high


_SHARE = _number(0.0)
_POSITIVE = _number(0.0, is_above=True)

KEYS: Mapping[str, Key] = MappingProxyType({
    "name": Key(_text, "", "of the benchmark", is_axis=False),
    "description": Key(_text, "", "in a sentence", is_axis=False),
    "simulator": Key(
        _one_of(*SIMULATORS), "snnlab", f"one of {', '.join(SIMULATORS)}", is_science=True
    ),
    "model": Key(
        _text, "", "a preset of snnlab, or a network file beside the specification", is_science=True
    ),
    "command": Key(
        _words, (), "words of a command, for simulator: command; {python}, {seed}, {threads}, "
        "{time}, {warmup} and {a parameter} are filled in", is_science=True, is_axis=False,
    ),
    "parameters": Key(
        _parameters, {}, "options and knobs of the model", is_science=True, is_axis=False
    ),
    "axes": Key(_axes, {}, "what is swept: name -> values, all combinations", is_axis=False),
    "variants": Key(
        _variants, (), "settings that run side by side, each with each combination of the axes",
        is_axis=False,
    ),
    "checks": Key(
        _checks, {}, "name -> [lowest, highest]; a run outside is invalid, however fast",
        is_axis=False,
    ),
    "bars": Key(
        _bars, {}, "figure -> what it should not exceed; peer.figure -> how many times snnlab's it "
        "should be", is_axis=False,
    ),
    "warmup": Key(_number(0.0), 100.0, "model time before what is measured [ms]", is_science=True),
    "time": Key(
        _number(0.0), 1000.0, "model time that is measured [ms]; 0: construction alone",
        is_science=True,
    ),
    "precision": Key(
        _one_of("float32", "float64"), "float32", "of the state, in snnlab and Brian2",
        is_science=True,
    ),
    "repeats": Key(_count(1), 10, "runs, each with another seed", is_axis=False),
    "discard": Key(_count(0), 1, "runs before that, which fill caches", is_axis=False),
    "seed": Key(_count(0), 1, "of the first run; the others count on", is_axis=False),
    "threads": Key(_count(1), 1, "of each rank"),
    "ranks": Key(_count(1), 1, "processes that hold the network together, over MPI"),
    "exchange": Key(
        _one_of("auto", "point_to_point", "collective"), "auto", "how ranks exchange spikes",
        is_late=True,
    ),
    "beside": Key(
        _count(0), 0, "processes that compute on the same cores all the while", is_late=True
    ),
    "touch": Key(
        _number(0.0), 0.0, "memory that is touched and given back before construction [GB]",
        is_science=True, is_late=True,
    ),
    "device": Key(_device, "cpu", "cpu, cuda, cuda:0, ..."),
    "time_limit": Key(
        _POSITIVE, 600.0, "wall time after which a run is ended [s]",
        is_axis=False,
    ),
    "sentinel_change": Key(
        _SHARE, 0.03, "change of the fixed workload above which a batch is noisy", is_axis=False
    ),
    "foreign_limit": Key(
        _SHARE, 0.05, "share of the cores taken by others above which a run is noisy",
        is_axis=False,
    ),
})  # fmt: skip
"""Name -> `Key`, in the order in which they are explained."""

MAPPINGS = ("parameters", "axes", "checks", "bars")
"""Keys whose entries are inherited one by one; an entry of null is taken away."""
