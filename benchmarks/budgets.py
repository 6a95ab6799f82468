"""What a session promises to whoever works with it, measured: ``python -m benchmarks.budgets``.

Latencies of edits, pauses, ways back and branches of a balanced network, each several times, beside
the budget. Nothing is judged: the table says what was measured and under which conditions.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import snnlab
from snnlab.model.edits import Edit
from snnlab.model.network import Network
from snnlab.session import RateBeyond, Session

__all__ = ["Measured", "main", "measure", "network"]

LIMIT_S = 600.0


@dataclass(frozen=True)
class Measured:
    """One promise, and what was found.

    Parameters
    ----------
    what : str
    budget : float
        At most.
    unit : str
    values : tuple of float
        One for each time.
    """

    what: str
    budget: float
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.values)


def network(n: int, indegree: int) -> Network:
    """Return a balanced network of `n` neurons with `indegree` synapses each."""
    n_exc, k_exc = n * 4 // 5, indegree * 4 // 5
    neuron = {"tau_m": 20.0, "V_th": 20.0, "V_reset": 10.0, "E_L": 0.0, "t_ref": 2.0}
    start = {"V_m": snnlab.Uniform(0.0, 20.0)}
    weight = 0.2 * (800 / max(k_exc, 1)) ** 0.5
    sizes = {"exc": n_exc, "inh": n - n_exc}
    rate = 2.0 * 20.0 / (weight * 20.0) * 1000.0
    return Network(
        [snnlab.Population(name, size, "LIFDelta", neuron, start) for name, size in sizes.items()],
        [
            snnlab.Projection(pre, post, snnlab.FixedIndegree(k), w, 1.5)
            for pre, k, w in (("exc", k_exc, weight), ("inh", indegree - k_exc, "-g"))
            for post in sizes
        ],
        stimuli=[snnlab.PoissonInput(f"to {p}", p, rate=rate, weight=weight) for p in sizes],
        knobs=[snnlab.Knob("g", 6.0 * weight)],
        name="budgets",
    )


def measure(session: Session, repeats: int, back_ms: float) -> list[Measured]:
    """Return what was measured of a session, which has not begun."""
    found: list[Measured] = []

    def note(what: str, budget: float, unit: str, action: Callable[[int], float]) -> None:
        found.append(Measured(what, budget, unit, tuple(action(k) for k in range(repeats))))
        one = found[-1]
        print(
            f"{one.what}: {one.median:.3g} {unit} (budget {budget:g})", file=sys.stderr, flush=True
        )

    session.run(back_ms / 2).wait(LIMIT_S)
    note("knob turned while it runs", 100.0, "ms", lambda k: _while_running(session, k))
    note("pause", 50.0, "ms", lambda _: _pause(session))
    note("population added", 2.0, "s", lambda k: _applied(session, _population(k)))
    note("projection added", 2.0, "s", lambda k: _applied(session, _projection(k)))
    note("projection removed", 2.0, "s",
         lambda k: _applied(session, snnlab.RemoveProjection(f"more {k}")))  # fmt: skip
    note("lesion of a tenth", 2.0, "s", lambda k: _lesion(session, k))
    note("undo of a population", 2.0, "s", lambda k: _undone(session, k))
    session.run(back_ms + 500.0).wait(LIMIT_S)
    note(f"way back by {back_ms / 1000:g} s", 1.0, "s", lambda _: _back(session, back_ms))
    note("branch", 2.0, "s", lambda _: _branch(session))
    note("breakpoint to pause", 1.0, "s", lambda _: _broken(session))
    note("session file", 20_000.0, "bytes", lambda _: float(len(session.share().encode())))
    return found


def _while_running(session: Session, k: int) -> float:
    session.run()
    time.sleep(0.3)
    began = time.perf_counter()
    session.set("g", session.network.knob("g").value * (1.01 if k % 2 else 0.99)).result(LIMIT_S)
    took = time.perf_counter() - began
    session.pause(60.0)
    return 1000.0 * took


def _pause(session: Session) -> float:
    session.run()
    time.sleep(0.3)
    began = time.perf_counter()
    session.pause(60.0)
    return 1000.0 * (time.perf_counter() - began)


def _population(k: int) -> snnlab.AddPopulation:
    return snnlab.AddPopulation(snnlab.Population(f"new {k}", 100, "LIFDelta"))


def _projection(k: int) -> snnlab.AddProjection:
    rule = snnlab.FixedIndegree(10)
    return snnlab.AddProjection(snnlab.Projection("exc", "inh", rule, 0.05, 1.5, name=f"more {k}"))


def _applied(session: Session, edit: Edit) -> float:
    began = time.perf_counter()
    session.apply(edit).result(LIMIT_S)
    return time.perf_counter() - began


def _lesion(session: Session, k: int) -> float:
    n = session.network.population("exc").size // 10
    return _applied(session, snnlab.Lesion("exc", range(k * 10, k * 10 + n)))


def _undone(session: Session, k: int) -> float:
    session.apply(_population(100 + k)).result(LIMIT_S)
    began = time.perf_counter()
    session.undo().result(LIMIT_S)
    return time.perf_counter() - began


def _back(session: Session, back_ms: float) -> float:
    end = session.t
    began = time.perf_counter()
    session.rewind(end - back_ms)
    took = time.perf_counter() - began
    session.run_until(end).wait(LIMIT_S)
    return took


def _branch(session: Session) -> float:
    began = time.perf_counter()
    with session.branch():
        return time.perf_counter() - began


def _broken(session: Session) -> float:
    """From running on to the pause at a condition that holds after 100 ms of model time."""
    condition = RateBeyond("exc", above=1e-6, window=100.0)
    session.break_when(condition)
    began = time.perf_counter()
    session.run().wait(LIMIT_S)
    session.clear_breakpoints()
    return time.perf_counter() - began


def table(found: Sequence[Measured]) -> str:
    """Return the table in Markdown."""
    lines = ["| promise | budget | median | worst | times |", "|---|---|---|---|---|"]
    lines += [
        f"| {m.what} | {m.budget:g} {m.unit} | {m.median:.3g} | {max(m.values):.3g} "
        f"| {len(m.values)} |"
        for m in found
    ]
    return "\n".join(lines)


def main(words: Sequence[str] | None = None) -> None:
    """Measure, and print a table with its conditions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.budgets", description=__doc__)
    parser.add_argument("--neurons", type=int, default=100_000, metavar="N")
    parser.add_argument("--indegree", type=int, default=100, metavar="K")
    parser.add_argument("--threads", type=int, default=2, metavar="T")
    parser.add_argument("--repeats", type=int, default=5, metavar="N")
    parser.add_argument("--back", type=float, default=10_000.0, metavar="MS")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the values there too")
    told = parser.parse_args(words)
    described = network(told.neurons, told.indegree)
    with (
        tempfile.TemporaryDirectory() as folder,
        snnlab.open(
            described, device="cpu", threads=told.threads, record=Path(folder) / "run.snnlog"
        ) as session,
    ):
        found = measure(session, told.repeats, told.back)
        factor = session.real_time_factor or 0.0
    print(
        f"{told.neurons} neurons, {told.neurons * told.indegree} synapses, {told.threads} threads, "
        f"real-time factor {factor:.2g}, load {os.getloadavg()[0]:.1f} at the end\n"
    )
    print(table(found))
    if told.json:
        told.json.write_text(json.dumps([asdict(m) for m in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
