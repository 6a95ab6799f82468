"""Plastic synapses in the engine do what their rules say, event by event."""

import numpy as np
import pytest

from snnlab.cpu.engine import CpuEngine
from snnlab.rules.emit_row import PIECE, RECENT
from tests.synapses import by_hand, paired, poisson_steps

pytestmark = pytest.mark.usefixtures("both_engines")

MODELS = {
    "STDP": {"W_max": 2.0, "learning_rate": 0.02, "alpha": 1.1, "tau_minus": 33.0},
    "STDPDeliverFirst": {"W_max": 2.0, "learning_rate": 0.02, "tau_minus": 64.0},
    "STDPNearest": {"W_max": 2.0, "learning_rate": 0.02, "tau_minus": 33.0},
    "STDPMultiplicative": {"W_max": 2.0, "learning_rate": 0.05},
    "STDPGuetig": {"W_max": 2.0, "learning_rate": 0.05, "mu_plus": 0.3, "mu_minus": 0.6},
    "STDPPowerLaw": {"learning_rate": 0.05, "alpha": 0.9, "mu": 0.4},
    "STDPTriplet": {"W_max": 2.0, "A_plus": 0.005, "A_plus_triplet": 0.01, "A_minus": 0.007,
                    "A_minus_triplet": 0.003},
    "VogelsSprekeler": {"W_max": 2.0, "eta": 0.02},
    "TsodyksMarkram": {"U": 0.3, "tau_rec": 200.0, "tau_fac": 50.0},
    "STDPDopamine": {"W_max": 2.0, "A_plus": 0.01, "A_minus": 0.012, "b": 0.001},
}  # fmt: skip
N_STEPS = 4000
RATES = {"slow": (10.0, 15.0), "bursting": (5.0, 400.0), "silent pre": (1.0, 200.0)}


def trains(kind):
    pre_rate, post_rate = RATES[kind]
    return poisson_steps(pre_rate, N_STEPS, 1), poisson_steps(post_rate, N_STEPS, 2)


@pytest.mark.parametrize("kind", RATES)
@pytest.mark.parametrize("synapse", MODELS)
def test_weights_follow_the_rule(synapse, kind):
    pre, post = trains(kind)
    mod = [100, 130, 1500, 3000] if synapse == "STDPDopamine" else None
    network = paired(synapse, MODELS[synapse], pre, post, mod=mod)
    engine = CpuEngine(network, threads=1, precision="float64")
    frame = engine.advance(N_STEPS)
    # Nothing but the given trains: what is compared is the rule, not the neurons.
    assert frame.step[frame.neuron == engine.network.first_id("post")].tolist() == post
    effects, syn = by_hand(synapse, MODELS[synapse], pre, post, N_STEPS, mod=mod or ())
    found = engine.synapses("plastic")
    np.testing.assert_allclose(found.weight, [syn.weight], rtol=1e-10)
    for name, values in found.variables.items():
        np.testing.assert_allclose(values, [getattr(syn, name)], rtol=1e-9, atol=1e-14)
    assert effects


@pytest.mark.parametrize("synapse", MODELS)
def test_single_precision_is_close(synapse):
    pre, post = trains("slow")
    mod = [100, 1500] if synapse == "STDPDopamine" else None
    network = paired(synapse, MODELS[synapse], pre, post, mod=mod)
    engine = CpuEngine(network, threads=1)
    engine.advance(N_STEPS)
    _, syn = by_hand(synapse, MODELS[synapse], pre, post, N_STEPS, mod=mod or ())
    np.testing.assert_allclose(engine.synapses("plastic").weight, [syn.weight], rtol=1e-5)


def test_dopamine_adds_up_what_is_smaller_than_the_last_digit_of_the_weight():
    parameters = {"W_max": 2.0, "A_plus": 5e-6, "A_minus": 0.0}
    pre, post, mod = [100, 300], [150, 350], [200]
    _, syn = by_hand("STDPDopamine", parameters, pre, post, N_STEPS, mod=mod)
    engine = CpuEngine(paired("STDPDopamine", parameters, pre, post, mod=mod), threads=1)
    engine.advance(N_STEPS)
    last_digit = np.spacing(np.float32(1.0))
    assert 20 * last_digit < syn.weight - 1.0 < 0.1 * last_digit * N_STEPS
    (weight,) = engine.synapses("plastic").weight
    assert abs(weight - syn.weight) < 2 * last_digit


@pytest.mark.parametrize("synapse", ["STDP", "STDPTriplet"])
@pytest.mark.parametrize("delay", [0.5, 4.0, 30.0])
def test_rows_of_any_length_know_any_number_of_spikes_under_way(synapse, delay):
    """More targets than are dealt with together; up to 18 of their spikes still in the dendrite."""
    n = PIECE + 44
    pre, post = trains("bursting")
    engine = CpuEngine(
        paired(synapse, MODELS[synapse], pre, post, n=n, delay=delay), threads=1,
        precision="float64",
    )  # fmt: skip
    engine.advance(N_STEPS)
    _, syn = by_hand(synapse, MODELS[synapse], pre, post, N_STEPS, delay=round(10 * delay))
    weights = engine.synapses("plastic").weight
    assert weights.size == n * n
    np.testing.assert_allclose(weights, syn.weight, rtol=1e-10)
    under_way = [sum(s - 10 * delay < q < s for q in post) for s in pre]
    assert (max(under_way) > RECENT) == (delay == 30.0)


