"""Any network and any edit comes back from its file as it was; any other file is refused."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snnlab import presets
from snnlab.errors import FormatError
from snnlab.interop import native_json
from snnlab.model.network import Network
from tests.properties.random_networks import networks


@settings(max_examples=200)
@given(networks())
def test_network_comes_back_identical(network: Network) -> None:
    text = native_json.dumps(network)
    again = native_json.loads(text)
    assert again == network
    assert native_json.dumps(again) == text


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner,
                                                                max_size=3),
    max_leaves=6,
)  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> object:
    """A valid description in which one value, anywhere, is replaced by another one."""
    data = json.loads(native_json.dumps(presets.load("brunel", scale=0.01)))
    node, key = data, draw(st.sampled_from(sorted(data)))
    while isinstance(node[key], dict | list) and node[key] and draw(st.booleans()):
        node = node[key]
        key = draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
    node[key] = draw(plain)
    return data


@settings(max_examples=300)
@given(damaged())
def test_damaged_description_is_a_network_or_a_format_error(data: object) -> None:
    with suppress(FormatError):
        assert isinstance(native_json.from_dict(data), Network)


@settings(max_examples=300)
@given(st.integers(0, 2700), st.binary(max_size=4), st.integers(0, 8))
def test_damaged_bytes_are_a_network_or_a_format_error(at: int, bytes_: bytes, cut: int) -> None:
    text = native_json.dumps(presets.load("brunel", scale=0.01)).encode()
    with suppress(FormatError):
        native_json.loads(text[:at] + bytes_ + text[at + cut :])


@pytest.mark.parametrize("name", presets.names())
def test_every_truncation_is_refused(name: str) -> None:
    text = native_json.dumps(presets.load(name, scale=0.125)).rstrip()
    for length in range(0, len(text), max(len(text) // 50, 1)):
        with pytest.raises(FormatError):
            native_json.loads(text[:length])
