"""A sheet of neurons as colours, on which a patch is selected with the mouse and lesioned."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import traitlets
from numpy.typing import NDArray

from snnlab.errors import SnnlabError, StateError, unknown_name
from snnlab.model.lesions import Lesion, Recover
from snnlab.plots.maps.look import GRID_STEPS
from snnlab.plots.maps.state import MapState
from snnlab.plots.maps.viewpoint import Viewpoint
from snnlab_widgets.map_picture import MapPicture, sheet_axis
from snnlab_widgets.part import script
from snnlab_widgets.picture import CYCLIC, INK, SPREAD, indexed

if TYPE_CHECKING:
    from snnlab.session import Session

__all__ = ["QUANTITIES", "MapSheet"]

LOOKING_BACK = "the past cannot be changed: go live, or rewind to here"


class Shown(NamedTuple):
    """Values of all neurons of a sheet, and how they are coloured."""

    values: NDArray[np.float64]
    low: float
    high: float
    palette: str
    label: str


def _preferred(state: MapState, k: int) -> Shown:
    length = state.sheet.shape[k]
    is_periodic = state.sheet.is_periodic
    centre = state.quality(weighted=True).centre[:, k]
    high = length if is_periodic else max(length - 1, 1)
    palette = CYCLIC if is_periodic else SPREAD
    return Shown(centre, 0.0, high, palette, f"preferred {'xy'[k]} ({GRID_STEPS})")


def _deviation(state: MapState) -> Shown:
    farthest = max(1.0, min(state.sheet.shape) / 8)
    values = state.quality(weighted=True).deviation
    return Shown(values, 0.0, farthest, SPREAD, f"deviation ({GRID_STEPS})")


def _rate(state: MapState) -> Shown:
    unknown = np.full(state.sheet.n, np.nan)
    values = unknown if state.rate is None else state.rate.astype(np.float64)
    return _from_zero(values, "rate (spikes/s)")


def _degree(state: MapState, end: str) -> Shown:
    ends = state.post if end == "in" else state.pre
    counts = np.bincount(ends, minlength=state.sheet.n).astype(np.float64)
    return _from_zero(counts, f"{end}-degree (synapses)")


def _from_zero(values: NDArray[np.float64], label: str) -> Shown:
    most = 0.0 if np.isnan(values).all() else float(np.nanmax(values))
    return Shown(values, 0.0, max(most, 1.0), INK, label)


QUANTITIES: dict[str, dict[str, Callable[[MapState], Shown]]] = {
    "post": {
        "preferred x": lambda state: _preferred(state, 0),
        "preferred y": lambda state: _preferred(state, 1),
        "deviation": _deviation,
        "in-degree": lambda state: _degree(state, "in"),
        "rate": _rate,
    },
    "pre": {"out-degree": lambda state: _degree(state, "out")},
}
"""End of the projection -> quantity of its neurons -> how it is shown."""


class MapSheet(MapPicture):
    """Targets or sources of a map, coloured by what they prefer or do; lesions are made here.

    What is refused is said in place.

    Parameters
    ----------
    session : Session
        What is changed.
    view : Viewpoint
    """

    _esm = script("canvas.js", "map_picture.js", "map_sheet.js")
    sheets: Any = traitlets.List().tag(sync=True)
    """The populations that can be shown, and their quantities."""
    status = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session, view: Viewpoint) -> None:
        self._session = session
        projection = session.network.projection(view.sampler.projection)
        self._ends = {projection.post: "post"}
        if projection.pre != projection.post:
            self._ends[projection.pre] = "pre"
        self._population, self._quantity = projection.post, "preferred x"
        self._error = ""
        sheets = [
            {"population": name, "quantities": list(QUANTITIES[end])}
            for name, end in self._ends.items()
        ]
        super().__init__(view, side=512, on_error=session.messages.error, sheets=sheets)
        self._tell()

    def version(self) -> Hashable:
        """Return what changes with the picture."""
        return self._population, self._quantity, self._view.state_version

    def refresh(self) -> bool:
        """Send a picture and tell what can be done."""
        with self._lock:  # what was found out first must not be told last
            self._tell()
        return super().refresh()

    def do_turn(self, population: str) -> None:
        """Show another sheet."""
        if population not in self._ends:
            raise unknown_name("population", population, self._ends)
        self._population = population
        self._quantity = next(iter(QUANTITIES[self._ends[population]]))
        self._say("")

    def do_show(self, quantity: str) -> None:
        """Colour the neurons by another quantity."""
        quantities = QUANTITIES[self._ends[self._population]]
        if quantity not in quantities:
            raise unknown_name("quantity", quantity, quantities)
        self._quantity = quantity
        self.refresh()

    def do_lesion(self, neurons: list[int]) -> None:
        """Lesion neurons of the sheet that is shown."""
        self._change(lambda: Lesion(self._population, neurons))

    def do_recover(self) -> None:
        """Let all lesioned neurons of the sheet that is shown live again."""
        lesioned = self._session.network.population(self._population).lesioned
        self._change(lambda: Recover(self._population, lesioned))

    def _change(self, edit: Callable[[], Lesion | Recover]) -> None:
        """Make an edit; what is refused at once or later is said in place."""
        try:
            if not self._view.is_live:
                raise StateError(
                    "Lesion", "must be made to the run as it is",
                    got=f"a look back at {self._view.state.moment}",
                    remedy="Press Live, or Rewind to here.",
                )  # fmt: skip
            self._session.apply(edit()).add_done_callback(self._done)
        except SnnlabError as error:
            self._refuse(error)
        else:
            self._say("")

    def _done(self, asked: Future[Any]) -> None:
        error = None if asked.cancelled() else asked.exception()
        if error is not None:
            self._refuse(error)

    def _refuse(self, error: BaseException) -> None:
        self._session.messages.error(error)
        self._say(str(error))

    def _say(self, error: str) -> None:
        self._error = error
        self.refresh()

    def _tell(self) -> None:
        lesioned = self._lesioned()
        is_live = self._view.is_live
        n = 0 if lesioned is None else int(lesioned.sum())
        hint = "drag to select a patch, Shift to add" if is_live else LOOKING_BACK
        self.status = {
            "population": self._population, "quantity": self._quantity, "can_edit": is_live,
            "n_lesioned": n, "hint": hint, "error": self._error,
        }  # fmt: skip

    def _lesioned(self) -> NDArray[np.bool_] | None:
        state = self._view.state
        is_post = self._ends[self._population] == "post"
        return state.lesioned if is_post else state.lesioned_sources

    def picture(self) -> tuple[dict[str, Any], list[bytes]]:
        """Return what the script draws."""
        state = self._view.state
        sheet = state.sheet
        end = self._ends[self._population]
        shown = QUANTITIES[end][self._quantity](state)
        lesioned = self._lesioned()
        marks = np.zeros(sheet.n, bool) if lesioned is None else lesioned
        whose = self._population
        message = {
            "columns": sheet.columns, "rows": sheet.rows, "palette": shown.palette, "t": state.t,
            "title": f"{self._quantity} of {whose}, {state.moment}",
            "x": sheet_axis(sheet, 0, whose), "y": sheet_axis(sheet, 1, whose),
            "value": {"label": shown.label, "low": shown.low, "high": shown.high}, "empty": "",
        }  # fmt: skip
        colours = indexed(shown.values, shown.low, shown.high)
        return message, [colours, bytes(marks.astype(np.uint8))]
