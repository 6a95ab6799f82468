"""What is measured: a specification in layers, of which each value knows where it came from."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from snnlab.bench.ids import content_id, layout_id, spec_id
from snnlab.bench.keys import KEYS, MAPPINGS, checked, key_named
from snnlab.bench.spec_file import read_yaml
from snnlab.errors import SpecError, unknown_name

__all__ = ["Cell", "Layer", "Spec", "load_spec", "spec_from"]

DEFAULTS = "package defaults"


@dataclass(frozen=True)
class Layer:
    """Values from one place; later layers win.

    Parameters
    ----------
    name : str
        Where they come from: a file, ``"machine"``, ``"command line"``.
    values : mapping
        As `keys.checked` gives them.
    lines : mapping
        Path of a key -> its line, if the place has lines.
    """

    name: str
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    def place(self, path: str) -> str:
        """Return where a value stands: ``"hpc.yaml:4"``."""
        line = self.lines.get(path) or self.lines.get(path.partition(".")[0])
        return f"{self.name}:{line}" if line else self.name


@dataclass(frozen=True)
class Spec:
    """A specification: from package defaults over families of files to overrides.

    Parameters
    ----------
    layers : tuple of Layer
        In the order in which they are laid on one another.
    folder : Path
        What relative names of files are relative to.
    """

    layers: tuple[Layer, ...]
    folder: Path = Path()

    @cached_property
    def values(self) -> dict[str, Any]:
        """Every key with the value in force."""
        found: dict[str, Any] = {}
        for layer in self.layers:
            for key, value in layer.values.items():
                found[key] = found.get(key, {}) | value if key in MAPPINGS else value
        for key in MAPPINGS:
            found[key] = {name: v for name, v in found[key].items() if v is not None}
        return found

    @property
    def name(self) -> str:
        """What the benchmark is called."""
        return str(self.values["name"])

    def origin(self, path: str) -> str:
        """Return which place set a value.

        Parameters
        ----------
        path : str
            ``"threads"``, ``"parameters.scale"``.
        """
        told = list(self._tellers(path))
        return told[-1][0].place(path) if told else DEFAULTS

    def explain(self, path: str = "") -> str:
        """Return where a value came from, and what it would have been without.

        Parameters
        ----------
        path : str
            ``"threads"``, ``"parameters.scale"``; default: all that was set.

        Raises
        ------
        SpecError
            No such key.
        """
        if not path:
            return "\n".join(self._overview())
        key, _, entry = path.partition(".")
        key_named(key, path)
        if entry and entry not in self.values[key]:
            raise unknown_name(f"Entry of {key}", entry, self.values[key], context=path)
        if key in MAPPINGS and not entry:
            return "\n".join(self.explain(f"{key}.{name}") for name in self.values[key])
        told = list(self._tellers(path))
        rows = [f"{path} = {_shown(told[-1][1])}    ({KEYS[key].doc})"]
        for place, value in told:
            mark = "   <- in force" if place is told[-1][0] else ""
            rows.append(f"  {place.place(path)}: {_shown(value)}{mark}")
        return "\n".join(rows)

    def _overview(self) -> Iterator[str]:
        for key in KEYS:
            entries = [f"{key}.{name}" for name in self.values[key]] if key in MAPPINGS else [key]
            for path in entries:
                *_, (layer, value) = self._tellers(path)
                yield f"{path} = {_shown(value)}    {layer.place(path)}"

    def _tellers(self, path: str) -> Iterator[tuple[Layer, Any]]:
        """Layers that say something about a value, and what."""
        key, _, entry = path.partition(".")
        for layer in self.layers:
            value = layer.values.get(key)
            if key in layer.values and not entry:
                yield layer, value
            elif entry and isinstance(value, Mapping) and entry in value:
                yield layer, value[entry]

    def override(self, values: Mapping[str, Any], *, by: str = "override") -> Spec:
        """Return the specification with another layer on top.

        Parameters
        ----------
        values : mapping
            Keys, or entries as ``"parameters.scale"``.
        by : str
            What the layer is called.

        Raises
        ------
        SpecError
            An unknown key, or a value that it cannot have.
        """
        nested: dict[str, Any] = {}
        for path, value in values.items():
            key, _, entry = path.partition(".")
            if entry:
                nested.setdefault(key, {})[entry] = value
            else:
                nested[key] = value
        layer = _layer(by, nested, {})
        return _whole(Spec((*self.layers, layer), self.folder))

    def cells(self) -> tuple[Cell, ...]:
        """Return all combinations of the axes, the last axis fastest, each with all variants."""
        axes = self.values["axes"]
        points = itertools.product(*axes.values())
        variants: tuple[dict[str, Any], ...] = self.values["variants"] or ({},)
        return tuple(
            self._cell(dict(zip(axes, point, strict=True)) | variant)
            for point in points
            for variant in variants
        )

    def _cell(self, swept: dict[str, Any]) -> Cell:
        values = self.values | {key: v for key, v in swept.items() if key in KEYS}
        own = {name: v for name, v in swept.items() if name not in KEYS}
        values["parameters"] = self.values["parameters"] | own
        origins = {key: self.origin(key) for key in KEYS if key not in MAPPINGS}
        for key in MAPPINGS:
            origins |= {f"{key}.{n}": self.origin(f"{key}.{n}") for n in self.values[key]}
        for name in swept:
            path = name if name in KEYS else f"parameters.{name}"
            is_axis = name in self.values["axes"]
            origins[path] = (
                f"axis, {self.origin(f'axes.{name}')}" if is_axis
                else f"variant, {self.origin('variants')}"
            )  # fmt: skip
        return Cell(values, swept, self.folder, origins)


@dataclass(frozen=True)
class Cell:
    """One combination of a specification: what a record is of.

    Parameters
    ----------
    values : mapping
        Every key with its value.
    swept : mapping
        Axis -> its value here.
    folder : Path
        What relative names of files are relative to.
    origins : mapping
        Path of a value -> where it came from.
    """

    values: Mapping[str, Any]
    swept: Mapping[str, Any]
    folder: Path = Path()
    origins: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, key: str) -> Any:
        """Return the value of a key."""
        return self.values[key]

    @property
    def label(self) -> str:
        """Name, and what is swept: ``"hpc threads=2"``."""
        return " ".join([self["name"], *(f"{k}={_shown(v)}" for k, v in self.swept.items())])

    @cached_property
    def science(self) -> dict[str, Any]:
        """What is measured, without seeds, machine and placement."""
        found = {key: self[key] for key, known in KEYS.items()
                 if known.is_science and self.is_told(key)}  # fmt: skip
        if self.model_file is not None:
            found["model"] = content_id(read_text(self.model_file))
        return found

    @property
    def model_file(self) -> Path | None:
        """The network file, if the model is one."""
        model = str(self["model"])
        return self.folder / model if model.endswith(".json") else None

    @property
    def spec_id(self) -> str:
        """Id of what is measured."""
        return spec_id(self.science)

    @property
    def layout(self) -> dict[str, Any]:
        """Where processes and threads go, and what goes on beside them."""
        found = {
            "nodes": 1, "ranks_per_node": self["ranks"], "threads_per_rank": self["threads"],
            "binding": "cores", "device_map": self["device"].partition(":")[0],
        }  # fmt: skip
        return found | {key: self[key] for key in ("exchange", "beside") if self.is_told(key)}

    def is_told(self, key: str) -> bool:
        """Return whether ids and records say something of a key: not of a late one's default."""
        return not KEYS[key].is_late or self[key] != KEYS[key].default

    @property
    def layout_id(self) -> str:
        """Id of the placement."""
        return layout_id(self.layout)


