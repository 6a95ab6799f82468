"""What the columns of recorded data mean: enough to label them without building the network.

A network file names its neuron models; whoever reads data need not have them. So names, sizes and
units travel with the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.errors import FormatError, unknown_name
from snnlab.model.recorders import StateRecorder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.model.network import Network
    from snnlab.model.recorders import Recorder

__all__ = ["Layout", "Recorded", "Rewired", "Variable"]


@dataclass(frozen=True)
class Variable:
    """A recorded state variable.

    Parameters
    ----------
    name : str
    doc : str
        What it is, in words.
    unit : str
    """

    name: str
    doc: str
    unit: str


@dataclass(frozen=True)
class Recorded:
    """What one recorder samples.

    Parameters
    ----------
    name : str
    first_id : int
        Global id of the first neuron of its population.
    neurons : tuple of int
        Indices within the population.
    variables : tuple of Variable
    projection : str
        Whose synapses it samples; empty: it samples neurons. Which synapses these are is drawn when
        the network is built, so that frames tell it: `snnlab.frames.frame.Samples.synapses`.
    """

    name: str
    first_id: int
    neurons: tuple[int, ...]
    variables: tuple[Variable, ...]
    projection: str = ""

    def shape(self, n_synapses: int = 0) -> tuple[int, int]:
        """Return the numbers of variables and of neurons or synapses: the shape of one sample.

        Parameters
        ----------
        n_synapses : int
            How many synapses it samples, if it does; the layout does not know.
        """
        return len(self.variables), n_synapses if self.projection else len(self.neurons)

    @property
    def ids(self) -> NDArray[np.int64]:
        """Global ids of the neurons, shape (n_neurons,)."""
        return np.array(self.neurons, np.int64) + self.first_id


@dataclass(frozen=True)
class Rewired:
    """What makes structural events.

    Parameters
    ----------
    name : str
        Of the rewiring.
    projection : str
        Whose synapses it forms and removes.
    """

    name: str
    projection: str


@dataclass(frozen=True)
class Layout:
    """What the global ids, the counts and the samples of frames mean.

    Parameters
    ----------
    name : str
        Of the network.
    dt : float [ms]
    seed : int
    populations : tuple of str
        Names in network order.
    sizes : tuple of int
        Their numbers of neurons.
    recorders : tuple of Recorded
    rewirings : tuple of Rewired
        In network order, to which structural events refer.
    """

    name: str
    dt: float
    seed: int
    populations: tuple[str, ...]
    sizes: tuple[int, ...]
    recorders: tuple[Recorded, ...]
    rewirings: tuple[Rewired, ...] = ()

    @classmethod
    def of(cls, network: Network) -> Layout:
        """Return the layout of what `network` records."""
        return cls(
            network.name,
            network.dt,
            network.seed,
            tuple(p.name for p in network.populations),
            tuple(p.size for p in network.populations),
            tuple(_recorded(network, recorder) for recorder in network.recorders),
            tuple(Rewired(r.name, r.projection) for r in network.rewirings),
        )

    @property
    def n_neurons(self) -> int:
        """Number of neurons of all populations."""
        return sum(self.sizes)

    @property
    def first_ids(self) -> NDArray[np.int64]:
        """Global id of the first neuron of each population, shape (n_populations,)."""
        sizes = np.array(self.sizes, np.int64)
        return np.cumsum(sizes) - sizes

    @cached_property
    def labels(self) -> Mapping[str, Recorded]:
        """Recorders by a name that files can hold and that no other recorder has."""
        labels: dict[str, Recorded] = {}
        taken = ["event"] if self.rewirings else []  # as in ``event_time``
        for recorder in self.recorders:
            label = re.sub(r"[^\w.+-]", "_", recorder.name)
            while label in labels or label in taken:
                label += "_"
            labels[label] = recorder
        return labels

    def population(self, name: str) -> range:
        """Return the global ids of a population.

        Raises
        ------
        SpecError
            There is no such population.
        """
        if name not in self.populations:
            raise unknown_name("population", name, self.populations)
        k = self.populations.index(name)
        first = sum(self.sizes[:k])
        return range(first, first + self.sizes[k])

    def recorder(self, name: str) -> Recorded:
        """Return a recorder.

        Raises
        ------
        SpecError
            There is no such recorder.
        """
        found = {recorder.name: recorder for recorder in self.recorders}
        if name not in found:
            raise unknown_name("recorder", name, found)
        return found[name]

    def rewiring(self, name: str) -> int:
        """Return the number by which structural events refer to a rewiring.

        Raises
        ------
        SpecError
            There is no such rewiring.
        """
        names = [rewiring.name for rewiring in self.rewirings]
        if name not in names:
            raise unknown_name("rewiring", name, names)
        return names.index(name)

    def to_data(self) -> dict[str, Any]:
        """Return it as plain data for JSON, without a word of rewirings where there are none."""
        data = asdict(self)
        if not self.rewirings:
            del data["rewirings"]
        return data

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Layout:
        """Return the layout that `to_data` made `data` of.

        Raises
        ------
        FormatError
            It was made by something else.
        """
        try:
            return cls(
                str(data["name"]),
                float(data["dt"]),
                int(data["seed"]),
                tuple(str(name) for name in data["populations"]),
                tuple(int(size) for size in data["sizes"]),
                tuple(_from_data(recorder) for recorder in data["recorders"]),
                tuple(
                    Rewired(str(rewiring["name"]), str(rewiring["projection"]))
                    for rewiring in data.get("rewirings", ())
                ),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise FormatError(
                "layout of recorded data",
                "must name populations, sizes and recorders",
                got=f"{type(error).__name__}: {str(error)[:80]}",
            ) from error


def _recorded(network: Network, recorder: Recorder) -> Recorded:
    states = network.recorded_states_of(recorder)
    variables = tuple(
        Variable(name, states[name].doc or name, states[name].unit) for name in recorder.variables
    )
    if not isinstance(recorder, StateRecorder):
        return Recorded(recorder.name, 0, (), variables, recorder.projection)
    first_id = int(network.first_id(recorder.population))
    return Recorded(recorder.name, first_id, tuple(recorder.neurons), variables)


def _from_data(data: Mapping[str, Any]) -> Recorded:
    variables = tuple(Variable(str(v["name"]), str(v["doc"]), str(v["unit"]))
                      for v in data["variables"])  # fmt: skip
    neurons = tuple(int(neuron) for neuron in data["neurons"])
    projection = str(data.get("projection", ""))
    return Recorded(str(data["name"]), int(data["first_id"]), neurons, variables, projection)
