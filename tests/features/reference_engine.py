"""A slow engine, written to be read: LIF neurons with delta synapses in a few lines of NumPy.

It follows the Engine protocol and nothing else, so whatever holds for it and for the CPU engine
is a promise of the session.
"""

from __future__ import annotations

import threading
import time
import zlib
from typing import Any

import numpy as np

from snnlab.engine import BuildReport, Checkpoint
from snnlab.errors import StateError
from snnlab.frames.frame import Frame, Samples
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.network import Knob, Network, Population, Projection
from snnlab.model.parameter import Parameter
from snnlab.model.recorders import StateRecorder
from snnlab.model.stimuli import PoissonInput


def balanced(n_exc: int = 80, n_inh: int = 20, **changes: Any) -> Network:
    """A small balanced random network that spikes irregularly; its knobs are g, J and rate."""
    membrane = {"tau_m": 20.0, "V_th": 20.0, "V_reset": 10.0, "E_L": 0.0}
    projections = [
        Projection(pre, post, FixedIndegree(10), weight=weight, delay=1.5)
        for pre, weight in (("exc", "J"), ("inh", "-g * J"))
        for post in ("exc", "inh")
    ]
    network = Network(
        [
            Population("exc", n_exc, "LIFDelta", membrane),
            Population("inh", n_inh, "LIFDelta", membrane),
        ],
        projections,
        stimuli=[PoissonInput(f"to_{name}", name, "rate", "J") for name in ("exc", "inh")],
        recorders=[StateRecorder("voltage", "exc", neurons=(0, 1), interval=1.0)],
        knobs=[
            Knob("g", 5.0, Parameter(5.0, "1", low=0.0)),
            Knob("J", 0.5, Parameter(0.5, "mV", above=0.0)),
            Knob("rate", 3000.0, Parameter(3000.0, "Hz", low=0.0)),
        ],
        name="balanced",
        seed=7,
    )
    return network.replace(**changes)


