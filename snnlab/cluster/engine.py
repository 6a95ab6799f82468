"""`ClusterEngine`: one network on many MPI ranks, driven from here."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from snnlab.cluster import share
from snnlab.cluster.call import Call
from snnlab.cluster.described import Described
from snnlab.cluster.devices import devices_of
from snnlab.cluster.outline import outline_of
from snnlab.cluster.ranks import Ranks
from snnlab.cluster.tally import Tally
from snnlab.cluster.whole import (
    whole_degrees,
    whole_frame,
    whole_recorded,
    whole_report,
    whole_work,
)
from snnlab.cpu.ways import check_ways
from snnlab.cuda.transport import check as check_transport
from snnlab.engine import Checkpoint
from snnlab.errors import SnnlabError, StateError
from snnlab.frames.elements import ElementStates
from snnlab.frames.frame import Frame
from snnlab.frames.rank_status import RankStatus
from snnlab.frames.rewiring_work import RewiringWork
from snnlab.frames.synapses import Synapses
from snnlab.frames.weights import WeightPicture
from snnlab.model.network import Network

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ClusterEngine"]

_NUMBERS = itertools.count()


class ClusterEngine:
    """Lets ranks build a network together and advances it.

    Parameters
    ----------
    network : Network
    ranks : Ranks
    device : str
        What ranks compute on: ``"cpu"``, or ``"cuda"``, each the GPU that it was given when it was
        started.
    threads : int, optional
        Threads of each rank on CPUs; default: as many as it may use without taking another's cores.
    precision : str
        Of the state: ``"float32"`` or ``"float64"``.
    exchange : str, or mapping of str
        How ranks exchange spikes: ``"collective"``, ``"point_to_point"``, or ``"auto"``, the better
        of the two; or projection -> one of these, for the spikes of its sources.
    transport : str
        What GPUs hand to MPI for that: ``"device"``, their own memory; ``"host"``, a copy;
        ``"auto"``, the former where MPI takes it on all ranks.
    owns_ranks : bool
        Whether they end when the engine is closed.

    Raises
    ------
    SpecError
        Settings that cannot be meant.
    DeviceUnavailable
        A rank has no GPU where it must have one, or MPI does not take its memory where it must.
    OutOfMemory
        A share does not fit on its rank.

    Notes
    -----
    The network and its spikes do not depend on the number of ranks: every synapse and every random
    number is named by what it is for, and input is summed as integers.
    """

    def __init__(
        self,
        network: Network,
        ranks: Ranks,
        *,
        device: str = "cpu",
        threads: int | None = None,
        precision: str = "float32",
        exchange: str | Mapping[str, str] = "auto",
        transport: str = "auto",
        owns_ranks: bool = False,
    ) -> None:
        check_ways(network, exchange)
        check_transport(transport, device)
        self._ranks, self._kind = ranks, device
        self._threads, self._precision = threads, precision
        self._exchange, self._transport = exchange, transport
        self._owns_ranks = owns_ranks
        self._number = next(_NUMBERS)
        self._is_open = True
        self._under_way: Call | None = None
        self._is_torn = False
        self._step = 0
        self.network = network
        self.device = f"{len(ranks)} ranks{' on cuda' if device == 'cuda' else ''}"
        self._build(network)

    def _build(self, network: Network) -> None:
        threads = [rank.threads if self._threads is None else self._threads for rank in self._ranks]
        self._devices = devices_of(self._ranks, self._kind)
        described = Described.of(network)
        settings = (self._precision, self._exchange, self._transport)
        shares = self._ranks.call_each(
            share.build,
            [
                (self._number, described, n, *settings, device, len(threads))
                for n, device in zip(threads, self._devices, strict=True)
            ],
        )
        self._members = tuple(self._ranks)
        self._tally = Tally(len(self._members))
        self._take(network, shares)

    def _take(self, network: Network, shares: list[share.Share]) -> None:
        """Take note of what the ranks hold now."""
        self.network = network
        self.shares = tuple(shares)
        self.report = whole_report(network, [each.report for each in shares])
        self._recorded = whole_recorded([each.recorded for each in shares])

    def _call(self, function: Callable[..., Any], *args: Any) -> list[Any]:
        return self._call_each(function, [args] * len(self._members))

    def _call_each(self, function: Callable[..., Any], each: Sequence[Sequence[Any]]) -> list[Any]:
        if not self._is_open:
            raise StateError("ClusterEngine", "must not be closed", remedy="Open it again.")
        if self._is_torn:
            raise StateError(
                "the ranks", "must all be at the same step", got="ranks that were interrupted",
                remedy="Restore a checkpoint.",
            )  # fmt: skip
        arguments = [(self._number, *args) for args in each]
        self._under_way = self._ranks.submit_each(function, arguments)
        try:
            answers: list[Any] = self._under_way.result()
        finally:
            self._under_way = None
        return answers

    @property
    def device_label(self) -> str:
        """What computes it, for people: ``"4 ranks on node7"``, with GPUs if they compute."""
        hosts = dict.fromkeys(rank.host for rank in self._members)
        gpus = dict.fromkeys(device for device in self._devices if device != "cpu")
        return f"{len(self.shares)} ranks on {', '.join(hosts)}" + (
            f" ({', '.join(gpus)})" if gpus else ""
        )

    @property
    def step(self) -> int:
        """Number of steps done since the start."""
        return self._step

    def advance(self, n_steps: int) -> Frame:
        """Advance by `n_steps` and return what happened in them, see `snnlab.engine.Engine`.

        Raises
        ------
        RankDied
            A rank is gone, and so is the state; `restore` starts ranks again.
        """
        answers = self._call(share.advance, n_steps, self._tally.wants_memory)
        frames, memory = zip(*answers, strict=True)
        self._tally.add(frames, memory)
        owned = [each.owned for each in self.shares]
        frame = whole_frame(self.network, frames, owned, self._recorded)
        self._step = frame.t_stop
        return frame

    @property
    def ranks(self) -> tuple[RankStatus, ...]:
        """What each rank holds, how busy it is, and what it died of; from any thread."""
        members, shares, loads = self._members, self.shares, self._tally.loads
        lost, died = self._ranks.lost, self._ranks.died
        return tuple(
            RankStatus(
                rank.number, rank.host, rank.pid, device, part.threads,
                sum(stop - first for first, stop in part.owned), part.report.n_synapses,
                part.report.n_bytes, part.exchange, loads[rank.number] if loads else None,
                _end(rank.number, lost, died), has_died=lost is not None and died == rank.number,
                transport=part.transport,
            )
            for rank, part, device in zip(members, shares, self._devices, strict=True)
        )  # fmt: skip

    def check(self) -> None:
        """Look whether all ranks are alive; RankDied if one is not."""
        self._ranks.check()

    def stop_ranks(self) -> None:
        """End the ranks, and what they hold; `restore` starts them again."""
        self._ranks.close()

    def interrupt(self) -> None:
        """Interrupt the call that is under way, from any thread, and have it end with an error.

        Ranks that do not come back, since they wait for each other in MPI, are ended. The state is
        lost in any case, for some may have finished the call; `restore` goes on.
        """
        under_way = self._under_way
        if under_way is not None:
            self._is_torn = True
            under_way.interrupt()

    def apply(self, network: Network) -> None:
        """Go over to an edited network at this step boundary."""
        self._take(network, self._call(share.apply, Described.of(network)))

    def checkpoint(self) -> Checkpoint:
        """Return a copy of the complete state: it goes on on any number of ranks, or on one."""
        arrays = self._call(share.checkpoint)[0]
        return Checkpoint(self._step, self.network, arrays)

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go back to a state; ranks that are gone are started again."""
        if not self._ranks.are_running:
            self._ranks.restart()
        self._is_torn = False
        if self._members != tuple(self._ranks):
            self._build(checkpoint.network)
        arrays = dict(checkpoint.arrays)
        state = checkpoint.step, Described.of(checkpoint.network), outline_of(arrays)
        each = [(*state, arrays), *[(*state, None)] * (len(self._members) - 1)]
        self._take(checkpoint.network, self._call_each(share.restore, each))
        self._step = checkpoint.step

    def sibling(self, network: Network) -> ClusterEngine:
        """Return a new engine for `network` on the same ranks, with the same settings."""
        return ClusterEngine(
            network, self._ranks, device=self._kind, threads=self._threads,
            precision=self._precision, exchange=self._exchange, transport=self._transport,
        )  # fmt: skip

    def synapses(self, projection: str) -> Synapses:
        """Return the synapses of a projection as they are now, those of all ranks."""
        whole = self._call(share.synapses, projection)[0]
        assert isinstance(whole, Synapses)  # the first rank's
        return whole

    def weights(self, projection: str, *, most_cells: int = 64, n_bars: int = 40) -> WeightPicture:
        """Return the weights of a projection as they are now as a picture, those of all ranks."""
        self.network.projection(projection)
        whole = self._call(share.weights, projection, most_cells, n_bars)[0]
        assert isinstance(whole, WeightPicture)  # the first rank's
        return whole

    def synaptic_elements(self, population: str) -> ElementStates:
        """Return calcium and synaptic elements of a population as they are now, of all ranks.

        Raises
        ------
        SpecError
            No such population, or it has no synaptic elements.
        """
        self.network.elements_of(population)
        whole = self._call(share.synaptic_elements, population)[0]
        assert isinstance(whole, ElementStates)  # the first rank's
        return whole

    def rewiring_work(self) -> tuple[RewiringWork, ...]:
        """Return what the rules of rewirings have done since this engine was made."""
        return whole_work(self._call(share.rewiring_work))

    def out_degrees(self) -> NDArray[np.int64]:
        """Return the number of outgoing synapses of every neuron, shape (n_neurons,)."""
        return whole_degrees(self._call(share.out_degrees))

    def close(self) -> None:
        """Release everything; closing twice is allowed."""
        if not self._is_open:
            return
        self._is_open = False
        if self._owns_ranks:
            self._ranks.close()
        elif self._ranks.are_running:
            self._ranks.call(share.close, self._number)


def _end(rank: int, lost: SnnlabError | None, died: int | None) -> str:
    """What a rank died of, or why it was ended; empty while it lives."""
    if lost is None:
        return ""
    if died is None or rank == died:
        return lost.got or str(lost)
    return f"because of rank {died}"
