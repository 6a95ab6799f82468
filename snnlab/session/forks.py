"""The branches of a session that are known but not open: nothing is computed for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from snnlab.errors import unknown_name
from snnlab.model.fork import Fork
from snnlab.model.run import Run

__all__ = ["Forks", "fork_of"]


class Forks:
    """What a file or an earlier page told of branches; any thread may use it."""

    def __init__(self, known: Iterable[Fork] = ()) -> None:
        self._known = tuple(known)

    def __iter__(self) -> Iterator[Fork]:
        return iter(self._known)

    def add(self, fork: Fork) -> None:
        """Know one more; it takes the place of one with its name."""
        self._known = (*(f for f in self._known if f.name != fork.name), fork)

    def drop(self, name: str) -> None:
        """Forget one; nothing happens if it is not there."""
        self._known = tuple(f for f in self._known if f.name != name)

    def find(self, name: str) -> Fork:
        """Return one of them.

        Raises
        ------
        SpecError
            There is none; the nearest names are offered.
        """
        for fork in self._known:
            if fork.name == name:
                return fork
        raise unknown_name("branch that is not open", name, [f.name for f in self._known])


def fork_of(
    name: str, run: Run, step: int, n_shared: int, branches: tuple[Fork, ...] = ()
) -> Fork:  # fmt: skip
    """Return a branch as a value; one that has gone back to before it left, left there."""
    return Fork(name, min(step, run.step), min(n_shared, len(run.edits)), run, branches)