class ReferenceEngine:
    """Advances LIFDelta populations one step after the other.

    Parameters
    ----------
    network : Network
        LIFDelta populations; fixed indegrees, constant weights and delays, Poisson input.
    pause_s : float [s]
        Wall-clock time that every step takes at least, to imitate a larger network.
    """

    device = "numpy"
    device_label = "NumPy, slowly"

    def __init__(self, network: Network, pause_s: float = 0.0) -> None:
        self.network = network
        self.pause_s = pause_s
        self.calls: list[int] = []
        self.threads: set[str] = set()
        self._step = 0
        self._is_closed = False
        self._build()
        n_synapses = sum(targets.size for targets in self._targets.values())
        self.report = BuildReport(network.n_neurons, n_synapses, 0.0, 0.0, 8 * n_synapses, 0)
        self._start_state()

    @property
    def step(self) -> int:
        return self._step

    def advance(self, n_steps: int) -> Frame:
        self._refuse_closed()
        self._note_thread()
        self.calls.append(n_steps)
        start, began = self._step, time.perf_counter()
        self._samples: list[tuple[int, np.ndarray]] = []
        spikes = [self._one_step() for _ in range(n_steps)]
        if self.pause_s:
            time.sleep(self.pause_s * n_steps)
        steps = np.repeat(np.arange(start, self._step), [s.size for s in spikes])
        neurons = np.concatenate([*spikes, np.empty(0, np.int64)]).astype(np.int64)
        edges = np.cumsum([0, *(p.size for p in self.network.populations)])
        return Frame(
            start,
            self._step,
            self.network.dt,
            steps.astype(np.int64),
            neurons,
            np.histogram(neurons, edges)[0].astype(np.int64),
            self._sampled(),
            time.perf_counter() - began,
        )

    def apply(self, network: Network) -> None:
        self._refuse_closed()
        self._note_thread()
        kept = self.checkpoint()
        self.network = network
        self._build()
        self._start_state()
        self._take_over(kept)

    def checkpoint(self) -> Checkpoint:
        arrays = {f"V_m/{p.name}": self._v[where].copy() for p, where in self._parts()}
        arrays |= {f"refractory/{p.name}": self._refractory[w].copy() for p, w in self._parts()}
        arrays |= {f"ring/{p.name}": self._ring[:, w].copy() for p, w in self._parts()}
        return Checkpoint(self._step, self.network, arrays)

    def restore(self, checkpoint: Checkpoint) -> None:
        self._refuse_closed()
        self._note_thread()
        self.network = checkpoint.network
        self._step = checkpoint.step
        self._build()
        self._start_state()
        self._take_over(checkpoint)

    def sibling(self, network: Network) -> ReferenceEngine:
        return ReferenceEngine(network, self.pause_s)

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        return ()

    def close(self) -> None:
        self._note_thread()
        self._is_closed = True

    # --- building ---------------------------------------------------------------------------

    def _build(self) -> None:
        network = self.network
        parameters = [network.parameters_of(p) for p in network.populations]
        sizes = [p.size for p in network.populations]
        self._p = {
            name: np.repeat([float(values[name]) for values in parameters], sizes)
            for name in ("tau_m", "C_m", "E_L", "I_e", "V_th", "V_reset", "t_ref")
        }
        self._targets = {p.name: self._connect(p) for p in network.projections}
        self._weight = {p.name: _constant(network.weight_of(p)) for p in network.projections}
        self._delay = {
            p.name: round(_constant(network.delay_of(p)) / network.dt) for p in network.projections
        }

    def _connect(self, projection: Projection) -> np.ndarray:
        """Sources of every target, shape (n_post, indegree), as indices within `pre`."""
        assert isinstance(projection.rule, FixedIndegree)
        pre = self.network.population(projection.pre).size
        post = self.network.population(projection.post).size
        draw = self._stream("connect", projection.name, 0)
        return draw.integers(0, pre, (post, projection.rule.indegree))

    def _start_state(self) -> None:
        self._v = self._p["E_L"].copy()
        self._refractory = np.zeros(self._v.size)
        self._ring = np.zeros((64, self._v.size))

    def _take_over(self, kept: Checkpoint) -> None:
        for p, where in self._parts():
            if f"V_m/{p.name}" in kept.arrays:
                n = min(p.size, kept.arrays[f"V_m/{p.name}"].size)
                part = slice(where.start, where.start + n)
                self._v[part] = kept.arrays[f"V_m/{p.name}"][:n]
                self._refractory[part] = kept.arrays[f"refractory/{p.name}"][:n]
                self._ring[:, part] = kept.arrays[f"ring/{p.name}"][:, :n]

    # --- stepping ---------------------------------------------------------------------------

    def _one_step(self) -> np.ndarray:
        network, dt, p = self.network, self.network.dt, self._p
        arrived = self._ring[self._step % 64] + self._poisson()
        self._ring[self._step % 64] = 0.0
        decay = np.exp(-dt / p["tau_m"])
        relative = decay * (self._v - p["E_L"]) + (1 - decay) * p["tau_m"] / p["C_m"] * p["I_e"]
        is_free = self._refractory <= 0
        self._v = np.where(is_free, p["E_L"] + relative + arrived, self._v)
        self._refractory -= ~is_free
        fired = np.flatnonzero(self._v >= p["V_th"])
        self._v[fired] = p["V_reset"][fired]
        self._refractory[fired] = np.round(p["t_ref"][fired] / dt)
        for projection in network.projections:
            self._propagate(projection, fired)
        self._step += 1
        self._sample()
        return fired

    def _poisson(self) -> np.ndarray:
        network = self.network
        total = np.zeros(self._v.size)
        for stimulus in network.stimuli:
            where = self._part(stimulus.target)
            rate = network.number(stimulus.rate, "Hz", where="rate") * network.dt * 1e-3
            counts = self._stream("poisson", stimulus.name, self._step).poisson(
                rate, where.stop - where.start
            )
            total[where] += counts * _constant(network.weight_of(stimulus))
        return total

    def _propagate(self, projection: Projection, fired: np.ndarray) -> None:
        where = self._part(projection.pre)
        sources = fired[(fired >= where.start) & (fired < where.stop)] - where.start
        if sources.size:
            n_arriving = np.isin(self._targets[projection.name], sources).sum(axis=1)
            slot = (self._step + self._delay[projection.name]) % 64
            self._ring[slot, self._part(projection.post)] += (
                n_arriving * self._weight[projection.name]
            )

    def _sample(self) -> None:
        for recorder in self.network.recorders:
            every = max(1, round(float(recorder.interval) / self.network.dt))
            if self._step % every == 0:
                first = self._part(recorder.population).start
                self._samples.append((self._step, self._v[[first + i for i in recorder.neurons]]))

    def _sampled(self) -> dict[str, Samples]:
        found = {}
        for recorder in self.network.recorders:
            steps = np.array([step for step, _ in self._samples], np.int64)
            values = np.array([v for _, v in self._samples], np.float64)
            found[recorder.name] = Samples(steps, values.reshape(-1, 1, len(recorder.neurons)))
        return found

    # --- inside -----------------------------------------------------------------------------

    def _stream(self, purpose: str, name: str, index: int) -> np.random.Generator:
        """Named by what it is for and the step: no state, so chunks do not matter."""
        word = zlib.crc32(f"{purpose}/{name}".encode())
        key = self.network.seed << 32 | word
        return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, index]))

    def _parts(self) -> list[tuple[Population, slice]]:
        return [(p, self._part(p.name)) for p in self.network.populations]

    def _part(self, population: str) -> slice:
        first = self.network.first_id(population)
        return slice(first, first + self.network.population(population).size)

    def _note_thread(self) -> None:
        self.threads.add(threading.current_thread().name)

    def _refuse_closed(self) -> None:
        if self._is_closed:
            raise StateError("ReferenceEngine", "must be open", got="a closed engine")


def _constant(distribution: Any) -> float:
    return float(distribution.value)
