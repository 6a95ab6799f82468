"""Structural plasticity: rules that create and remove synapses, and where a network uses them.

A rule states its numbers as `Parameter` attributes and its two decisions as plain Python on
scalars, restricted to the rule language; see `RewiringRule`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType, SimpleNamespace
from typing import Any, ClassVar

from snnlab.errors import SpecError, unknown_name
from snnlab.model.declarations import declared
from snnlab.model.distribution import Number
from snnlab.model.parameter import Parameter
from snnlab.model.ranking_rule import check_ranking_rule
from snnlab.model.row_rule import check_row_rule

__all__ = ["PARTNERS", "Rewiring", "RewiringRule", "lookup", "models"]

_RULES: dict[str, type[RewiringRule]] = {}

PARTNERS = ("uniform", "last_spike")
"""How the source of a pair is found."""

_OWN = ("every", "attempts", "weight", "partner", "slots", "pool")
"""Numbers of a `Rewiring` itself, whose names a rule's parameters leave free."""


_FUNCTIONS = ("adjust", "initial", "propose", "row", "rows")
"""What a rule need not define, whose names its parameters leave free, too."""


class RewiringRule:
    """A rule of structural plasticity. Subclass it to define one; the class name is its name.

    Its functions are static, see only scalars, and are written in the rule language. They may
    draw with ``uniform()`` and ``normal()``:

    ``prune(syn, pair, p) -> bool``
        Whether a synapse that is there goes. ``syn.weight`` and ``syn.<name>`` are the states of
        the projection's synapse model; ``pair.distance`` [um]; ``pair.indegree``, the number
        of synapses of the projection that the target has now; ``pair.mark``, a random number
        between 0 and 1 that this source and target of the projection have for ever.
    ``accept(pair, p) -> bool``
        Whether a pair that is not connected gets a synapse.
    ``propose(target, p) -> number``
        Which source is looked at with a target that has been drawn, rounded down; none if there
        is no such source. ``target.number``, ``target.n_targets``, ``target.n_sources`` and
        ``target.indegree``. Without it, `Rewiring` says who is a partner.
    ``initial(pair, p) -> number``
        The weight of a new synapse, with what `accept` sees of its pair; ``p.weight`` is what the
        rewiring says that new synapses start from, and what they do without this function. For
        projections whose synapses have weights of their own.
    ``derive(p, dt)``
        Ordinary Python on the host in float64: returns constants as a dict.

    Notes
    -----
    A rule visits the pairs that `Rewiring` draws: `prune` decides where there is a synapse,
    `accept` where there is none. One with ``replaces = True`` visits every synapse instead, and
    then draws pairs, source and target uniform, until as many synapses have been formed as went.
    It gives up after a million pairs and a thousand more for each synapse that went; fewer are
    formed then, and `Frame.health` says so. It may change weights before:

    ``adjust(syn, pair, p) -> number``
        The new weight of a synapse that is there. Every synapse has it before the first is asked
        whether it goes. For projections whose synapses have weights of their own.

    A rule with ``ranks`` compares the synapses with one another, all of the projection or those
    of each target or source: the ones with the lowest `score` go, `n_going` says how many. Then
    as many pairs as `n_coming` says get a synapse: those with the highest `gain`, any if the rule
    has none. It has these functions instead of `prune` and `accept`:

    ``score(syn, pair, p) -> number``
        Of a synapse, in the rule language.
    ``gain(pre, post, pair, p) -> number``
        Of a pair that is not connected, in the rule language. ``pre.<name>`` and ``post.<name>``
        are state variables of the two neuron models and traces of the projection's synapse model,
        as they are at this step; ``pair.indegree`` counts what has stayed.
    ``n_going(group, p) -> number``, ``n_coming(group, p) -> number``
        Ordinary Python on the host in float64: how many synapses go (default: none) and come
        (default: as many as went) in a group of ``group.n`` synapses and ``group.n_pairs`` pairs
        that may connect, at ``group.time`` [ms]; ``group.n_gone`` for `n_coming`. Rounded.

    Of equal ones those go and come that a random number chooses, named by the pair and the step.

    What does not fit pair by pair, and needs more of a neuron's synapses than their order, is a
    row form. A rule with ``rows = "target"`` sees the synapses onto one neuron after the other,
    one with ``"source"`` those from it, however they are stored, and has instead of `score` and
    `n_going`:

    ``row(neuron, synapses, p)``
        Which synapses of a neuron go, in the rule language: ``for s in synapses`` visits them in
        the order of the other neurons' numbers, as often as it is written, two such loops within
        one another at most. ``s.weight`` and the other states, ``s.distance``, ``s.indegree``,
        ``s.mark`` can be read, and ``s.remove()`` lets the synapse go; all loops of the call
        still see it. ``neuron.number``, ``neuron.n_synapses``. It returns nothing.

    None comes then unless `n_coming` says how many; `gain` and `initial` are as above.

    Rules that rank or have a row form come before all others of their step. Lesioned neurons are
    left out. The host asks them, between two compiled calls and whatever the device, and fetches
    the synapses of the projection for it: let them act every 10 ms or more seldom.
    """

    parameters: ClassVar[Mapping[str, Parameter]] = {}
    replaces: ClassVar[bool] = False
    """Whether every synapse is visited, and as many are formed as go."""
    ranks: ClassVar[str] = ""
    """Which synapses are compared: ``"projection"``, ``"target"``, ``"source"``; empty: none."""
    rows: ClassVar[str] = ""
    """Whose synapses `row` sees: ``"target"``: those onto a neuron, ``"source"``: those from it."""
    signs_apart: ClassVar[bool] = False
    """Whether negative scores are compared with one another; the ones nearest to zero go first."""
    candidates: ClassVar[int] = 0
    """Pairs whose gain is looked at for each synapse that comes, drawn at random; 0: all pairs."""

    weighs_first: ClassVar[bool] = False
    """Whether `initial` also weighs the synapses that a network starts with.

    There ``p.weight`` is the projection's weight, and ``pair.indegree`` counts all of them.
    """

    matches_elements: ClassVar[bool] = False
    """Whether synaptic elements decide: it has no functions of its own then."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls.parameters = declared(cls, Parameter)
        for name in (*_OWN, *_FUNCTIONS):
            if name in cls.parameters:
                has = "every rewiring has one" if name in _OWN else "a rule may define it"
                raise SpecError(
                    f"{cls.__name__}.{name}", f"must have another name: {has}",
                    remedy=f"Names that are taken: {', '.join((*_OWN, *_FUNCTIONS))}.",
                )  # fmt: skip
        if cls.adjust is not None and not cls.replaces:
            raise SpecError(
                f"{cls.__name__}.adjust",
                "must not be defined: the rule does not visit every synapse",
                remedy="Write replaces = True, or leave changes of weights to the synapse model.",
            )  # fmt: skip
        if cls.weighs_first and cls.initial is None:
            raise SpecError(
                f"{cls.__name__}.weighs_first", "must be False: the rule weighs no synapses",
                got="True", remedy="Define initial(pair, p).",
            )  # fmt: skip
        if cls.propose is not None and (cls.replaces or cls.compares() or cls.matches_elements):
            raise SpecError(
                f"{cls.__name__}.propose", "must not be defined: the rule draws no attempts",
                remedy="Let it decide pair by pair: without replaces and ranks.",
            )  # fmt: skip
        check_row_rule(cls, RewiringRule)
        check_ranking_rule(cls, RewiringRule)
        if cls.rows and cls.n_coming is RewiringRule.n_coming:
            cls.n_coming = staticmethod(_none_come)  # type: ignore[method-assign]
        if cls.replaces and cls.accept is RewiringRule.accept:
            raise SpecError(
                f"{cls.__name__}.accept", "must be defined: the rule replaces what it prunes",
                remedy="Return True to form synapses anywhere.",
            )  # fmt: skip
        decides = (cls.accept, cls.prune) != (RewiringRule.accept, RewiringRule.prune)
        if cls.matches_elements and (decides or cls.parameters or cls.initial is not None):
            raise SpecError(
                f"{cls.__name__}", "must have no functions and parameters: elements decide",
                remedy="Use the rule Homeostatic as it is.",
            )  # fmt: skip
        _RULES[cls.__name__] = cls

    @staticmethod
    def derive(p: SimpleNamespace, dt: float) -> dict[str, Any]:
        """Return constants computed once on the host in float64; default: none.

        Parameters
        ----------
        p : namespace
            Parameter values in canonical units.
        dt : float [ms]
            Time step.
        """
        return {}

    @staticmethod
    def prune(syn: Any, pair: Any, p: Any) -> Any:
        """Return whether a synapse goes; default: never."""
        return False

    @staticmethod
    def accept(pair: Any, p: Any) -> Any:
        """Return whether a pair gets a synapse; default: never."""
        return False

    adjust: ClassVar[Callable[..., Any] | None] = None
    """What changes the weights before a call, of a rule that replaces; default: nothing does."""

    initial: ClassVar[Callable[..., Any] | None] = None
    """What gives new synapses their weights; default: all have that of the rewiring."""

    propose: ClassVar[Callable[..., Any] | None] = None
    """What names the source of a pair that is drawn; default: `Rewiring.partner` does."""

    row: ClassVar[Callable[..., Any] | None] = None
    """What says which synapses of a neuron go, of a rule with `rows`."""

    @staticmethod
    def score(syn: Any, pair: Any, p: Any) -> Any:
        """Return by what a synapse is ranked: the lowest go; default: its weight."""
        return syn.weight

    @staticmethod
    def gain(pre: Any, post: Any, pair: Any, p: Any) -> Any:
        """Return by what a pair is ranked: the highest come; without it, any come."""
        return 0.0

    @staticmethod
    def n_going(group: SimpleNamespace, p: SimpleNamespace) -> float:
        """Return how many synapses of a group go; default: none."""
        return 0.0

    @staticmethod
    def n_coming(group: SimpleNamespace, p: SimpleNamespace) -> float:
        """Return how many pairs of a group get a synapse; default: as many as went."""
        return float(group.n_gone)

    @classmethod
    def compares(cls) -> str:
        """Return which synapses the rule looks at together; empty if one at a time."""
        return cls.ranks or cls.rows

    @classmethod
    def ranks_pairs(cls) -> bool:
        """Tell whether the rule has a `gain`."""
        return cls.gain is not RewiringRule.gain


def _none_come(group: SimpleNamespace, p: SimpleNamespace) -> float:
    """Form none: what a rule with a row form does unless it says otherwise."""
    return 0.0


@dataclass(frozen=True)
class Rewiring:
    """Synapses of a projection come and go while the network runs, as a rule says.

    At every multiple of `every` pairs of a source and a target neuron are drawn, one after the
    other; the rule says whether a synapse between them goes, or one is formed. A pair never has
    two synapses, and no neuron one with itself where the projection has no autapses.

    Parameters
    ----------
    projection : str
        Whose synapses; it must start without multapses, with one constant weight and delay.
    rule : type of RewiringRule or str
        The rule, or the name of one.
    every : number [ms]
        Time between two calls of the rule, at least one time step; rounded to the grid.
    attempts : number
        Pairs drawn at each call; rounded. A rule that replaces or ranks looks at as many as it
        needs, whatever the number; 0 lets any rule rest.
    parameters : mapping
        Of the rule: name -> number, quantity or expression of knobs. What is not named has the
        rule's default.
    weight : number, optional [unit of the receptor]
        What a new synapse starts from, unless the rule has `initial`, which sees this number as
        ``p.weight``. Default: the weight of the projection.
    name : str
        Unique within the network; default ``"rewiring of <projection>"``.
    partner : str
        ``"uniform"``: the source of a pair is any neuron of the population. ``"last_spike"``: the
        one that spiked last.
    slots : int
        0: targets take any number of synapses, and pairs are drawn. Else each target has so many
        slots for synapses of the projection, and an attempt draws a target and one of its slots:
        where that holds a synapse, `prune` decides whether it goes; where it is empty, `accept`
        decides whether `partner` gets one.
    pool : str
        Rewirings of projections onto the same population that name the same pool share their
        slots, and they look at the same ones: give them the same `every` and `attempts`. An empty
        slot is offered to each as often as it brings slots. Default: a pool of its own.
    pre_synaptic_element, post_synaptic_element : str
        For `Homeostatic`: which kinds of `SynapticElements` of the source and of the target
        population its synapses connect.
    """

    projection: str
    rule: type[RewiringRule] | str = "Topographic"
    every: Number = 1.0
    attempts: Number = 10
    parameters: Mapping[str, Number] = field(default_factory=dict)
    weight: Number | None = None
    name: str = ""
    partner: str = "uniform"
    slots: int = 0
    pool: str = ""
    pre_synaptic_element: str = ""
    post_synaptic_element: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        if isinstance(self.rule, type):
            lookup(self.rule.__name__)
            object.__setattr__(self, "rule", self.rule.__name__)
        if not self.name:
            object.__setattr__(self, "name", f"rewiring of {self.projection}")

    @property
    def model(self) -> type[RewiringRule]:
        """The rule's class."""
        return lookup(str(self.rule))


def models() -> dict[str, type[RewiringRule]]:
    """Return every rewiring rule that is defined, name -> class."""
    import snnlab.model.rewirings  # noqa: F401  (registers the rules that ship)

    return dict(_RULES)


def lookup(name: str) -> type[RewiringRule]:
    """Return the rewiring rule of this name.

    Raises
    ------
    SpecError
        No such rule; the nearest names are offered.
    """
    known = models()
    if name not in known:
        raise unknown_name("rewiring rule", name, known)
    return known[name]
