"""Made-up activity for plots and widgets: frames whose every spike is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from snnlab.frames.frame import Frame, Samples
from snnlab.model.network import Knob, Network, Population
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder

DT = 0.1


def two_populations(n_exc: int = 80, n_inh: int = 20) -> Network:
    """A network without synapses, with a knob and a recorder."""
    return Network(
        [
            Population("exc", n_exc, "LIFDelta", {"tau_m": "g * 4"}, reference_rate=7.5),
            Population("inh", n_inh, "LIFDelta"),
        ],
        recorders=[StateRecorder("electrode", "exc", ("V_m",), (0, 3), interval=0.5)],
        knobs=[Knob("g", 5.0, Parameter(5.0, "1", "inhibition", low=0.0, slider=(2.0, 8.0)))],
        name="two",
    )


def frame_of(
    spikes: Sequence[tuple[int, int]], t_start: int, t_stop: int, *, sizes: Sequence[int] = (80, 20)
) -> Frame:
    """A frame with these (step, neuron) pairs, and a voltage that is the time."""
    pairs = np.array(sorted(spikes), np.int64).reshape(-1, 2)
    edges = np.cumsum([0, *sizes])
    counts = np.histogram(pairs[:, 1], edges)[0].astype(np.int64)
    steps = np.arange(t_start + 5, t_stop + 1, 5)
    values = np.repeat(steps[:, None, None] * DT, 2, axis=2)
    return Frame(
        t_start, t_stop, DT, pairs[:, 0], pairs[:, 1], counts, {"electrode": Samples(steps, values)}
    )


def regular(
    t_start: int, t_stop: int, *, every: int = 100, sizes: Sequence[int] = (80, 20)
) -> Frame:
    """All neurons fire together, once in `every` steps."""
    steps = [step for step in range(t_start, t_stop) if step % every == 0]
    spikes = [(step, neuron) for step in steps for neuron in range(sum(sizes))]
    return frame_of(spikes, t_start, t_stop, sizes=sizes)
