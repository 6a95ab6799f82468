"""What runs on a rank: its share of a network, by the calls that `ClusterEngine` makes.

All ranks make the same calls in the same order; an engine is found by the number that the caller
has given it. Networks travel as the text of a network file. Of what all ranks know as a whole, only
the first one answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import psutil

from snnlab.cluster.described import Described
from snnlab.cluster.devices import gpu
from snnlab.cluster.mpi import first
from snnlab.engine import BuildReport, Checkpoint
from snnlab.errors import StateError
from snnlab.frames.elements import ElementStates
from snnlab.frames.frame import Frame
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.synapse_ids import SynapseIds
from snnlab.frames.synapses import Synapses
from snnlab.frames.weights import WeightPicture

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from snnlab.arrays.shared_engine import SharedEngine
    from snnlab.cluster.mpi_world import MpiWorld
    from snnlab.cluster.outline import Outline

__all__ = [
    "Share", "advance", "apply", "build", "checkpoint", "close", "out_degrees", "prepare",
    "restore", "rewiring_work", "synapses", "synaptic_elements",
]  # fmt: skip

_ENGINES: dict[int, SharedEngine[Any, Any]] = {}
_WORLDS: dict[int, MpiWorld] = {}
"""The ranks as each engine sees them."""


@dataclass(frozen=True)
class Share:
    """What a rank holds.

    Parameters
    ----------
    report : BuildReport
        Of its share.
    owned : tuple of (first, stop)
        Neurons of each population that it computes.
    threads : int
    exchange : str
        How it exchanges spikes, in words.
    transport : str
        What a GPU hands to MPI for that: ``"host"`` or ``"device"`` memory; empty on CPUs.
    link_s : float [s]
        Wall-clock time until the ranks knew whose spikes each of them wants.
    recorded : dict
        Recorder -> the synapses here that it samples; frames do not repeat them.
    """

    report: BuildReport
    owned: tuple[tuple[int, int], ...]
    threads: int
    exchange: str
    transport: str
    link_s: float
    recorded: dict[str, SynapseIds]


def prepare() -> None:
    """Load what computing on this rank's processor needs, before somebody waits for it."""
    import snnlab.cpu.engine  # noqa: F401
    from snnlab.cpu.warm import compile_builder

    compile_builder()


def build(
    number: int,
    network: Described,
    threads: int,
    precision: str,
    exchange: str | Mapping[str, str],
    transport: str,
    device: str,
    n_ranks: int,
) -> Share:
    """Build this rank's share of a network, as engine `number`.

    Parameters
    ----------
    number : int
    network : Described
    threads : int
        Threads of this rank.
    precision, exchange
        See `snnlab.cpu.engine.CpuEngine`.
    transport : str
        See `snnlab.cuda.engine.CudaEngine`.
    device : str
        What this rank computes on: ``"cpu"``, ``"cuda:0"``.
    n_ranks : int
        How many of all ranks do so, the first ones; the others are not asked.
    """
    from snnlab.cluster.mpi_world import MpiWorld

    ranks = _WORLDS[number] = MpiWorld(first(n_ranks))
    settings: dict[str, Any] = {"precision": precision, "world": ranks, "exchange": exchange}
    if device == "cpu":
        from snnlab.cpu.engine import CpuEngine

        _ENGINES[number] = CpuEngine(network.network(), threads=threads, **settings)
    else:
        from snnlab.cuda.engine import CudaEngine

        _ENGINES[number] = CudaEngine(
            network.network(), gpu(device), transport=transport, **settings
        )
    return _share(number)


def advance(number: int, n_steps: int, wants_memory: bool) -> tuple[Frame, int | None]:
    """Advance and return what happened to the neurons of this rank.

    With it comes, if that is wanted, the memory that this process takes [bytes].
    """
    frame = _engine(number).advance(n_steps)
    samples = {name: replace(each, synapses=None) for name, each in frame.samples.items()}
    memory = psutil.Process().memory_info().rss if wants_memory else None
    return replace(frame, samples=samples), memory


def apply(number: int, network: Described) -> Share:
    """Go over to an edited network."""
    _engine(number).apply(network.network())
    return _share(number)


def checkpoint(number: int) -> dict[str, NDArray[Any]] | None:
    """Return the arrays of the whole network's state, on the first rank."""
    engine = _engine(number)
    whole = engine.checkpoint_on_first()
    return dict(whole.arrays) if engine.is_first else None


def restore(
    number: int, step: int, network: Described, outline: Outline,
    arrays: dict[str, NDArray[Any]] | None,
) -> Share:  # fmt: skip
    """Go back to a state of the whole network, whose arrays the first rank has."""
    from snnlab.cluster.told import Told

    engine = _engine(number)
    engine.restore(Checkpoint(step, network.network(), Told(_WORLDS[number], arrays, outline)))
    return _share(number)


def synapses(number: int, projection: str) -> Synapses | None:
    """Return the synapses of a projection, all of them, on the first rank."""
    engine = _engine(number)
    whole = engine.synapses(projection)
    return whole if engine.is_first else None


def weights(number: int, projection: str, most_cells: int, n_bars: int) -> WeightPicture | None:
    """Return the weights of a projection as a picture, those of all ranks, on the first rank."""
    engine = _engine(number)
    whole = engine.weights(projection, most_cells=most_cells, n_bars=n_bars)
    return whole if engine.is_first else None


def synaptic_elements(number: int, population: str) -> ElementStates | None:
    """Return the synaptic elements of a population, all of them, on the first rank."""
    engine = _engine(number)
    whole = engine.synaptic_elements(population)
    return whole if engine.is_first else None


def rewiring_work(number: int) -> tuple[RewiringWork, ...]:
    """Return what the rules have done on this rank."""
    return _engine(number).rewiring_work()


def out_degrees(number: int) -> NDArray[np.int64]:
    """Return how many synapses every neuron has onto those of this rank."""
    return _engine(number).out_degrees()


def close(number: int) -> None:
    """Release engine `number`; doing it twice is allowed."""
    engine = _ENGINES.pop(number, None)
    _WORLDS.pop(number, None)
    if engine is not None:
        engine.close()


def _engine(number: int) -> SharedEngine[Any, Any]:
    if number not in _ENGINES:
        raise StateError(
            "the ranks", "must hold the network", got="ranks that were started again since",
            remedy="Restore a checkpoint, or open the network again.",
        )  # fmt: skip
    return _ENGINES[number]


def _share(number: int) -> Share:
    engine = _engine(number)
    return Share(
        engine.report, engine.owned, engine.threads, engine.exchange, engine.transport,
        engine.link_s, engine.recorded,
    )  # fmt: skip