@pytest.mark.parametrize(("fraction", "dendritic"), [(1.0, 20), (0.75, 15), (0.5, 10)])
def test_only_the_dendritic_part_of_the_delay_holds_back_postsynaptic_spikes(fraction, dendritic):
    pre, post = [100, 140], [110, 125, 150]
    network = paired("STDP", MODELS["STDP"], pre, post, delay=2.0, dendritic_fraction=fraction)
    engine = CpuEngine(network, threads=1, precision="float64")
    engine.advance(300)
    _, syn = by_hand("STDP", MODELS["STDP"], pre, post, 300, delay=20, dendritic=dendritic)
    np.testing.assert_allclose(engine.synapses("plastic").weight, [syn.weight], rtol=1e-12)
    if fraction < 1.0:
        _, other = by_hand("STDP", MODELS["STDP"], pre, post, 300, delay=20)
        assert other.weight != pytest.approx(syn.weight)


def test_spikes_that_meet_at_the_synapse_do_not_see_each_other():
    network = paired("STDP", MODELS["STDP"], [100], [90], delay=1.0)
    engine = CpuEngine(network, threads=1)
    engine.advance(300)
    assert engine.synapses("plastic").weight[0] == 1.0


def test_the_effect_arrives_after_the_whole_delay():
    parameters = MODELS["TsodyksMarkram"]
    network = paired("TsodyksMarkram", parameters, [50, 90, 95], [], weight=8.0, delay=2.5)
    engine = CpuEngine(network, threads=1, precision="float64")
    effects, _ = by_hand("TsodyksMarkram", parameters, [50, 90, 95], [], 300, weight=8.0)
    v = []
    for _ in range(200):
        engine.advance(1)
        v.append(engine.checkpoint().arrays["state/post"][0, 0])
    left = np.exp(-0.1)
    arrived = np.diff(v, prepend=0.0) + np.concatenate([[0.0], v[:-1]]) * (1 - left)
    steps = np.flatnonzero(arrived > 1e-3)
    np.testing.assert_array_equal(steps, [75, 115, 120])
    np.testing.assert_allclose(arrived[steps], effects, rtol=1e-6)


@pytest.mark.parametrize("synapse", ["STDP", "STDPTriplet"])
def test_reading_weights_changes_nothing(synapse):
    """Weights are brought up to date when they are read; what follows is the same to the bit."""
    pre, post = trains("bursting")
    network = paired(synapse, MODELS[synapse], pre, post)
    plain, read = CpuEngine(network, threads=1), CpuEngine(network, threads=1)
    plain.advance(N_STEPS)
    for _ in range(N_STEPS // 10):
        read.advance(10)
        read.synapses("plastic")
    assert plain.synapses("plastic").weight[0] == read.synapses("plastic").weight[0]


def test_effects_beyond_the_range_are_cut_and_counted():
    """A rule that outgrows its start weight 16 times saturates instead of wrapping around."""
    from snnlab.model.synapse import Synapse

    class Doubling(Synapse):
        """Every spike doubles the weight."""

        @staticmethod
        def on_pre(syn, pre, post, p):
            syn.weight = syn.weight * 2.0
            return syn.weight

    network = paired("Doubling", {}, [*range(20, 60, 10), 80, 90, 100], [], weight=1.0)
    engine = CpuEngine(network, threads=1)
    frames = [engine.advance(50) for _ in range(4)]
    assert engine.synapses("plastic").weight[0] == 128.0
    assert [[t.value for t in f.health] for f in frames] == [[], [2], [], []]
    assert engine._arrays.plastic.clipped.sum() == 3  # told again when it is twice as many
    assert "effects of projection 'plastic' that were cut" in frames[1].health[0].text
    assert "must be 0: effects are cut to 16 mV (got 2)" in frames[1].health[0].text


def test_steps_beyond_32_bits_count_as_what_they_are(monkeypatch):
    """Histories hold steps modulo 2^32 and forget in time: here every 64 steps."""
    pre, post = trains("slow")
    plain = CpuEngine(paired("STDPTriplet", MODELS["STDPTriplet"], pre, post), threads=1)
    plain.advance(N_STEPS)
    monkeypatch.setattr("snnlab.arrays.engine._AGE_STEPS", 64)
    aged = CpuEngine(paired("STDPTriplet", MODELS["STDPTriplet"], pre, post), threads=1)
    aged.advance(N_STEPS)
    expected = plain.checkpoint().arrays
    for name, array in aged.checkpoint().arrays.items():
        np.testing.assert_array_equal(array, expected[name], err_msg=name)


def test_a_run_goes_on_past_the_step_at_which_stored_steps_wrap_around():
    """The same spikes and weights 2^31 steps later: 60 hours of model time at 0.1 ms."""
    from snnlab.arrays.plastic_carry import take_over_plastic

    pre, post = [40, 90, 130], [60, 100, 118]
    weights = []
    for offset in (0, 2**31 - 70):
        shifted = [s + offset for s in pre], [s + offset for s in post]
        engine = CpuEngine(paired("STDP", MODELS["STDP"], *shifted), threads=1)
        engine._step = offset
        take_over_plastic(engine._arrays, {}, offset)
        engine._settle()
        engine.advance(300)
        weights.append(engine.synapses("plastic").weight[0])
    assert weights[0] == weights[1] != 1.0
