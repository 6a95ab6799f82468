"""Spikes stay what they were from version to version; a change belongs into CHANGELOG.md."""

import pytest

from snnlab.cpu.engine import CpuEngine
from tests.networks import balanced, digest, spikes

DIGESTS = {
    1: "d7acfbb918f203e584c3ecb903669432d9744d34be2422b75d7ba76f81a76347",
    2: "9fba0a8ff0ed50bcfdb584c009803a589268159f023a1d8bd550fc63c2e2d65b",
}
"""Seed -> SHA-256 of the first 100 ms of the balanced network, as little-endian int64 pairs."""


@pytest.mark.parametrize("seed", DIGESTS)
def test_spikes_are_those_of_the_first_version(seed):
    assert digest(spikes(CpuEngine(balanced(seed=seed)), [1000])) == DIGESTS[seed]
