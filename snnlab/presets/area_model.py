"""Areas of cortex as numbers: who lives where, who projects to whom, how far apart they are.

Synthetic ones (`synthetic_areas`) have the shape of a published model and none of its data; those
of a publication are read from the user's own file (`load_areas`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError, SpecError
from snnlab.presets.microcircuit import (
    K_EXT,
    POPULATIONS,
    POTENTIALS,
    RATE_EXT,
    RATE_WITH,
    SIZE,
    STRONG,
    n_synapses,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["AreaModel", "load_areas", "synthetic_areas"]

SPACING = 7.0
"""Distance of neighbouring areas [mm]. Synthetic, as all numbers down to `SOURCES`."""

DECAY = 10.0
"""Distance [mm] over which the density of projections between areas falls to 1/e."""

VELOCITY = 3.5
"""Of spikes between areas [mm/ms]."""

INDEGREE = 1000.0
"""Synapses from other areas onto a neuron, on average over the populations."""

SOURCES = {"L23E": 0.4, "L5E": 0.3, "L6E": 0.3}
"""Populations that project to other areas, and their parts of these synapses."""


@dataclass(frozen=True)
class AreaModel:
    """Sizes, in-degrees and delays of a network of areas, with n populations in all.

    Parameters
    ----------
    populations : (n,) tuple of str
        ``"area.population"``, the areas one after the other; names of excitatory populations end
        with E, those of inhibitory ones with I.
    N : (n,) float64
        Neurons.
    K : (n, n) float64
        Mean in-degrees: row: target, column: source.
    K_ext : (n,) float64
        Synapses of a neuron from outside of the model.
    delay : (n_areas, n_areas) float64 [ms]
        Mean delay from the area of the column to that of the row; within an area it is that of
        the microcircuit, and the diagonal is not looked at.
    weight : (n, n) float64, optional
        Factor of each projection's weight; default: 1.
    rate : (n,) float64 [Hz], optional
        Mean rate of each population, which smaller in-degrees need.
    V0 : (n, 2) float64 [mV], optional
        Mean and standard deviation of the first potentials; default: -58 and 10.

    Raises
    ------
    FormatError
        Something does not fit together.
    """

    populations: tuple[str, ...]
    N: NDArray[np.float64]
    K: NDArray[np.float64]
    K_ext: NDArray[np.float64]
    delay: NDArray[np.float64]
    weight: NDArray[np.float64] | None = None
    rate: NDArray[np.float64] | None = None
    V0: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        self._check_names()
        n, n_areas = len(self.populations), len(self.areas)
        shapes: dict[str, tuple[int, ...]] = {
            "N": (n,), "K": (n, n), "K_ext": (n,), "delay": (n_areas, n_areas),
            "weight": (n, n), "rate": (n,), "V0": (n, 2),
        }  # fmt: skip
        for name, shape in shapes.items():
            if getattr(self, name) is not None:
                object.__setattr__(self, name, _numbers(name, getattr(self, name), shape))
        if not np.all(self.N >= 1):
            raise FormatError("areas.N", "must be >= 1 neuron", got=f"{self.N.min():g}")
        apart = self.delay[~np.eye(n_areas, dtype=bool)]
        if apart.size and not apart.min() > 0:
            raise FormatError("areas.delay", "must be > 0 ms between areas", got=f"{apart.min():g}")

    def _check_names(self) -> None:
        areas: list[str] = []
        for name in self.populations:
            area, dot, population = str(name).rpartition(".")
            if not (area and dot and population[-1:] in ("E", "I")):
                raise FormatError(
                    "areas.populations", "must be 'area.population' with a name that ends with E "
                    "(excitatory) or I (inhibitory)", got=repr(name), remedy="Write 'V1.L23E'.",
                )  # fmt: skip
            if area in areas[:-1]:
                raise FormatError(
                    "areas.populations", "must list the populations of an area together",
                    got=f"{name!r} behind area {areas[-1]!r}", remedy="Sort rows and columns.",
                )  # fmt: skip
            if area not in areas:
                areas.append(area)
        if len(set(self.populations)) < len(self.populations):
            twice = next(n for n in self.populations if self.populations.count(n) > 1)
            raise FormatError("areas.populations", "must have names that differ", got=repr(twice))

    @property
    def areas(self) -> list[str]:
        """Names of the areas, in their order."""
        return list(dict.fromkeys(name.rpartition(".")[0] for name in self.populations))

    @property
    def area_of(self) -> NDArray[np.int64]:
        """Number of the area of each population, shape (n,)."""
        number = {area: k for k, area in enumerate(self.areas)}
        return np.array([number[name.rpartition(".")[0]] for name in self.populations], np.int64)


def _numbers(name: str, value: Any, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Finite numbers of this shape; none below 0 but for potentials."""
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise FormatError(
            f"areas.{name}", f"must be numbers of shape {shape}", got=type(value).__name__,
            remedy="Rows must have equal lengths, and hold nothing but numbers.",
        ) from None  # fmt: skip
    if array.shape != shape:
        raise FormatError(f"areas.{name}", f"must have shape {shape}", got=f"{array.shape}")
    is_bad = ~np.isfinite(array) | ((array < 0) & (name != "V0"))
    if is_bad.any():
        at = tuple(int(i) for i in np.argwhere(is_bad)[0])
        raise FormatError(
            f"areas.{name}", "must hold finite numbers >= 0", got=f"{array[at]:g} at {list(at)}"
        )
    return array