def load_spec(path: str | os.PathLike[str]) -> Spec:
    """Return the specification in a YAML file, with the files that it extends below it.

    Parameters
    ----------
    path : path

    Raises
    ------
    FormatError
        A file that is not there, or no YAML.
    SpecError
        An unknown key, a value that it cannot have, or files that extend each other in a circle.
    """
    file = Path(path)
    return _whole(Spec((_defaults(), *_files(file, ())), file.parent))


def spec_from(name: str, **values: Any) -> Spec:
    """Return a specification that is written in Python.

    Parameters
    ----------
    name : str
        Of the benchmark.
    **values : object
        Keys, see `keys.KEYS`.

    Examples
    --------
    >>> spec = spec_from("small", model="brunel", parameters={"N": 1000}, axes={"threads": [1, 2]})
    >>> [cell.label for cell in spec.cells()]
    ['small threads=1', 'small threads=2']
    >>> print(spec.explain("parameters.N"))
    parameters.N = 1000    (options and knobs of the model)
      Python: 1000   <- in force
    """
    return _whole(Spec((_defaults(), _layer("Python", {"name": name, **values}, {}))))


def read_text(path: Path) -> str:
    """Return the text of a file that a specification names."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SpecError(str(path), "must be a file", got=str(error.strerror)) from error


def _defaults() -> Layer:
    return Layer(DEFAULTS, {name: key.default for name, key in KEYS.items()})


def _files(path: Path, above: tuple[Path, ...]) -> Iterator[Layer]:
    """The layers of a file, those that it extends first."""
    if path.resolve() in above:
        names = " -> ".join(p.name for p in (*above, path))
        raise SpecError(str(path), "must not extend itself", got=names)
    values, lines = read_yaml(path)
    extended = values.pop("extends", [])
    for name in [extended] if isinstance(extended, str) else extended:
        where = f"{path}:{lines['extends']}, extends"
        parent = checked("name", name, where)
        yield from _files(path.parent / parent, (*above, path.resolve()))
    yield _layer(_told(path), values, lines)


def _told(path: Path) -> str:
    """A path as it may be told: relative to where we are, or its name alone."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.name


def _layer(name: str, values: Mapping[str, Any], lines: Mapping[str, int]) -> Layer:
    found = Layer(name, {}, lines)
    return Layer(
        name, {key: checked(key, v, f"{found.place(key)}, {key}") for key, v in values.items()},
        lines,
    )  # fmt: skip


def _whole(spec: Spec) -> Spec:
    """Refuse what single values cannot show."""
    values = spec.values
    where = spec.layers[-1].name
    if not values["name"]:
        raise SpecError(where, "must have a name", remedy="Write name: at the top.")
    swept = {name for variant in values["variants"] for name in variant}
    if twice := sorted(swept & set(values["axes"])):
        raise SpecError(f"{where}, variants", "must not set what an axis sweeps", got=twice[0])
    chosen = [variant["simulator"] for variant in values["variants"] if "simulator" in variant]
    is_command = "command" in (values["simulator"], *values["axes"].get("simulator", ()), *chosen)
    if is_command and not values["command"]:
        raise SpecError(where, "must have a command for simulator: command")
    if not is_command and not values["model"] and "model" not in {*values["axes"], *swept}:
        raise SpecError(where, "must have a model", remedy="Write for example model: brunel.")
    for name in sorted(set(values["axes"]) & set(values["parameters"])):
        raise SpecError(
            f"{where}, axes", "must not sweep what is a parameter as well", got=name,
            context=f"parameters.{name} comes from {spec.origin(f'parameters.{name}')}",
            remedy=f"Write {name}: null under parameters to take it away.",
        )  # fmt: skip
    return spec


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, tuple):
        return f"[{', '.join(_shown(v) for v in value)}]"
    return str(value) if not isinstance(value, str) or value else '""'
