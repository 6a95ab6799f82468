"""From a session to a proof of it: which stretch, where, held against which recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from snnlab.errors import SpecError, StateError
from snnlab.session.evidence import Evidence, Stretch, recorded
from snnlab.session.place import KnowsPlaces
from snnlab.session.proof import Proof
from snnlab.session.route import Route
from snnlab.session.simulation import Simulation

__all__ = ["begin_proof"]


def begin_proof(
    simulation: Simulation,
    on_thread: Callable[[Callable[[], None]], None],
    places: Sequence[str] | None,
    *,
    n_steps: int,
    timeout: float,
) -> Proof:
    """Begin to prove the last steps of a run; see `Session.prove`.

    Parameters
    ----------
    simulation : Simulation
    on_thread : callable
        Has a function called on the simulation thread and waits for it.
    places : sequence of str, optional
        Default: all that this machine has.
    n_steps : int
        How many steps.
    timeout : float [s]

    Raises
    ------
    SpecError
        No steps, or no place.
    StateError
        The session does not know how engines are made, or is closed.
    """
    engines = simulation.place.engines
    if engines is None:
        raise StateError(
            "Session.prove", "needs to know how engines are made",
            got="a session that was made of an engine alone",
            remedy="Open the network with snnlab.open.",
        )  # fmt: skip
    if places is None:
        places = engines.places() if isinstance(engines, KnowsPlaces) else ()
    if n_steps < 1 or not places:
        raise SpecError(
            "Session.prove", "must be given a time and places", got=f"{n_steps} steps, {places!r}",
            remedy='Write for example session.prove(["1 thread", "2 ranks"], duration=100).',
        )  # fmt: skip
    found: list[tuple[Stretch, Evidence | None]] = []
    on_thread(lambda: found.append(_stretch(simulation, n_steps)))
    stretch, mine = found[0]
    return Proof(stretch, engines, places, recorded=mine, timeout=timeout)


def _stretch(simulation: Simulation, n_steps: int) -> tuple[Stretch, Evidence | None]:
    """The last steps of the run, and what was recorded of them; on the simulation thread."""
    simulation.outlet.flush()  # so that the recording reaches until now
    now = simulation.step
    start = max(simulation.keeper.kept.first.step, now - n_steps)
    checkpoint = simulation.route(start).checkpoint
    stop = max(now, start + n_steps)
    stretch = Stretch(Route(checkpoint, tuple(simulation.editor.log), stop), start)
    if simulation.outlet.recording is None:
        return stretch, None
    return stretch, recorded(simulation.outlet.recording.sections[-1].frames, start)
