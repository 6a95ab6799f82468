"""What the kernels of learning read and write, as named tuples that are structs on the device."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "DOES", "KINDS", "MOST_THREADS", "PROJECTIONS", "PULLS", "TASK", "THREADS", "Batch", "Net",
    "Rows",
]  # fmt: skip

THREADS = 256
"""Threads of a block, where nothing speaks for another number."""

MOST_THREADS = 1024
"""Of a block that shows a trial; above it a thread holds several neurons."""

KINDS = {"ROWS_NONE": 0, "ROWS_MATRIX": 1, "ROWS_SPARSE": 2}
"""What the synapses of a projection are."""

PROJECTIONS = {"OF_INPUT": 0, "OF_RECURRENT": 1, "OF_OUTPUT": 2}
"""Who is meant by the argument ``which`` of a kernel."""

DOES = {"REPLAYS": 1, "KEEPS_PSI": 2, "KEEPS_STATE": 4}
"""What showing trials is for: a sum of these."""

PULLS = {"PULLS_NOTHING": 0, "PULLS_BY_SIGN": 1, "PULLS_BY_WEIGHT": 2}
"""Whether the gradient is drawn towards 0, and by whose sign."""


class Net(NamedTuple):
    """What stays the same as long as a network learns.

    Parameters
    ----------
    n_inputs, n_hidden, n_outputs : int
    n_words : int
        Words of 32 bits, a bit for each hidden neuron.
    refractory_steps, first_vote, is_softmax : int
    c : (n,) real
        See `snnlab.learning.constants`.
    """

    n_inputs: int
    n_hidden: int
    n_outputs: int
    n_words: int
    refractory_steps: int
    first_vote: int
    is_softmax: int
    c: NDArray[np.floating]


class Rows(NamedTuple):
    """Synapses of a projection; see `snnlab.learning.synapses.Synapses`.

    Parameters
    ----------
    kind : int
        See `KINDS`; what does not belong to it is empty.
    n_pre, n_post, autapses : int
    weight : real
        In the order of the host.
    start : (n_pre + 1,) int64
    post, pre : (n,) int32
    sign : (n,) int8
    mask : (n_pre, n_tiles) uint32
        Who of 32 targets is connected.
    base : (n_pre, n_tiles) int32
        Where the weights of these begin in `packed`.
    packed : (n,) real
        Weights in the order of the targets.
    place : (n,) int32
        Where the weight of each synapse is in `packed`.
    """

    kind: int
    n_pre: int
    n_post: int
    autapses: int
    weight: NDArray[np.floating]
    start: NDArray[np.int64]
    post: NDArray[np.int32]
    pre: NDArray[np.int32]
    sign: NDArray[np.int8]
    mask: NDArray[np.uint32]
    base: NDArray[np.int32]
    packed: NDArray[np.floating]
    place: NDArray[np.int32]


class Batch(NamedTuple):
    """Trials of a batch, and room for what they do; `n_slab` of them are dealt with at a time.

    Parameters
    ----------
    n_steps, chunk, n_chunks : int
        Steps of a trial; those that are gone back through at a time; how often.
    psi_steps, stride : int
        Rows of `psi` of a trial, and numbers from row to row.
    bundle : int
        Trials that are summed together.
    n_slab : int
    trial, number : (n_batch,) int64
        Which rows of `step_start`; the numbers of the trials, which name what is left out.
    channel : (n_events,) uint16
    event_first : (n_batch,) int64
        Where the spikes of each trial begin.
    step_start : (n_trials, n_steps + 1) uint32
        Where those of each step begin within the trial.
    labels : (n_batch,) int64
    targets : (n_batch, n_steps, n_outputs) real
    regulariser : (n_hidden,) real
    feedback : (n_outputs, n_hidden) real
    output, bias : real
    spikes : (n_slab, n_steps, n_words) uint32
    error : (n_slab, n_steps, n_outputs) real
        Outputs, errors, Z, one after the other.
    step_loss : (n_slab, n_steps) float64
    psi : (n_slab, psi_steps, stride) real
        Pseudo-derivatives, then Q.
    kept : (n_slab, n_chunks, 3, n_hidden) real
    z : (n_slab, n_outputs) real
    bias_part : (n_slab, n_outputs) float64
    carried : (n_slab, 2, n_hidden) real
    input_bits : (n_inputs, n_slab, n) uint32
    hidden_bits : (n_hidden, n_slab, n) uint32
    input_sum, recurrent_sum, output_sum : (n_chunks, ...) real
    bias_sum : (n_chunks, n_outputs) float64
    votes : (n_batch, n_outputs) float64
    loss : (n_batch,) float64
    n_spikes : (n_batch,) uint64
    spike_counts : (n_hidden,) uint64
    """

    n_steps: int
    chunk: int
    n_chunks: int
    psi_steps: int
    stride: int
    bundle: int
    n_slab: int
    trial: NDArray[np.int64]
    number: NDArray[np.int64]
    channel: NDArray[np.uint16]
    event_first: NDArray[np.int64]
    step_start: NDArray[np.uint32]
    labels: NDArray[np.int64]
    targets: NDArray[np.floating]
    regulariser: NDArray[np.floating]
    feedback: NDArray[np.floating]
    output: NDArray[np.floating]
    bias: NDArray[np.floating]
    spikes: NDArray[np.uint32]
    error: NDArray[np.floating]
    step_loss: NDArray[np.float64]
    psi: NDArray[np.floating]
    kept: NDArray[np.floating]
    z: NDArray[np.floating]
    bias_part: NDArray[np.float64]
    carried: NDArray[np.floating]
    input_bits: NDArray[np.uint32]
    hidden_bits: NDArray[np.uint32]
    input_sum: NDArray[np.floating]
    recurrent_sum: NDArray[np.floating]
    output_sum: NDArray[np.floating]
    bias_sum: NDArray[np.float64]
    votes: NDArray[np.float64]
    loss: NDArray[np.float64]
    n_spikes: NDArray[np.uint64]
    spike_counts: NDArray[np.uint64]


TASK: dict[str, type[Net | Rows | Batch]] = {
    "net": Net,
    "input": Rows,
    "recurrent": Rows,
    "batch": Batch,
}
"""Member of the struct ``Task`` -> its type; in the order in which they lie in memory."""
