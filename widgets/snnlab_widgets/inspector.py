"""The parameters of the selected part of the network, changed while it runs."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import traitlets

from snnlab.errors import SnnlabError
from snnlab.model.edits import SetParameter
from snnlab_widgets.answers import Answers
from snnlab_widgets.form import KNOBS, form_of, targets_of
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.model.network import Network
    from snnlab.session import Session

__all__ = ["Inspector"]


class Inspector(Part):
    """A form made from the declarations: slider, entry, unit, bounds and meaning of every number.

    An entry may be a number, a quantity with a unit or an expression of knobs. What cannot be
    meant is refused at once, in place; what is accepted takes effect at the next step boundary.

    Parameters
    ----------
    session : Session
        What is edited.
    """

    _esm = script("canvas.js", "inspector.js")
    targets: Any = traitlets.List().tag(sync=True)
    form = traitlets.Dict().tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__(on_error=session.messages.error)
        self._session = session
        network = session.network
        first = KNOBS if network.knobs or not network.populations else network.populations[0].name
        self._target = str(session.view.get("selected") or first)
        self._errors: dict[tuple[str, str], str] = {}
        self._ranges: dict[tuple[str, str], tuple[float, float]] = {}
        self._answers = Answers()
        self._showing = threading.Lock()
        self._shown: tuple[Network, dict[str, int]] | None = None
        self.refresh()

    def refresh(self) -> None:
        """Show the network as it is now, if it has changed or an edit of a page is done."""
        answered = self._answers.answered()
        if self._shown is None or (self._session.network, answered) != self._shown:
            self._show()

    def do_select(self, target: str) -> None:
        """Show another part of the network; nothing selected shows the knobs, if there are any."""
        if target or self._session.network.knobs:
            self._target = target
        self._show()

    def do_set(
        self, target: str, name: str, text: str, page: str = "", request: int = 0
    ) -> None:  # fmt: skip
        """Give a parameter the value that was typed or dragged to, as `request` of a `page`."""
        done: Future[Any] | None = None
        try:
            done = self._session.apply(SetParameter(target, name, _number(text)))
        except SnnlabError as error:
            self._errors[target, name] = str(error)
            self._session.messages.error(error)
        else:
            self._errors.pop((target, name), None)
        finally:
            self._answers.expect(page, request, done)
        self._show()

    def _show(self) -> None:
        with self._showing:  # what is newer is never followed by what another thread saw before
            self._show_now()

    def _show_now(self) -> None:
        answered = self._answers.answered()  # before the network, which then has all of it
        network = self._session.network
        form = form_of(network, self._target) | {"answered": answered}
        self._target = form["target"]
        for row in form["rows"]:
            row["error"] = self._errors.get((self._target, row["name"]), "")
            self._keep_range(row)
        self._shown = network, answered
        self.targets = targets_of(network)
        self.form = form

    def _keep_range(self, row: dict[str, Any]) -> None:
        """Leave the slider's range as it was first shown; it only grows to hold the value."""
        if row["low"] is None:
            return
        key = self._target, row["name"]
        low, high = self._ranges.setdefault(key, (row["low"], row["high"]))
        self._ranges[key] = row["low"], row["high"] = (
            min(low, row["value"]),
            max(high, row["value"]),
        )


def _number(text: str) -> float | str:
    """A plain number as such; anything else is left to the one place that reads quantities."""
    try:
        return float(text)
    except ValueError:
        return text
