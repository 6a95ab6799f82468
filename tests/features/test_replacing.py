"""Rules that replace the synapses that go: as many are formed, once, whoever computes it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from snnlab.cpu.engine import CpuEngine
from snnlab.frames.health import Kind
from snnlab.frames.structure import StructuralEvents
from snnlab.interop.checkpoint_file import load_checkpoint, save_checkpoint
from snnlab.model.connectivity import AllToAll, PairwiseBernoulli
from snnlab.model.edits import SetParameter
from snnlab.model.network import Network, Population, Projection
from snnlab.model.rewiring import Rewiring, RewiringRule
from snnlab.rules.philox import philox4x32, stream_id
from tests.features.test_rewiring import assert_same, pairs, run
from tests.rewired_networks import churning

N = 12 * 12
STEPS = 400
FALSE_ALARMS = 1e-4
"""How often a correct engine would fail a test of randomness, over seeds."""


class Shuffle(RewiringRule):
    """All synapses go, any pair gets one."""

    replaces = True

    @staticmethod
    def prune(syn, pair, p):
        return True

    @staticmethod
    def accept(pair, p):
        return True


class Stubborn(Shuffle):
    """No pair gets a synapse but a few."""

    @staticmethod
    def accept(pair, p):
        return pair.indegree < 1


@pytest.fixture(scope="module")
def expected() -> tuple[np.ndarray, StructuralEvents]:
    """The run that all others must equal."""
    spikes, events = run(CpuEngine(churning(), threads=1), (STEPS,))
    assert spikes.shape[0] > 500
    assert all(len(events.of(k)) > 20 for k in range(4))
    return spikes, events


# --- who computes it, and when --------------------------------------------------------------------


@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("chops", [(STEPS,), (1, 4, 5, 10, 80, 200, 99, 1)], ids=["whole", "cut"])
def test_threads_and_cuts_change_nothing(expected, threads: int, chops: tuple[int, ...]) -> None:
    assert_same(run(CpuEngine(churning(), threads=threads), chops), expected)


@pytest.mark.parametrize("n_pairs", [1, 7, 100_000])
def test_partitions_and_rounds_change_nothing(expected, n_pairs: int, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.layout.MAX_PARTITION", 128)
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays.ROUND", n_pairs)
    engine = CpuEngine(churning(), threads=2)
    assert engine._arrays.partitions.n >= 4
    assert_same(run(engine, (STEPS,)), expected)


@pytest.mark.parametrize("threads", [1, 3])
def test_rows_that_are_full_get_room(expected, threads: int, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.build.growing._ROOM", 1)
    engine = CpuEngine(churning(), threads=threads)
    before = engine._arrays
    assert_same(run(engine, (STEPS,)), expected)
    assert engine._arrays is not before


def test_a_list_of_events_that_is_full_is_emptied(expected, monkeypatch) -> None:
    monkeypatch.setattr("snnlab.arrays.rewiring_arrays._EVENTS", 1)
    engine = CpuEngine(churning(), threads=3)
    assert engine._arrays.rewirings.events.shape[1] == 40
    assert_same(run(engine, (STEPS,)), expected)


@pytest.mark.parametrize("step", [1, 35, 70, 350])
def test_a_run_goes_on_from_any_state(expected, step: int, tmp_path) -> None:
    engine = CpuEngine(churning(), threads=2)
    first = run(engine, (step,))
    save_checkpoint(engine.checkpoint(), tmp_path / "a.checkpoint")
    other = CpuEngine(churning(), threads=1)
    run(other, (50,))
    other.restore(load_checkpoint(tmp_path / "a.checkpoint"))
    second = run(other, (STEPS - step,))
    both = np.concatenate([first[0], second[0]]), StructuralEvents.joined([first[1], second[1]])
    assert_same(both, expected)


# --- what happens ---------------------------------------------------------------------------------


def test_the_number_of_synapses_stays_at_every_call(expected) -> None:
    events = expected[1]
    for k in (0, 1, 3):
        mine = events.of(k)
        formed = np.bincount(mine.step[mine.is_formed], minlength=STEPS)
        gone = np.bincount(mine.step[~mine.is_formed], minlength=STEPS)
        np.testing.assert_array_equal(formed, gone)
        every = churning().rewiring_steps_of(churning().rewirings[k])
        assert (gone[every::every] > 0).all()
        assert gone.sum() == gone[every::every].sum()


def test_events_lead_from_the_first_synapses_to_the_last() -> None:
    engine = CpuEngine(churning(), threads=2)
    held = {name: pairs(engine, name) for name in ("forward", "lateral")}
    _, events = run(engine, (STEPS,))
    names = [rewiring.projection for rewiring in engine.network.rewirings]
    for _, rewiring, is_formed, pre, post in zip(
        *(c.tolist() for c in events.columns), strict=True
    ):
        mine = held[names[rewiring]]
        assert ((pre, post) in mine) is not is_formed
        assert pre != post
        mine.symmetric_difference_update({(pre, post)})
    for name, left in held.items():
        assert pairs(engine, name) == left


class ByHand:
    """What `Churn` does to one projection, in plain Python."""

    def __init__(self, network: Network, start: set[tuple[int, int]]) -> None:
        self.rewiring, self.seed = network.rewirings[0], network.seed
        self.stream, self.held = stream_id("rewiring", self.rewiring.name), set(start)
        values = network.rewiring_parameters_of(self.rewiring)
        self.p_go, self.far = np.float32(values["p_go"]), values["far"]
        self.forbids_self = network.projection(self.rewiring.projection).pre == "target"
        self.events: list[tuple[int, ...]] = []

    def drawn(self, step: int, first: int, second: int, site: int) -> np.float32:
        word = philox4x32.py_func(first, step, site, second, self.seed, self.stream)[0]
        return np.float32((int(word) >> 9) + 0.5) * np.float32(2.0**-23)

    def indegree(self, post: int) -> int:
        return sum(target == post for _, target in self.held)

    def accepts(self, step: int, k: int, pre: int, post: int) -> bool:
        dx, dy = (min(abs(a - b), 12 - abs(a - b)) for a, b in
                  ((pre % 12, post % 12), (pre // 12, post // 12)))  # fmt: skip
        if math.hypot(dx, dy) > self.far or self.indegree(post) >= 14:
            return False
        return bool(self.drawn(step, k, 0xFFFFFFFF, 1) < np.float32(0.9))

    def call(self, step: int) -> None:
        n = 0
        for pre, post in sorted(self.held):
            limit = self.p_go if self.indegree(post) < 9 else np.float32(2) * self.p_go
            if self.drawn(step, pre, post, 0) < limit:
                self.held.remove((pre, post))
                self.events.append((step, 0, pre, post))
                n += 1
        k = 0
        while n:
            words = philox4x32.py_func(k, step, 2, 0xFFFFFFFE, self.seed, self.stream)
            post, pre = (int(words[i]) * N >> 32 for i in (0, 1))
            is_free = (pre, post) not in self.held and not (self.forbids_self and pre == post)
            if is_free and self.accepts(step, k, pre, post):
                self.held.add((pre, post))
                self.events.append((step, 1, pre, post))
                n -= 1
            k += 1


@pytest.mark.parametrize(
    ("synapse", "which"), [("Static", 0), ("STDP", 0), ("Static", 1)],
    ids=["static", "plastic", "recurrent"],
)  # fmt: skip
def test_a_rule_does_what_plain_python_does(synapse: str, which: int) -> None:
    network = churning(synapse=synapse)
    network = network.replace(rewirings=network.rewirings[which : which + 1])
    engine = CpuEngine(network, threads=2)
    first_pre = 0 if which == 0 else N
    held = pairs(engine, network.rewirings[0].projection)
    by_hand = ByHand(network, {(pre - first_pre, post - N) for pre, post in held})
    _, events = run(engine, (101,))
    every = network.rewiring_steps_of(network.rewirings[0])
    for step in range(every, 101, every):
        by_hand.call(step)
    wanted = sorted(by_hand.events, key=lambda event: (event[0], event[3]))
    found = zip(events.step, events.is_formed, events.pre - first_pre, events.post - N, strict=True)
    assert len(wanted) > 300
    assert [tuple(map(int, event)) for event in found] == wanted


@pytest.mark.parametrize("is_recurrent", [False, True], ids=["forward", "recurrent"])
def test_any_pair_is_as_likely(is_recurrent: bool) -> None:
    a, b = Population("a", N, "LIFDelta"), Population("b", N, "LIFDelta")
    rule = PairwiseBernoulli(0.1, autapses=False) if is_recurrent else PairwiseBernoulli(0.1)
    projection = Projection("a", "a" if is_recurrent else "b", rule, 1.0, 1.0, name="p")
    network = Network([a, b], [projection], rewirings=[Rewiring("p", Shuffle, 0.1)], seed=3)
    engine = CpuEngine(network, threads=2)
    n = engine.synapses("p").pre.size
    calls = 100
    _, events = run(engine, (calls + 1,))
    formed = events.at(events.is_formed)
    assert len(formed) == calls * n
    pre, post = formed.pre, formed.post - (0 if is_recurrent else N)
    if is_recurrent:  # the pairs of different neurons, as if the diagonal were not there
        assert (pre != post).all()
        post = post - (post > pre)
    n_post = N - 1 if is_recurrent else N
    # Pairs are drawn without replacement, which makes counts vary less than a multinomial's.
    counts = np.bincount(pre * n_post + post, minlength=N * n_post)
    m = N * n_post
    spread = (m - 1) / (m - n)
    for bins in (counts, counts.reshape(N, n_post).sum(0), counts.reshape(N, n_post).sum(1)):
        mean = calls * n / bins.size
        chi2 = spread * ((bins - mean) ** 2 / mean).sum()
        p = stats.chi2.sf(chi2, bins.size - 1)
        assert FALSE_ALARMS / 6 < p < 1 - FALSE_ALARMS / 6


def learning(rule: str, parameters: dict[str, float]) -> Network:
    """Plastic synapses that reach zero."""
    source = Population("source", N, "PoissonSource", {"rate": 100.0})
    target = Population("target", N, "LIFDelta")
    projection = Projection(
        "source", "target", PairwiseBernoulli(0.1), 1.5, 0.3, name="p", synapse="STDP",
        parameters={"W_max": 3.0, "learning_rate": 0.3},
    )  # fmt: skip
    rewiring = Rewiring("p", rule, 2.0, parameters=parameters, weight=0.7)
    return Network([source, target], [projection], rewirings=[rewiring])


def test_weights_drift_and_walk_once_a_call() -> None:
    """Within five standard errors: a false alarm in 1.7 million for each of the two."""
    warm = {"drift": 0.01, "temperature": 2e-4}
    network = SetParameter("source", "rate", 0.0).apply(learning("DeepR", warm))
    engine = CpuEngine(network, threads=2)
    engine.advance(1)
    before = engine.synapses("p").weight.astype(np.float64)
    assert (before == 1.5).all()
    n_calls, n = 5, before.size
    engine.advance(20 * n_calls)
    change = engine.synapses("p").weight - before
    variance = n_calls * 2.0 * warm["temperature"]
    assert abs(change.mean() + n_calls * warm["drift"]) < 5.0 * math.sqrt(variance / n)
    assert abs(change.var() / variance - 1.0) < 5.0 * math.sqrt(2.0 / n)


@pytest.mark.parametrize("place", ["growing._ROOM", "layout.MAX_PARTITION"])
def test_weights_are_changed_once_wherever_a_call_is_broken_off(place: str, monkeypatch) -> None:
    warm = {"drift": 0.05, "temperature": 1e-2}
    usual = CpuEngine(learning("DeepR", warm), threads=1)
    expected = run(usual, (400,))
    assert expected[1].is_formed.sum() > 200
    monkeypatch.setattr(f"snnlab.build.{place}", 1 if place == "growing._ROOM" else 128)
    engine = CpuEngine(learning("DeepR", warm), threads=2)
    assert_same(run(engine, (130, 1, 269)), expected)
    np.testing.assert_array_equal(engine.synapses("p").weight, usual.synapses("p").weight)


@pytest.mark.parametrize(
    ("rule", "parameters", "highest"),
    [("DeepR", {}, 0.0), ("Threshold", {"w_threshold": 0.5}, np.nextafter(0.5, 0.0))],
    ids=["DeepR", "Threshold"],
)
def test_weak_synapses_go_and_new_ones_start_anew(rule, parameters, highest: float) -> None:
    engine = CpuEngine(learning(rule, parameters), threads=2)
    n, n_gone = engine.synapses("p").pre.size, 0
    last = engine.advance(20)
    for _ in range(40):
        before = engine.synapses("p")
        weak = before.weight <= highest
        frame = engine.advance(1)
        events = frame.structure
        gone = events.at(~events.is_formed)
        wanted = set(zip(before.pre[weak].tolist(), before.post[weak].tolist(), strict=True))
        assert set(zip(gone.pre.tolist(), gone.post.tolist(), strict=True)) == wanted
        formed = events.at(events.is_formed)
        new = set(zip(formed.pre.tolist(), formed.post.tolist(), strict=True))
        after = engine.synapses("p")
        listed = list(zip(after.pre.tolist(), after.post.tolist(), strict=True))
        assert len(set(listed)) == len(listed) == n
        # Synapses have learnt from spikes of this step, and from those under way to them.
        under_way = last.neuron[last.step >= last.t_stop - 4]
        active = np.concatenate([frame.neuron, under_way])
        is_quiet = ~(np.isin(after.pre, active) | np.isin(after.post, active))
        is_new = np.array([pair in new for pair in listed])
        np.testing.assert_allclose(after.weight[is_new & is_quiet], 0.7, rtol=1e-6)
        n_gone += len(gone)
        last = engine.advance(19)
    assert n_gone > 100


# --- bounds ---------------------------------------------------------------------------------------


def test_a_full_projection_gets_its_synapses_back() -> None:
    a, b = Population("a", 30, "LIFDelta"), Population("b", 40, "LIFDelta")
    projection = Projection("a", "b", AllToAll(), 1.0, 1.0, name="p")
    rewiring = Rewiring("p", Shuffle, 1.0)
    engine = CpuEngine(Network([a, b], [projection], rewirings=[rewiring]), threads=2)
    frame = engine.advance(11)
    assert frame.structure.is_formed.sum() == 1200
    assert len(pairs(engine, "p")) == 1200
    assert not frame.health


def test_a_search_for_places_ends_and_says_so() -> None:
    a, b = Population("a", 20, "LIFDelta"), Population("b", 30, "LIFDelta")
    projection = Projection("a", "b", AllToAll(), 1.0, 1.0, name="p")
    rewiring = Rewiring("p", Stubborn, 1.0, name="stubborn")
    engine = CpuEngine(Network([a, b], [projection], rewirings=[rewiring]), threads=2)
    assert not engine.advance(10).health
    frame = engine.advance(1)
    assert frame.structure.is_formed.sum() == 30
    assert len(pairs(engine, "p")) == 30
    (trouble,) = frame.health
    assert trouble.kind is Kind.SHORTAGE
    assert trouble.value == 570
    assert "'stubborn' did not replace" in trouble.text
    assert not engine.advance(30).health  # all that go have a place now


def test_a_rule_without_attempts_rests() -> None:
    network = churning()
    for name in ("churn", "churn too", "attempts", "churn again"):
        network = SetParameter(name, "attempts", 0).apply(network)
    engine = CpuEngine(network, threads=2)
    assert len(run(engine, (100,))[1]) == 0
    engine.apply(SetParameter("churn", "attempts", 1).apply(engine.network))
    assert len(run(engine, (100,))[1]) > 100
