"""Spikes stay what they were from version to version; a change belongs into CHANGELOG.md."""

import pytest

from snnlab.cpu.engine import CpuEngine
from tests.networks import balanced, digest, spikes

DIGESTS = {
    1: "41bb8d88288b91f0db58f6cb17d21b05b6a020aaf2552dfb35ff1401489c01e3",
    2: "1cde4920758b393dce5fb8ec8f70354c2744fb9a7c40cdf5bca2891814b9d712",
}
"""Seed -> SHA-256 of the first 100 ms of the balanced network, as little-endian int64 pairs."""


@pytest.mark.parametrize("seed", DIGESTS)
def test_spikes_are_those_of_the_first_version(seed):
    assert digest(spikes(CpuEngine(balanced(seed=seed)), [1000])) == DIGESTS[seed]
