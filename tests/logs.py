"""A small log and what is in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import numpy as np

from snnlab.frames.frame import Frame, Samples
from snnlab.frames.health import Kind, Trouble
from snnlab.frames.structure import StructuralEvents
from snnlab.frames.synapse_ids import SynapseIds, same_synapses
from snnlab.interop import native_json
from snnlab.model.connectivity import AllToAll
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.recorders import StateRecorder, SynapseRecorder
from snnlab.model.rewiring import Rewiring
from snnlab.record.layout import Layout
from snnlab.record.log.reader import FrameLog
from snnlab.record.log.writer import LogWriter

NETWORK = Network(
    [Population("exc", 8, "LIFExp"), Population("inh", 2, "LIFExp")],
    [
        Projection("exc", "inh", AllToAll(), 1.0, synapse="STDP", parameters={"W_max": 2.0}),
        Projection("inh", "exc", AllToAll(), -1.0),
        Projection("inh", "inh", AllToAll(), -1.0),
    ],
    recorders=[
        StateRecorder("trace", "inh", ("V_m", "I_exc"), (0, 1), "0.2 ms"),
        StateRecorder("other/trace", "exc", ("V_m",), (3,), "1 ms"),
        SynapseRecorder("weights", "exc->inh", sources=(0, 4), interval="0.5 ms"),
    ],
    rewirings=[
        Rewiring("inh->exc", "Magnitude", "0.3 ms", name="weak"),
        Rewiring("inh->inh", "Magnitude", "0.4 ms", name="lateral"),
    ],
    seed=7,
    name="small",
)

SYNAPSES = SynapseIds(*(np.array(ids) for ids in ([0, 1, 8, 9], [0, 0, 4, 4], [8, 9, 8, 9])))
"""What `NETWORK` records of its synapses."""

PROVENANCE = {"network": native_json.dumps(NETWORK), "device": "none"}


def frame(start: int, stop: int, *, seed: int = 0, rate: float = 0.05) -> Frame:
    """Random spikes, samples and events of `NETWORK`, the same for the same arguments."""
    random = np.random.default_rng([seed, start, stop])
    step, neuron = np.nonzero(random.random((stop - start, 10)) < rate)
    counts = np.array([(neuron < 8).sum(), (neuron >= 8).sum()], np.int64)
    samples = {}
    for recorder, every in (("trace", 2), ("other/trace", 10)):
        steps = np.arange(start // every + 1, stop // every + 1, dtype=np.int64) * every
        shape = (steps.size, 2, 2) if recorder == "trace" else (steps.size, 1, 1)
        samples[recorder] = Samples(steps, random.normal(size=shape).astype(np.float32))
    steps = np.arange(start // 5 + 1, stop // 5 + 1, dtype=np.int64) * 5
    values = random.random((steps.size, 1, 4)).astype(np.float32)
    samples["weights"] = Samples(steps, values, SYNAPSES)
    return Frame(
        start, stop, NETWORK.dt, start + step.astype(np.int64), neuron.astype(np.int64),
        counts, samples, 0.5, {"update": 0.375, "other": 0.125}, _troubles(start, stop),
        events(start, stop, seed=seed),
    )  # fmt: skip


def events(start: int, stop: int, *, seed: int = 0) -> StructuralEvents:
    """What rewirings did at steps ``start <= step < stop``; the same however a run is cut."""
    draws = np.random.default_rng([seed, 1]).integers(0, 2, (stop, 2, 4))
    step, rewiring = np.nonzero([[k and k % 3 == 0, k and k % 4 == 0] for k in range(stop)])
    formed, pre, post, n = np.moveaxis(draws[step, rewiring], -1, 0)
    return StructuralEvents(
        step.astype(np.int64), rewiring.astype(np.int16), formed == 1, 8 + pre,
        np.where(rewiring == 0, 3 * post, 8 + post),
    ).at((step >= start) & (n == 1))  # fmt: skip


def _troubles(start: int, stop: int) -> tuple[Trouble, ...]:
    """Some in every frame that ends after step 50: JSON has no form for their numbers."""
    if stop <= 50:
        return ()
    place = ("exc", 3, "V_m")
    times = (start, stop, NETWORK.dt, "Make dt smaller.")
    return tuple(
        Trouble(kind, *place, value, "mV", "must be finite", *times, 2, {"V_m": "inf mV"}, given)
        for kind, value, given in (
            (Kind.NOT_FINITE, math.inf, -math.inf),
            (Kind.OUT_OF_BOUNDS, -1e300, None),
        )
    )


def begin(writer: LogWriter, cause: str = "start", step: int = 0) -> None:
    """Begin a section of `NETWORK`."""
    writer.section(
        cause, step, network=PROVENANCE["network"], layout=Layout.of(NETWORK),
        provenance=PROVENANCE,
    )  # fmt: skip


def write_small(path: Path) -> list[Frame]:
    """Write three frames, two edits of which one is refused, and a message; return the frames."""
    frames = [frame(0, 30), frame(30, 31), frame(31, 60)]
    writer = LogWriter(path)
    begin(writer)
    writer.frame(frames[0])
    writer.edit(30, native_json.edit_to_dict(SetParameter("exc", "tau_m", 12.0)))
    writer.frame(frames[1])
    writer.refusal(writer.edit(31, native_json.edit_to_dict(SetParameter("exc", "C_m", 0.0))))
    writer.message(1.5e9, "warning", "two words")
    writer.frame(frames[2])
    writer.close()
    return frames


LARGE_BYTES = 1_000_000


def write_large(path: Path) -> list[Frame]:
    """Write long and short frames in turn, edits and messages, up to 1 MB; return the frames."""
    frames: list[Frame] = []
    writer = LogWriter(path)
    begin(writer)
    step = 0
    for k in count():
        frames.append(frame(step, step + (5000, 1, 800)[k % 3]))
        writer.frame(frames[-1])
        step = frames[-1].t_stop
        if writer.n_bytes > LARGE_BYTES:
            break
        if k % 4 == 1:
            change = SetParameter("exc", "tau_m", 10.0 + k)
            number = writer.edit(step, native_json.edit_to_dict(change))
            if k % 8 == 1:
                writer.refusal(number)
        if k % 7 == 2:
            writer.message(1.5e9 + k, "info", "frame " * k)
    writer.close()
    return frames


def same_frames(found: Sequence[Frame], expected: Sequence[Frame]) -> bool:
    """Whether frames are equal in all that they hold."""
    return len(found) == len(expected) and all(
        same_frame(a, b) for a, b in zip(found, expected, strict=True)
    )


def same_frame(a: Frame, b: Frame) -> bool:
    """Whether two frames are equal in all that they hold, types included."""
    columns = [(a.step, b.step), (a.neuron, b.neuron), (a.counts, b.counts)]
    columns += zip(a.structure.columns, b.structure.columns, strict=True)
    for name, samples in b.samples.items():
        columns += [
            (a.samples[name].steps, samples.steps),
            (a.samples[name].values, samples.values),
        ]
        if not same_synapses(a.samples[name].synapses, samples.synapses):
            return False
    rest = [
        (f.t_start, f.t_stop, f.dt, f.wall_s, sorted(f.samples), f.timings, f.health)
        for f in (a, b)
    ]
    return rest[0] == rest[1] and all(
        x.dtype == y.dtype and np.array_equal(x, y) for x, y in columns
    )


def told(log: FrameLog) -> list[object]:
    """Everything small that a log tells, in one comparable list."""
    runs = {section.contents.run for section in log.sections}
    edits = [edit for run in sorted(runs) for edit in log.edits_of(run)]
    return [*edits, *log.messages, *(section.contents.network for section in log.sections)]
