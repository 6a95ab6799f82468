"""The network as a drawing that is edited while it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from snnlab.cpu.cost import ASSUMED_RATE, Cost, cost_of
from snnlab.errors import SnnlabError
from snnlab.model import synapse
from snnlab.model.neuron import models
from snnlab.presets.cards import CARDS
from snnlab_widgets.gestures import RULES, STIMULI, defaults, edit_of, removal
from snnlab_widgets.graph import graph_of
from snnlab_widgets.part import Part, script

if TYPE_CHECKING:
    from snnlab.model.edits import Edit
    from snnlab.model.history import Applied
    from snnlab.model.network import Network
    from snnlab.session import Session

__all__ = ["NetworkEditor", "cost_text"]


class NetworkEditor(Part):
    """Populations, projections, stimuli and recorders, drawn; every gesture is an edit.

    What was edited elsewhere is drawn as well. What cannot be meant is refused in place. Places on
    the drawing are kept in `Session.view`, and so in the file that `Session.share` writes.

    Parameters
    ----------
    session : Session
        What is edited.
    on_select : callable, optional
        Called with the name of the part that was selected.
    """

    _esm = script("canvas.js", "network_forms.js", "network_editor.js")
    graph: Any = traitlets.Dict().tag(sync=True)
    forms: Any = traitlets.Dict().tag(sync=True)
    """What the forms offer and begin with."""
    cost: Any = traitlets.Dict().tag(sync=True)
    """``text`` about the network as it is; ``preview`` of what the open form would add."""
    note: Any = traitlets.Dict({"text": "", "is_error": False}).tag(sync=True)
    selected = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, session: Session, *, on_select: Callable[[str], object] = lambda _name: None
    ) -> None:
        super().__init__(on_error=self._refuse)
        self._session, self._on_select = session, on_select
        self._shown: Network | None = None
        self._asked: tuple[str, dict[str, Any]] | None = None
        self.selected = str(session.view.get("selected", ""))
        self.refresh()

    def refresh(self) -> None:
        """Draw the network as it is now, if it has changed."""
        network = self._session.network
        if network is self._shown:
            return
        self._shown = network
        self.graph = graph_of(network, self._positions)
        self.forms = {
            "models": list(models()), "rules": {name: label for name, (_, label) in RULES.items()},
            "stimuli": list(STIMULI), "synapses": list(synapse.models()), **defaults(network),
        }  # fmt: skip
        self._tell_cost(network)

    # --- gestures -----------------------------------------------------------------------------

    def do_select(self, name: str) -> None:
        """Show a part in the inspector."""
        self.selected = name
        self._session.view["selected"] = name
        self._on_select(name)

    def do_move(self, name: str, x: float, y: float) -> None:
        """Keep where something was put; that is no edit, since nothing depends on it."""
        self._session.view["positions"] = {
            **self._positions, name: [round(min(1.0, max(0.0, float(v))), 3) for v in (x, y)]
        }  # fmt: skip
        self.graph = graph_of(self._session.network, self._positions)

    def do_add(self, what: str, fields: Mapping[str, Any]) -> None:
        """Add what a form describes, where it was put, if somewhere."""
        edit = edit_of(self._session.network, what, fields)
        place = [fields[k] for k in ("x", "y") if k in fields]
        if what == "population" and len(place) == 2:
            name = str(fields["name"]).strip()
            self._session.view["positions"] = {**self._positions, name: place}
        self._apply(edit)

    def do_preview(self, what: str, fields: Mapping[str, Any]) -> None:
        """Say what a form would cost, before anything is built."""
        self._asked = what, dict(fields)
        self._tell_cost(self._session.network)

    def do_remove(self, name: str) -> None:
        """Take a part away; undo brings it back."""
        self._apply(removal(self._session.network, name))
        self.do_select("")

    def do_poke(self, name: str) -> None:
        """Let all neurons of a population fire once, now."""
        self._session.poke(name).add_done_callback(self._applied)

    # --- inside -------------------------------------------------------------------------------

    @property
    def _positions(self) -> dict[str, Any]:
        return dict(self._session.view.get("positions", {}))

    def _apply(self, edit: Edit) -> None:
        self._session.apply(edit).add_done_callback(self._applied)
        self._say("")

    def _applied(self, asked: Future[Applied]) -> None:
        error = None if asked.cancelled() else asked.exception()
        if error is not None:
            self._say(str(error), is_error=True)
        else:
            self.refresh()

    def _cost_of(self, network: Network) -> Cost:
        """What it costs at the rates that were measured, or that the preset's card tells."""
        recipe = self._session.recipe
        told = CARDS.get(recipe.preset) if recipe is not None else None
        rates = dict.fromkeys((p.name for p in network.populations), ASSUMED_RATE)
        if told is not None:
            rates = dict.fromkeys(rates, float(np.prod(told.rates)) ** 0.5)
        ranks = max(1, len(self._session.ranks))
        return cost_of(network, rates | self._session.rates, ranks=ranks)

    def _tell_cost(self, network: Network) -> None:
        now = self._cost_of(network)
        try:
            after = edit_of(network, *self._asked).apply(network) if self._asked else None
        except SnnlabError:
            after = None  # not yet anything that could be meant
        preview = "" if after is None else _difference(now, self._cost_of(after))
        self.cost = {"text": cost_text(now), "preview": preview}

    def _say(self, text: str, *, is_error: bool = False) -> None:
        self.note = {"text": text, "is_error": is_error}

    def _refuse(self, error: BaseException) -> None:
        self._session.messages.error(error)
        self._say(str(error), is_error=True)


def cost_text(cost: Cost) -> str:
    """Return a cost in words."""
    size = f"{_many(cost.n_neurons)} neurons, {_many(cost.n_synapses)} synapses"
    room = "" if cost.fits else f", more than the {_bytes(cost.free_bytes)} that are free"
    return (
        f"{size}: about {_bytes(cost.n_bytes)}{room}, built in {_seconds(cost.build_s)}, "
        f"real-time factor about {cost.real_time_factor:.2g} at {cost.rate:.2g} spikes/s of a "
        "neuron (lower is faster)"
    )


def _difference(before: Cost, after: Cost) -> str:
    """What changes, in words."""
    if not after.fits:
        return (
            f"Does not fit: {_bytes(after.peak_bytes)} of {_bytes(after.free_bytes)} that are free"
        )
    more = after.n_synapses - before.n_synapses
    return (
        f"Adds {_bytes(max(0, after.n_bytes - before.n_bytes))}, {_many(more)} synapses; built "
        f"in {_seconds(after.build_s)}; real-time factor about {before.real_time_factor:.2g} "
        f"\N{RIGHTWARDS ARROW} {after.real_time_factor:.2g}"
    )


def _many(n: float) -> str:
    for power, word in ((1e9, "G"), (1e6, "M")):
        if n >= power:
            return f"{n / power:.3g} {word}"
    return f"{n:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _bytes(n: float) -> str:
    for power, word in ((2.0**30, "GiB"), (2.0**20, "MiB")):
        if n >= power:
            return f"{n / power:.3g} {word}"
    return f"{n / 1024:.3g} KiB"


def _seconds(s: float) -> str:
    return f"{s:.2g} s" if s >= 0.1 else "0.1 s"