def synthetic_areas(n_areas: int) -> AreaModel:
    """Return areas on a square grid, each a microcircuit of 77 169 neurons.

    Neighbours in the order of areas are neighbours on the grid, so that consecutive areas lie
    together. In-degrees between areas fall exponentially with distance; their sum is the same for
    each area. As much input as they bring is taken from the microcircuit's external synapses, so
    that areas are about as active as the microcircuit by itself.

    Parameters
    ----------
    n_areas : int
        1 ... 999.

    Raises
    ------
    SpecError
        No area, or too many.
    """
    if not 1 <= n_areas <= 999:
        raise SpecError("multi_area.areas", "must be between 1 and 999", got=str(n_areas))
    distance = _distances(n_areas)
    names, size = POPULATIONS, np.array(SIZE, np.float64)
    local = np.array([[n_synapses(i, j) for j in names] for i in names]) / size[:, None]
    between = np.where(np.eye(n_areas) > 0, 0.0, np.exp(-distance / DECAY))
    between /= np.maximum(between.sum(axis=1, keepdims=True), np.finfo(float).tiny)
    share = INDEGREE * np.array(K_EXT) / np.mean(K_EXT)
    remote = np.outer(share, [SOURCES.get(name, 0.0) for name in names])
    rate = np.array(RATE_WITH["dc"])
    replaced = remote @ rate / RATE_EXT if n_areas > 1 else np.zeros(len(names))
    weight = np.ones((len(names), len(names)))
    weight[tuple(names.index(name) for name in STRONG)] = 2.0
    start = np.array([[v.mean, v.std] for v in POTENTIALS["optimized"]])
    own = np.eye(n_areas)
    return AreaModel(
        tuple(f"A{a + 1:03d}.{name}" for a in range(n_areas) for name in names),
        N=np.tile(size, n_areas),
        K=np.asarray(np.kron(own, local) + np.kron(between, remote), np.float64),
        K_ext=np.tile(np.array(K_EXT) - replaced, n_areas),
        delay=distance / VELOCITY,
        weight=np.where(np.kron(own, np.ones_like(weight)) > 0, np.kron(own, weight), 1.0),
        rate=np.tile(rate, n_areas),
        V0=np.tile(start, (n_areas, 1)),
    )


def _distances(n_areas: int) -> NDArray[np.float64]:
    """Distances [mm] on a grid that is walked forth and back, shape (n_areas, n_areas)."""
    width = math.ceil(math.sqrt(n_areas))
    row, step = np.divmod(np.arange(n_areas), width)
    place = SPACING * np.column_stack([np.where(row % 2, width - 1 - step, step), row])
    return np.asarray(np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)))


def load_areas(path: str | Path) -> AreaModel:
    """Read areas from a user's file: ``.json`` (nested lists) or ``.npz`` (arrays).

    Its entries are the parameters of `AreaModel`. No published data ship with snnlab; whoever has
    accepted the licence of such data writes them into this format.

    Parameters
    ----------
    path : str or Path

    Raises
    ------
    FormatError
        No such file, not in this format, or numbers that do not fit together.
    """
    path = Path(path)
    entries = _entries(path)
    known = {f.name for f in fields(AreaModel)}
    required = known - {"weight", "rate", "V0"}
    if unknown := sorted(set(entries) - known):
        raise FormatError(
            str(path), f"must have no entries but {', '.join(sorted(known))}",
            got=", ".join(unknown), remedy="Remove or rename them.",
        )  # fmt: skip
    if missing := sorted(required - set(entries)):
        raise FormatError(
            str(path), f"must have the entries {', '.join(sorted(required))}",
            got=f"no {', '.join(missing)}", remedy="snnlab.presets.area_model says what they are.",
        )  # fmt: skip
    try:
        names = tuple(str(name) for name in np.asarray(entries["populations"]).tolist())
        return AreaModel(**{**entries, "populations": names})
    except FormatError as error:
        raise FormatError(
            error.where, error.expected, got=error.got, context=f"In {path}.", remedy=error.remedy
        ) from None


def _entries(path: Path) -> Mapping[str, Any]:
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return dict(arrays)
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FormatError(
            str(path), "must be a file of areas", got=error.strerror or str(error),
            remedy="Give the path of a .json or .npz file.",
        ) from None  # fmt: skip
    except ValueError as error:
        raise FormatError(
            str(path), "must be JSON, or arrays of NumPy without objects", got=str(error)
        ) from None
    if not isinstance(entries, dict):
        raise FormatError(str(path), "must hold one JSON object", got=type(entries).__name__)
    return entries
