"""Where a run shall stop by itself: conditions, added and removed in one line each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import traitlets

from snnlab.errors import SnnlabError, SpecError, unknown_name
from snnlab.model.recorders import StateRecorder
from snnlab.session.conditions import (
    STATISTICS,
    Condition,
    CvBeyond,
    RateBeyond,
    SampleBeyond,
    SpikeOf,
    WeightBeyond,
)
from snnlab.session.formula import Holds
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.model.network import Network
    from snnlab.session import Session

__all__ = ["Breakpoints", "condition_text"]

WINDOW_MS = 100.0
"""Model time over which a rate is averaged."""

CV_WINDOW_MS = 1000.0
"""Model time over which intervals are looked at."""

RELATIONS = ("above", "below")

FORMULA = "formula"
"""What is looked at where several quantities are."""


@dataclass(frozen=True)
class _Quantity:
    """Something that can be looked at.

    Parameters
    ----------
    text : str
    unit : str
        Of the number that it is compared with; empty for the index of a neuron.
    kind : str
        ``"rate"``, ``"cv"``, ``"sample"``, ``"weight"`` or ``"spike"``.
    where : tuple of str
        Population; or recorder, variable and statistic; or projection and statistic.
    """

    text: str
    unit: str
    kind: str
    where: tuple[str, ...]

    def condition(self, relation: str, value: float) -> Condition:
        """Return the condition that it is above or below `value`."""
        limits: Any = {relation: value}
        if self.kind == "rate":
            return RateBeyond(self.where[0], **limits, window=WINDOW_MS)
        if self.kind == "cv":
            return CvBeyond(self.where[0], **limits, window=CV_WINDOW_MS)
        if self.kind == "weight":
            return WeightBeyond(self.where[0], **limits, of=self.where[1])
        if self.kind == "sample":
            recorder, variable, of = self.where
            return SampleBeyond(recorder, variable, **limits, of=of)
        if value != int(value):
            raise SpecError("neuron", "must be a whole number", got=f"{value:g}")
        return SpikeOf(self.where[0], int(value))


class Breakpoints(Part):
    """The breakpoints of a session: a line to add one, and what there is.

    Parameters
    ----------
    session : Session
    """

    _esm = script("canvas.js", "breakpoints.js")
    quantities: Any = traitlets.List().tag(sync=True)
    """``{"text", "unit", "kind"}`` of everything that can be looked at."""
    placed: Any = traitlets.List().tag(sync=True)
    """``{"text", "is_hit"}`` of each breakpoint."""
    hit = traitlets.Unicode("").tag(sync=True)
    """What has paused the run; empty if no breakpoint has."""
    error = traitlets.Unicode("").tag(sync=True)

    def __init__(self, session: Session) -> None:
        super().__init__(on_error=self._refuse)
        self._session = session
        self._offered: list[_Quantity] = []
        self.refresh()

    def refresh(self) -> None:
        """Show what there is now."""
        session, hit = self._session, self._session.hit
        self._offered = _quantities(session.network)
        self.quantities = [
            *({"text": q.text, "unit": q.unit, "kind": q.kind} for q in self._offered),
            {"text": FORMULA, "unit": "", "kind": "formula"},
        ]
        self.placed = [
            {"text": condition_text(c), "is_hit": hit is not None and hit.condition == c}
            for c in session.breakpoints
        ]
        self.hit = "" if hit is None else f"{hit.text}, t = {hit.step * session.dt:g} ms"

    # --- asked for ------------------------------------------------------------------------------

    def do_add(
        self, what: str, relation: str = "above", value: float | None = None, formula: str = ""
    ) -> None:
        """Pause when a quantity is beyond a number, a formula is true, or a neuron fires."""
        self._session.break_when(self._meant(what, relation, value, formula))
        self.error = ""
        self.refresh()

    def _meant(self, what: str, relation: str, value: float | None, formula: str) -> Condition:
        if what == FORMULA:
            return Holds(formula)
        found = {q.text: q for q in self._offered}
        if what not in found:
            raise unknown_name("quantity", what, found)
        if relation not in RELATIONS:
            raise unknown_name("relation", relation, RELATIONS)
        if value is None:
            raise SpecError("breakpoint", "must have a number", got="nothing")
        return found[what].condition(relation, float(value))

    def do_remove(self, place: int) -> None:
        """Take one away."""
        placed = self._session.breakpoints
        if 0 <= place < len(placed):
            self._session.clear_breakpoints(placed[place])
        self.refresh()

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, SnnlabError):
            self._session.messages.error(error)
        self.error = str(error)


def condition_text(condition: Condition) -> str:
    """Return a condition in few words.

    Examples
    --------
    >>> condition_text(RateBeyond("exc", above=50.0))
    'rate of exc above 50 Hz, over 100 ms'
    >>> condition_text(SpikeOf("exc", 3))
    'spike of neuron 3 of exc'
    """
    below, above = condition.limits
    limit = f"above {above:g}" if above < float("inf") else f"below {below:g}"
    if isinstance(condition, RateBeyond):
        return f"rate of {condition.population} {limit} Hz, over {condition.window:g} ms"
    if isinstance(condition, CvBeyond):
        return f"CV of {condition.population} {limit}, over {condition.window:g} ms"
    if isinstance(condition, WeightBeyond):
        what = f"{condition.of} weight of {condition.projection}"
        return f"{what} {limit}, every {condition.every:g} ms"
    if isinstance(condition, Holds):
        return condition.formula
    if isinstance(condition, SampleBeyond):
        return f"{condition.of} of {condition.variable} in {condition.recorder} {limit}"
    if isinstance(condition, SpikeOf):
        return f"spike of neuron {condition.neuron} of {condition.population}"
    return str(condition)


def _quantities(network: Network) -> list[_Quantity]:
    names = [p.name for p in network.populations]
    found = [_Quantity(f"rate of {name}", "Hz", "rate", (name,)) for name in names]
    found += [_Quantity(f"CV of {name}", "", "cv", (name,)) for name in names]
    for recorder in network.recorders:
        states = network.recorded_states_of(recorder)
        many = len(recorder.neurons) != 1 if isinstance(recorder, StateRecorder) else True
        for variable in recorder.variables:
            for of in STATISTICS if many else ("mean",):
                text = f"{of} of {variable} in {recorder.name}"
                where = recorder.name, variable, of
                found.append(_Quantity(text, states[variable].unit, "sample", where))
    for p in network.projections:
        unit = network.population(p.post).model.receptors[network.receptor_of(p)].unit
        for of in STATISTICS:
            text = f"{of} weight of {p.name}"
            found.append(_Quantity(text, unit, "weight", (p.name, of)))
    return found + [_Quantity(f"spike of {name}", "", "spike", (name,)) for name in names]
