"""The synapses of a projection: who is connected to whom, and how strongly, as it is now."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import traitlets

from snnlab.analysis.weights import WeightPicture, weight_picture
from snnlab.errors import unknown_name
from snnlab.session.state import SessionState
from snnlab_widgets.part import script
from snnlab_widgets.picture import INK, Picture, axis, indexed

if TYPE_CHECKING:
    from snnlab.model.network import Network, Projection
    from snnlab.session import Session

__all__ = ["MOST_SYNAPSES", "Weights"]

MOST_SYNAPSES = 1_000_000
"""Projections with more synapses are not read: that would hold up the run."""

SHARE = 0.02
"""Part of the time in which a run waits for its synapses to be read, at most."""

_RUNNING = SessionState.RUNNING

CELLS = 64
"""Cells of the matrix along an axis, at most; fewer neurons get larger ones."""

SIDE = 230
"""Pixels of the matrix along an axis."""


class Weights(Picture):
    """A matrix and a histogram of the weights of one projection, which follow the run.

    Static synapses are read once, those that learn or are rewired again and again.

    Parameters
    ----------
    session : Session
    on_error : callable, optional
        Gets the exceptions of the browser's messages.
    """

    _esm = script("canvas.js", "map_picture.js", "weights.js")
    projections: Any = traitlets.List().tag(sync=True)
    projection = traitlets.Unicode("").tag(sync=True)
    """The one that is shown; empty if there is none."""

    def __init__(
        self, session: Session, *, on_error: Callable[[Exception], object] | None = None
    ) -> None:
        self._session: Session | None = session
        self._free_at = 0.0
        super().__init__(side=SIDE, on_error=on_error)
        self._offer(session.network)

    def refresh(self) -> bool:
        """Read the synapses if somebody looks and they may be others than before."""
        if self._session is None:
            return False
        self._offer(self._session.network)
        is_due = time.monotonic() >= self._free_at or self._session.state is not _RUNNING
        return is_due and bool(self.projection) and super().refresh()

    def version(self) -> Hashable:
        """Return what changes with the picture."""
        session = self._session
        if session is None:
            return None
        network = session.network
        return self.projection, id(network), len(session.edits), _age(session, self.projection)

    def do_choose(self, projection: str) -> None:
        """Show another projection."""
        if projection not in self.projections:
            raise unknown_name("projection", projection, self.projections)
        self.projection, self._free_at = projection, 0.0
        self.refresh()

    def picture(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return what the script draws."""
        assert self._session is not None  # `refresh` has looked
        network = self._session.network
        n = _expected(network, network.projection(self.projection))
        if n > MOST_SYNAPSES:
            n_pre, n_post, unit = _ends_of(network, self.projection)
            nobody = weight_picture([], [], [], n_pre, n_post, most_cells=CELLS)
            number = f"{n:,.0f}".replace(",", "\u202f")
            text = f"{number} synapses are too many to be drawn while it runs"
            return _message(self.projection, nobody, unit, self._session.t, text)
        read = self._session.read_synapses(self.projection)
        self._free_at = time.monotonic() + read.held_up_s / SHARE
        now, network = read.synapses, read.network
        p = network.projection(self.projection)
        n_pre, n_post, unit = _ends_of(network, self.projection)
        pre, post = now.pre - network.first_id(p.pre), now.post - network.first_id(p.post)
        found = weight_picture(pre, post, now.weight, n_pre, n_post, most_cells=CELLS)
        text = "" if found.n_synapses else "no synapses"
        return _message(self.projection, found, unit, now.step * network.dt, text)

    def close(self) -> None:
        """Let go of the session."""
        self._session = None
        super().close()

    def _offer(self, network: Network) -> None:
        self.projections = [p.name for p in network.projections]
        if self.projection not in self.projections:
            self.projection = _first(network)


def _ends_of(network: Network, projection: str) -> tuple[int, int, str]:
    """Sizes of both populations of a projection, and the unit of its weights."""
    p = network.projection(projection)
    n_pre, n_post = (network.population(end).size for end in (p.pre, p.post))
    return n_pre, n_post, network.population(p.post).model.receptors[network.receptor_of(p)].unit


def _first(network: Network) -> str:
    """The projection to begin with: one that changes, if there is one."""
    names = [p.name for p in network.projections]
    changing = [name for name in names if _changes(network, name)]
    return next(iter([*changing, *names]), "")


def _changes(network: Network, projection: str) -> bool:
    """Whether weights or synapses change by themselves."""
    return not network.projection(projection).model.is_static() or network.is_rewired(projection)


def _age(session: Session, projection: str) -> int:
    """Step of what is shown, if that changes by itself."""
    network = session.network
    names = [p.name for p in network.projections]
    return session.step if projection in names and _changes(network, projection) else 0


def _expected(network: Network, p: Projection) -> float:
    sizes = (network.population(end).size for end in (p.pre, p.post))
    return p.rule.expected_synapses(*sizes, is_recurrent=p.pre == p.post)


def _message(
    name: str, found: WeightPicture, unit: str, t: float, text: str
) -> tuple[dict[str, Any], list[bytes]]:
    rows, columns = found.matrix.shape
    drawn = found.matrix.repeat(CELLS // rows, axis=0).repeat(CELLS // columns, axis=1)
    high = float(found.matrix.max(initial=0.0)) or 1.0
    each = f"{-(-found.n_pre // columns)} \N{MULTIPLICATION SIGN} {-(-found.n_post // rows)}"
    n = f"{found.n_synapses:,}".replace(",", "\u202f")
    message = {
        "columns": drawn.shape[1], "rows": drawn.shape[0], "palette": INK, "t": t,
        "title": text or f"{n} synapses, t = {t:g} ms; a cell is {each} pairs",
        "x": _ends("source", found.n_pre), "y": _ends("target", found.n_post), "empty": text,
        "value": {"label": f"sum of |weight| ({unit})", "low": 0.0, "high": high},
        "histogram": {
            "low": float(found.edges[0]), "high": float(found.edges[-1]),
            "counts": found.counts.tolist(), "label": f"weight ({unit})",
        },
    }  # fmt: skip
    return message, [indexed(drawn, 0.0, high)]


def _short(k: int) -> str:
    """A number in the little room beside an axis: ``750``, ``2k``, ``12.5k``."""
    return f"{k / 1000:.3g}k" if k >= 1000 else str(k)


def _ends(end: str, n: int) -> dict[str, Any]:
    every = max(1, n // 4)
    return axis(f"{end} (index)", n, [(float(k), _short(k)) for k in range(0, n + 1, every)])
