"""What follows from raw values: real-time factor, the rest that no timer explains, efficiency."""

from __future__ import annotations

import numpy as np

from snnlab.bench.combine import combine
from snnlab.bench.derived import derive, other_time
from snnlab.bench.record import Record, make_record

PHASES = ("simulate", "simulate/update", "simulate/deliver", "simulate/deliver/local")


def run(threads: int, simulate: float, **energy: float) -> Record:
    """One repeat: half of it updates, a quarter delivers, the rest is not explained."""
    wall = [[simulate, 0.5 * simulate, 0.25 * simulate, 0.1 * simulate]]
    return make_record(
        {"wall_time": wall, "model_time": [500.0], "n_syn_events": [1e6]}
        | ({"energy": np.full((1, 4, 2), energy["joule"])} if energy else {}),
        {"threads": threads, "spec_id": "a", "p_scale": 1.0},
        labels={"phase": PHASES, "device": ("package", "dram")},
    )


def by_threads(*records: Record) -> dict[str, list[float]]:
    """Derived quantities of the first repeat, ordered by threads."""
    found = derive(combine([r.dataset for r in records])).sortby("threads")
    names = ("real_time_factor", "other_time", "other_share", "efficiency")
    return {n: np.ravel(found[n].values).tolist() for n in names}


def test_factor_rest_and_efficiency() -> None:
    found = by_threads(run(4, 1.0), run(1, 2.0), run(2, 1.0))
    np.testing.assert_allclose(found["real_time_factor"], [4.0, 2.0, 2.0])
    np.testing.assert_allclose(found["other_time"], [0.5, 0.25, 0.25])
    np.testing.assert_allclose(found["other_share"], 0.25)
    np.testing.assert_allclose(found["efficiency"], [1.0, 1.0, 0.5])


def test_rest_is_unknown_where_nothing_below_was_measured() -> None:
    one = make_record({"wall_time": [[1.0]]}, {}, labels={"phase": ("simulate",)})
    both = combine([one.dataset, run(1, 2.0).dataset])
    assert sorted(np.isnan(other_time(both, "simulate").values.ravel())) == [False, True]


def test_energy_of_all_devices_per_synaptic_event() -> None:
    found = derive(combine([run(1, 2.0, joule=3.0).dataset]))
    np.testing.assert_allclose(found["energy_per_syn_event"].values, [[6e-6]])


def test_nothing_is_derived_without_times() -> None:
    empty = combine([make_record({"seed": [1]}, {}).dataset])
    assert derive(empty) is empty
