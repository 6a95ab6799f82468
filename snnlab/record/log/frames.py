"""Frames as records: each column in the smallest unsigned integers that hold it.

A spike takes 4 bytes in a network of up to 65 536 neurons, and 6 in a larger one: its step counts
from the beginning of the frame. There is no general compression: zlib at its fastest halves that,
but takes 11 ns a byte from the simulation thread, and a damaged byte would cost more than itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from snnlab.frames.frame import Frame, Samples
from snnlab.frames.health import Trouble
from snnlab.record.log import structure, troubles
from snnlab.record.log.columns import REAL, UNSIGNED, allowed, packed, padded, smallest
from snnlab.record.log.framing import Damaged, Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.record.layout import Layout

__all__ = ["Extent", "decode", "encode", "extent_of", "sample_steps"]


class Extent(NamedTuple):
    """What a frame covers, as its meta tells; the body has exactly this size.

    Parameters
    ----------
    t_start, t_stop : int [steps]
    n_spikes : int
    counts : tuple of int
        Spikes of each population.
    n_samples : mapping
        Recorder name -> number of samples.
    n_synapses : mapping
        Name of a recorder of synapses -> how many they are.
    n_events : int
        Synapses that were formed and removed.
    """

    t_start: int
    t_stop: int
    n_spikes: int
    counts: tuple[int, ...]
    n_samples: Mapping[str, int]
    n_synapses: Mapping[str, int]
    n_events: int


def encode(frame: Frame, layout: Layout) -> tuple[dict[str, Any], list[bytes]]:
    """Return meta and body of a frame."""
    offset_type = smallest(frame.t_stop - frame.t_start)
    id_type = smallest(layout.n_neurons)
    parts = [
        packed(frame.step - frame.t_start, offset_type),
        packed(frame.neuron, id_type),
    ]
    samples = {}
    for recorder in layout.recorders:
        if (found := frame.samples.get(recorder.name)) is not None:
            value_type = found.values.dtype.newbyteorder("<").str
            told = [int(found.steps.size), value_type, _grid(found.steps)]
            samples[recorder.name] = told + [int(found.values.shape[2])] * bool(recorder.projection)
            parts.append(packed(found.values, value_type))
    told_of_events, columns = structure.encode(frame.structure, frame.t_start)
    meta = {
        "t": [int(frame.t_start), int(frame.t_stop)],
        "wall_s": float(frame.wall_s),
        "counts": [int(n) for n in frame.counts],
        "types": [offset_type, id_type],
        "samples": samples,
        **told_of_events,
    }
    if frame.timings:
        meta["timings"] = {phase: float(s) for phase, s in frame.timings.items()}
    if frame.health:
        meta["health"] = [troubles.to_data(trouble) for trouble in frame.health]
    return meta, parts + columns


def _grid(steps: NDArray[np.int64]) -> list[int]:
    """First step and interval where these say all, else every step."""
    every = int(steps[1] - steps[0]) if steps.size > 1 else 1
    is_regular = steps.size > 2 and bool((np.diff(steps) == every).all())
    return [int(steps[0]), every] if is_regular else [int(step) for step in steps]


def sample_steps(record: Record, recorder: str) -> NDArray[np.int64]:
    """Return the steps of the samples in a frame that `extent_of` has accepted."""
    if recorder not in record.meta["samples"]:
        return np.empty(0, np.int64)
    n, _, grid, *_ = record.meta["samples"][recorder]
    if len(grid) == n:
        return np.array(grid, np.int64)
    first, every = grid
    steps: NDArray[np.int64] = first + every * np.arange(n, dtype=np.int64)
    return steps


def extent_of(record: Record, layout: Layout) -> Extent:
    """Return what a frame covers.

    Raises
    ------
    Damaged
        The meta is not that of a frame of this layout, or the body has another size.
    """
    try:
        meta = record.meta
        t_start, t_stop = (int(t) for t in meta["t"])
        counts = tuple(int(n) for n in meta["counts"])
        n_samples = {name: _n_samples(*told) for name, told in meta["samples"].items()}
        n_synapses = {name: int(told[3]) for name, told in meta["samples"].items() if told[3:]}
        sizes = [padded(t, n) for t, n in _columns(meta, layout)]
        n_events = structure.n_events(meta, layout)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"is no frame ({type(error).__name__}: {str(error)[:60]})") from error
    longest = max([0, *n_samples.values()])
    if min([t_start, *counts]) < 0 or len(counts) != len(layout.sizes):
        raise Damaged("is no frame of this network")
    if t_stop < t_start or longest > t_stop - t_start + 1:
        raise Damaged("is no frame: its steps do not fit")
    if sum(sizes) != record.n_bytes:
        raise Damaged(f"has {record.n_bytes} bytes of data in place of {sum(sizes)}")
    return Extent(t_start, t_stop, sum(counts), counts, n_samples, n_synapses, n_events)


def _n_samples(n: int, _: str, grid: list[int], *n_synapses: int) -> int:
    """Number of samples; what tells their steps must be whole numbers, as many as it takes."""
    is_told = len(grid) == n or (len(grid) == 2 and n > 2)
    numbers = (n, *grid, *n_synapses)
    if not is_told or not all(type(k) is int for k in numbers) or min(n_synapses, default=0) < 0:
        raise Damaged("is no frame: the steps of its samples are not told")
    return n


def _columns(meta: Mapping[str, Any], layout: Layout) -> list[tuple[str, int]]:
    """Type and length of every array in the body."""
    offset_type, id_type = (allowed(name, UNSIGNED) for name in meta["types"])
    n_spikes = sum(int(n) for n in meta["counts"])
    columns = [(offset_type, n_spikes), (id_type, n_spikes)]
    for name, told in meta["samples"].items():
        n_variables, n = _shape(layout, name, told)
        columns.append((allowed(told[1], REAL), int(told[0]) * n_variables * n))
    return columns + structure.columns_of(meta, layout)


def _shape(layout: Layout, name: str, told: Sequence[Any]) -> tuple[int, int]:
    """Shape of one sample; of synapses, the frame itself tells how many they are."""
    recorder = {recorder.name: recorder for recorder in layout.recorders}[name]
    if len(told) != (4 if recorder.projection else 3):
        raise Damaged(f"is no frame: the size of the samples of {name[:20]!r} is not told")
    return recorder.shape(*told[3:])


def decode(record: Record, body: bytes, layout: Layout) -> Frame:
    """Return the frame of a record that `extent_of` has accepted.

    Which synapses its samples are of stands in another record.

    Raises
    ------
    Damaged
        It tells of a kind of trouble or a rewiring that is not known.
    """
    meta = record.meta
    t_start, t_stop = (int(t) for t in meta["t"])
    arrays, at = [], 0
    for dtype, n in _columns(meta, layout):
        arrays.append(np.frombuffer(body, dtype, n, at))
        at += padded(dtype, n)
    step, neuron, *others = arrays
    samples, n = {}, len(meta["samples"])
    for (name, told), values in zip(meta["samples"].items(), others[:n], strict=True):
        steps = sample_steps(record, name)
        native = values.astype(values.dtype.newbyteorder("="))
        samples[name] = Samples(steps, native.reshape(steps.size, *_shape(layout, name, told)))
    return Frame(
        t_start, t_stop, layout.dt, step.astype(np.int64) + t_start, neuron.astype(np.int64),
        np.array(meta["counts"], np.int64), samples, float(meta["wall_s"]),
        dict(meta.get("timings", {})), _health(meta), structure.decode(others[n:], t_start, layout),
    )  # fmt: skip


def _health(meta: Mapping[str, Any]) -> tuple[Trouble, ...]:
    try:
        return tuple(troubles.from_data(data) for data in meta.get("health", ()))
    except (KeyError, TypeError, ValueError) as error:
        raise Damaged(f"tells of no trouble that is known ({str(error)[:60]})") from error
