"""The synapses of a projection: who is connected to whom, and how strongly, as it is now."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from snnlab.errors import unknown_name
from snnlab.frames.weights import WeightPicture
from snnlab.session.state import SessionState
from snnlab_widgets.part import script
from snnlab_widgets.picture import INK, Picture, axis, indexed

if TYPE_CHECKING:
    from snnlab.model.network import Network, Projection
    from snnlab.session import Session

__all__ = ["MOST_SYNAPSES", "Weights"]

MOST_SYNAPSES = 200_000_000
"""Projections with more are not read: a run would wait for seconds, and a GPU would copy them."""

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
        if (n := _expected(network, network.projection(self.projection))) > MOST_SYNAPSES:
            nothing = _nothing(network, self.projection, self._session.step)
            return _message(nothing, network, f"{_grouped(n)} synapses are too many to be read")
        read = self._session.read_weights(self.projection, most_cells=CELLS)
        self._free_at = time.monotonic() + read.held_up_s / SHARE
        text = "" if read.picture.n_synapses else "no synapses"
        return _message(read.picture, read.network, text)

    def close(self) -> None:
        """Let go of the session."""
        self._session = None
        super().close()

    def _offer(self, network: Network) -> None:
        self.projections = [p.name for p in network.projections]
        if self.projection not in self.projections:
            self.projection = _first(network)


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


def _nothing(network: Network, projection: str, step: int) -> WeightPicture:
    """An empty picture of a projection that is not read."""
    p = network.projection(projection)
    n_pre, n_post = (network.population(end).size for end in (p.pre, p.post))
    cells = np.zeros((min(n_post, CELLS), min(n_pre, CELLS)))
    edges, counts = np.array([0.0, 1.0]), np.zeros(1, np.int64)
    return WeightPicture(projection, step, cells, n_pre, n_post, edges, counts, *[math.nan] * 3)


def _grouped(n: float) -> str:
    """A number with thin spaces between thousands."""
    return f"{n:,.0f}".replace(",", "\u202f")


def _message(
    found: WeightPicture, network: Network, text: str
) -> tuple[dict[str, Any], list[bytes]]:
    p = network.projection(found.projection)
    unit = network.population(p.post).model.receptors[network.receptor_of(p)].unit
    t = found.step * network.dt
    rows, columns = found.matrix.shape
    drawn = found.matrix.repeat(CELLS // rows, axis=0).repeat(CELLS // columns, axis=1)
    high = float(found.matrix.max(initial=0.0)) or 1.0
    each = f"{-(-found.n_pre // columns)} \N{MULTIPLICATION SIGN} {-(-found.n_post // rows)}"
    n = _grouped(found.n_synapses)
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
