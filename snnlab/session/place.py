"""Where the engine of a session is; it may give way to one on another device."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, runtime_checkable

from snnlab.engine import Checkpoint, Engine, RankEngine
from snnlab.errors import StateError
from snnlab.model.network import Network
from snnlab.session.messages import MessageLog

__all__ = ["Engines", "KnowsPlaces", "Place", "SharesRanks"]

Engines = Callable[[Network, str], Engine]
"""Makes the engine of a network on ``"cpu"``, ``"2 threads"``, ``"cuda:0"`` or ``"4 ranks"``."""


@runtime_checkable
class KnowsPlaces(Protocol):
    """What `Engines` can say besides: where this machine can compute."""

    def places(self) -> tuple[str, ...]:
        """Return names of devices, the plainest first."""
        ...


@runtime_checkable
class SharesRanks(Protocol):
    """What `Engines` can do besides: let several places use the same ranks."""

    def together(self, places: Sequence[str]) -> AbstractContextManager[Engines]:
        """Make engines for these places; what they share ends with the block."""
        ...


class Place:
    """Holds the engine of a session, so that whoever uses it need not know when it changes.

    Only the simulation thread uses the engine; what it is may be read by anybody.

    Parameters
    ----------
    engine : Engine
    messages : MessageLog
        Learns of an engine that cannot be closed.
    engines : callable, optional
        See `Engines`; without it there is no other engine to move to.

    Attributes
    ----------
    engine : Engine
    """

    def __init__(
        self, engine: Engine, messages: MessageLog, engines: Engines | None = None
    ) -> None:
        self.engine = engine
        self.engines = engines
        self._messages = messages
        self._devices: list[tuple[int, str]] = []
        self.goes_on()

    def move(self, device: str, checkpoint: Checkpoint) -> None:
        """Let an engine on another device go on from a checkpoint.

        Parameters
        ----------
        device : str
            ``"cpu"``, ``"cuda:0"``.
        checkpoint : Checkpoint

        Raises
        ------
        StateError
            Nothing is known of other engines, or they have another precision.
        DeviceUnavailable
            The device is not there.
        OutOfMemory
            The network does not fit. In any case the engine that is there stays.
        """
        if self.engines is None:
            raise StateError(
                "Session.move", "needs to know how engines are made",
                got="a session that was made of an engine alone",
                remedy="Open the network with snnlab.open, or give Session(engine, engines=...) a "
                "function of network and device that returns an engine.",
            )  # fmt: skip
        new = self.engines(checkpoint.network, device)
        try:
            new.restore(checkpoint)
        except BaseException:
            new.close()
            raise
        old, self.engine = self.engine, new
        self.goes_on()
        try:
            old.close()
        except Exception as error:  # of a lost device; nobody needs it any more
            self._messages.error(error, f"Letting go of {old.device_label}")

    @property
    def on_ranks(self) -> RankEngine | None:
        """The engine, if several processes hold the network together."""
        return self.engine if isinstance(self.engine, RankEngine) else None

    def goes_on(self) -> None:
        """Take note that from the step of the engine on, it is what computes the run."""
        step, device = self.engine.step, self.engine.device
        devices = [(since, name) for since, name in self._devices if since < step]
        if not devices or devices[-1][1] != device:
            devices.append((step, device))
        self._devices = devices

    @property
    def computed_by(self) -> str:
        """What has computed the run until now: ``"cpu, cuda:0 from t = 100 ms"``."""
        (_, first), *later = self._devices
        dt = self.engine.network.dt
        return ", ".join([first, *(f"{name} from t = {step * dt:g} ms" for step, name in later)])
