"""A session gives calcium and synaptic elements as a labelled table, at any moment."""

from __future__ import annotations

import numpy as np
import pytest

import snnlab
from snnlab.errors import SpecError
from snnlab.model.edits import SetSynapticElements
from tests.features.test_homeostatic import growing


def test_elements_are_read_set_and_rewound() -> None:
    with snnlab.open(growing()) as session:
        session.run("10 ms").wait()
        kept = session.checkpoint()
        before = session.synaptic_elements("exc")
        assert before.Ca.sizes == {"neuron": 144}
        assert before.z.sizes == {"neuron": 144, "element": 4}
        assert before.attrs == {"population": "exc", "time": 10.0, "time_units": "ms"}
        np.testing.assert_array_equal(
            before.vacant, np.floor(before.z).astype(int) - before.connected
        )
        session.apply(SetSynapticElements("exc", "Den", "growth_rate", 0.0)).result(10)
        session.run("10 ms").wait()
        after = session.synaptic_elements("exc").z
        assert (after.sel(element="Den") <= before.z.sel(element="Den")).all()
        assert (after.sel(element="Den_in") > before.z.sel(element="Den_in")).any()
        session.undo().result(10)
        session.rewind(kept)
        np.testing.assert_array_equal(session.synaptic_elements("exc").z, before.z)
        with pytest.raises(SpecError, match="Did you mean 'exc'"):
            session.synaptic_elements("ecx")
