"""Spikes stay what they were from version to version; a change belongs into CHANGELOG.md."""

import pytest

from snnlab.cpu.engine import CpuEngine
from tests.networks import balanced, digest, spikes

DIGESTS = {
    1: "d4e5a98a200e62f59563e80cc3cf5bb49a84c5f07e06a24f3d3f831c82eb2818",
    2: "497ff9ea876894effd26a91e5e28063e96009b03caad23f0c008cd96467e95af",
}
"""Seed -> SHA-256 of the first 100 ms of the balanced network, as little-endian int64 pairs."""


@pytest.mark.parametrize("seed", DIGESTS)
def test_spikes_are_those_of_the_first_version(seed):
    assert digest(spikes(CpuEngine(balanced(seed=seed)), [1000])) == DIGESTS[seed]
