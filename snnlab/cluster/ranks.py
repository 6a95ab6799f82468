"""Ranks as a user and an engine see them: start, call, interrupt, restart, close."""

from __future__ import annotations

import threading
import warnings
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any

from snnlab.cluster.call import Call
from snnlab.cluster.connected import Connection
from snnlab.cluster.engines import Engines
from snnlab.cluster.launcher import Launch
from snnlab.cluster.rank import Rank
from snnlab.cluster.remote import name_of
from snnlab.errors import SnnlabError, SpecError, StateError

__all__ = ["Ranks"]


class Ranks:
    """MPI ranks that do what they are told, all together.

    Made by `Ranks.start`. A ``with`` block ends them; so do `close`, the end of this object, and
    the end of this process, however that comes.
    """

    def __init__(self, source: Launch | Connection, device: str) -> None:
        self._source = source
        self._device = device
        self._engines: Engines | None = None
        self._renewal = threading.Lock()
        self._begin()

    @classmethod
    def start(
        cls,
        n: int,
        *,
        device: str = "auto",
        launcher: str = "mpi",
        profile: str | None = None,
        ip: str = "127.0.0.1",
        settings: Mapping[str, Any] | None = None,
        timeout: float = 120.0,
    ) -> Ranks:
        """Start `n` ranks.

        Works in a script, in a notebook and in any thread.

        Parameters
        ----------
        n : int
            How many.
        device : str
            ``"cpu"``; ``"cuda"``: ranks take the GPUs of their host in turn; ``"auto"``: the same
            where there are any.
        launcher : str
            ``"mpi"``: on this machine by mpiexec; ``"slurm"``, ``"pbs"``, ``"sge"``: as a job
            of this batch system.
        profile : str, optional
            Profile of IPython whose configuration of ipyparallel holds too.
        ip : str
            Address on which the controller listens, ``"*"`` for all, which ranks on other
            computers need. Beyond this machine all connections are encrypted.
        settings : mapping, optional
            Settings of ipyparallel, ``{"SlurmEngineSetLauncher.queue": "gpu"}``.
        timeout : float [s]
            How long the start may take.

        Raises
        ------
        ClusterError
            They cannot be started; says why.
        SpecError
            A number, a launcher or a setting that cannot be meant.
        """
        return cls(Launch(n, launcher, profile, ip, settings or {}, timeout), device)

    @classmethod
    def connect(
        cls,
        cluster_id: str = "",
        *,
        profile: str | None = None,
        n: int | None = None,
        device: str = "auto",
        timeout: float = 120.0,
    ) -> Ranks:
        """Use MPI engines that run already, such as those of ``ipcluster start --engines=mpi``.

        They go on when these ranks are closed.

        Parameters
        ----------
        cluster_id : str
            Name of the cluster; empty for the one that ``ipcluster start`` starts.
        profile : str, optional
            Profile of IPython in which its connection file lies.
        n : int, optional
            Number of engines to wait for; default: those that are there.
        device : str
            See `start`.
        timeout : float [s]
            How long to wait.

        Raises
        ------
        ClusterError
            There is no such cluster, or its engines are not one MPI world.
        """
        return cls(Connection(cluster_id, profile, n, timeout), device)

    def __enter__(self) -> Ranks:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.ranks)

    def __iter__(self) -> Iterator[Rank]:
        return iter(self.ranks)

    @property
    def ranks(self) -> tuple[Rank, ...]:
        """Who they are: host, process, device and threads of each, in rank order."""
        return self._running().ranks

    @property
    def wanted_device(self) -> str:
        """What they were started for: ``"auto"``, ``"cpu"``, ``"cuda"``; see `start`."""
        return self._device

    @property
    def are_running(self) -> bool:
        """Whether they can be called: none has died, and nobody has closed them."""
        return self._engines is not None and self._engines.lost is None

    @property
    def lost(self) -> SnnlabError | None:
        """Why they were ended; None while they go on, and where somebody has closed them."""
        return None if self._engines is None else self._engines.lost

    @property
    def died(self) -> int | None:
        """The rank that died first, if that is why they were ended."""
        return None if self._engines is None else self._engines.died

    def check(self) -> None:
        """Look whether all ranks are alive, which costs little.

        Raises
        ------
        RankDied
            A rank is gone; all are ended.
        SnnlabError
            What else they were ended for.
        """
        if self._engines is not None:
            self._engines.check()

    def call(self, function: Callable[..., Any], *args: Any, timeout: float | None = None) -> Any:
        """Call a function on all ranks and return their results.

        Parameters
        ----------
        function : callable
            Of a module that the ranks can import; they call it at the same time, so that it may
            communicate over MPI.
        *args
            Its arguments, the same for all ranks.
        timeout : float [s], optional
            How long to wait.

        Returns
        -------
        list
            In rank order.

        Raises
        ------
        SnnlabError
            See `Call.result`.
        """
        return self.submit(function, *args).result(timeout)

    def call_each(
        self,
        function: Callable[..., Any],
        arguments: Sequence[Sequence[Any]],
        timeout: float | None = None,
    ) -> Any:
        """Call a function on all ranks, each with arguments of its own, and return their results.

        Parameters
        ----------
        function : callable
        arguments : sequence of sequence
            Arguments of each rank, in rank order.
        timeout : float [s], optional
            How long to wait.
        """
        return self.submit_each(function, arguments).result(timeout)

    def submit(self, function: Callable[..., Any], *args: Any) -> Call:
        """Call a function on all ranks without waiting; ranks make calls in order."""
        return self.submit_each(function, [args] * len(self))

    def submit_each(self, function: Callable[..., Any], arguments: Sequence[Sequence[Any]]) -> Call:
        """Call a function on all ranks, each with arguments of its own, without waiting."""
        if len(arguments) != len(self):
            raise SpecError(
                "arguments", f"must be given for each of {len(self)} ranks",
                got=f"{len(arguments)}",
            )  # fmt: skip
        name = name_of(function)
        engines = self._running()
        return Call(name, engines, engines.submit(function, [tuple(args) for args in arguments]))

    def interrupt(self) -> None:
        """Interrupt what every rank is doing; the calls under way end with an error.

        A rank inside a collective of MPI does not notice it.
        """
        self._running().interrupt()

    def restart(self) -> None:
        """End all ranks and start as many again; what they held is gone.

        Ranks that were connected to are not started again, only asked who they are.
        """
        self.close()
        self._begin()

    def close(self) -> None:
        """End all ranks; closing twice is allowed."""
        if self._engines is not None:
            self._engines = None
            self._end()

    def _begin(self) -> None:
        engines = Engines(self._source, self._device)
        self._engines = engines
        self._end = weakref.finalize(self, engines.end)

    def _running(self) -> Engines:
        """The engines, started again where an interrupt has cost them their lives."""
        with self._renewal:  # several threads may call at the same time
            if self._engines is not None and self._engines.is_replaceable:
                warnings.warn(
                    "The ranks were interrupted inside a collective and ended. They are started "
                    "again; what they held is gone.",
                    stacklevel=4,
                )
                self.restart()
        if self._engines is None:
            raise StateError(
                "Ranks", "must be open", got="closed", remedy="Ranks.restart() starts them again."
            )
        if self._engines.lost is not None:
            raise StateError(
                "Ranks", "must be running", got="ended",
                context=f"Because of: {self._engines.lost}",
                remedy="Ranks.restart() starts them again.",
            )  # fmt: skip
        return self._engines
