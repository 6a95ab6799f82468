"""Where e-prop leaves nothing out it is the derivative of the loss: at the read-out."""

from __future__ import annotations

import numpy as np
import pytest

from snnlab.learning import EProp, initial_weights
from tests.learning.spike_trials import network, random_trials

STEP = 1e-6


@pytest.mark.parametrize("form", ["adjoint", "online"])
@pytest.mark.parametrize("readout", ["softmax", "regression"])
@pytest.mark.parametrize("case", ["alif", "late vote", "taus apart"])
def test_the_gradient_of_the_readout_is_a_derivative(case: str, readout: str, form: str) -> None:
    net = network(case, readout=readout)
    eprop, trials, weights = EProp(net, form=form), random_trials(n=3), initial_weights(net)
    # Of softmax far from its goal nothing but the largest output would be seen.
    weights.output *= 0.1
    targets = None
    if readout == "regression":
        targets = np.random.default_rng(3).normal(size=(3, 50, 5))
    gradient = eprop.gradient(weights, trials, targets=targets)
    for array, found in ((weights.output, gradient.output), (weights.bias, gradient.bias)):
        scale = np.abs(found).max()
        for place in [(0,) * array.ndim, (-1,) * array.ndim, *zip(*np.nonzero(found))][:12]:  # noqa: B905
            losses = []
            kept = array[place]
            for sign in (1.0, -1.0):
                array[place] = kept + sign * STEP
                losses.append(eprop.evaluate(weights, trials, targets=targets).loss.sum())
            array[place] = kept
            slope = (losses[0] - losses[1]) / (2 * STEP)
            assert found[place] == pytest.approx(slope, abs=1e-5 * scale)
