"""Who connects to whom: the connectivity rules, as frozen values.

Names and meanings follow NEST's ``Connect``. Every rule draws from streams that are named by the
projection and the neuron, never by the thread or rank that does the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snnlab.errors import SpecError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "RULES",
    "AllToAll",
    "Connectivity",
    "DistanceDependent",
    "FixedIndegree",
    "FixedOutdegree",
    "FixedTotalNumber",
    "OneToOne",
    "PairwiseBernoulli",
]


@dataclass(frozen=True)
class Connectivity:
    """Abstract: a rule that says which pairs (source, target) get a synapse.

    `check` is called with the sizes of both populations before anything is built.
    """

    def check(self, n_pre: int, n_post: int, *, is_recurrent: bool, where: str) -> None:
        """Refuse a rule that the two populations cannot satisfy.

        Parameters
        ----------
        n_pre, n_post : int
            Sizes of the source and the target population.
        is_recurrent : bool
            Whether both are the same population.
        where : str
            Name of the projection.

        Raises
        ------
        SpecError
            More synapses than pairs, sizes that do not match, a probability above 1.
        """

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return the mean number of synapses."""
        raise SpecError(type(self).__name__, "must be one of " + ", ".join(sorted(RULES)))


def _pairs(n_pre: int, n_post: int, is_recurrent: bool, autapses: bool) -> int:
    return n_pre * n_post - (n_post if is_recurrent and not autapses else 0)


def _at_least_zero(where: str, number: int) -> None:
    if isinstance(number, bool) or int(number) != number or number < 0:
        raise SpecError(where, "must be a whole number >= 0", got=repr(number))


def _fits(where: str, wanted: int, available: int, what: str) -> None:
    if wanted > available:
        raise SpecError(
            where,
            f"must be <= {available}, the number of {what} when multapses are off",
            got=str(wanted),
            remedy="Allow multapses, or ask for fewer synapses.",
        )


@dataclass(frozen=True)
class OneToOne(Connectivity):
    """Neuron i of the source to neuron i of the target."""

    def check(self, n_pre: int, n_post: int, *, is_recurrent: bool, where: str) -> None:
        """Both populations must have the same size."""
        if n_pre != n_post:
            raise SpecError(
                f"{where}.rule",
                "one_to_one needs populations of equal size",
                got=f"{n_pre} and {n_post} neurons",
                remedy="Use all_to_all or fixed_indegree.",
            )

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return the size of the populations."""
        return float(n_post)


@dataclass(frozen=True)
class AllToAll(Connectivity):
    """Every source to every target."""

    autapses: bool = True

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return the number of pairs."""
        return float(_pairs(n_pre, n_post, is_recurrent, self.autapses))


@dataclass(frozen=True)
class FixedIndegree(Connectivity):
    """Every target draws `indegree` sources uniformly."""

    indegree: int
    autapses: bool = True
    multapses: bool = True

    def check(self, n_pre: int, n_post: int, *, is_recurrent: bool, where: str) -> None:
        """`indegree` must be available."""
        where = f"{where}.rule.indegree"
        _at_least_zero(where, self.indegree)
        available = n_pre - (is_recurrent and not self.autapses)
        if not self.multapses or available <= 0:
            _fits(where, self.indegree, available, "other sources")

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return ``indegree * n_post``."""
        return float(self.indegree * n_post)


@dataclass(frozen=True)
class FixedOutdegree(Connectivity):
    """Every source draws `outdegree` targets uniformly."""

    outdegree: int
    autapses: bool = True
    multapses: bool = True

    def check(self, n_pre: int, n_post: int, *, is_recurrent: bool, where: str) -> None:
        """`outdegree` must be available."""
        where = f"{where}.rule.outdegree"
        _at_least_zero(where, self.outdegree)
        available = n_post - (is_recurrent and not self.autapses)
        if not self.multapses or available <= 0:
            _fits(where, self.outdegree, available, "other targets")

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return ``outdegree * n_pre``."""
        return float(self.outdegree * n_pre)


@dataclass(frozen=True)
class FixedTotalNumber(Connectivity):
    """`n` synapses, source and target of each drawn uniformly."""

    n: int
    autapses: bool = True
    multapses: bool = True

    def check(self, n_pre: int, n_post: int, *, is_recurrent: bool, where: str) -> None:
        """`n` must be available."""
        where = f"{where}.rule.n"
        _at_least_zero(where, self.n)
        available = _pairs(n_pre, n_post, is_recurrent, self.autapses)
        if not self.multapses or available <= 0:
            _fits(where, self.n, available, "pairs")

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return `n`."""
        return float(self.n)


@dataclass(frozen=True)
class PairwiseBernoulli(Connectivity):
    """Every pair independently with probability `p`."""

    p: float
    autapses: bool = True

    def check(self, n_pre: int, n_post: int, *, is_recurrent: bool, where: str) -> None:
        """`p` must be a probability."""
        _probability(f"{where}.rule.p", self.p)

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return ``p`` times the number of pairs."""
        return self.p * _pairs(n_pre, n_post, is_recurrent, self.autapses)


@dataclass(frozen=True)
class DistanceDependent(Connectivity):
    """Every pair with a probability that falls with distance; needs positions.

    Parameters
    ----------
    p_max : float
        Probability at distance 0.
    scale : float [um]
        Length of the kernel: standard deviation of ``"gaussian"``, decay length of
        ``"exponential"``, radius of ``"disc"``.
    kernel : str
        ``"gaussian"``: p_max exp(-d^2 / (2 scale^2)); ``"exponential"``: p_max exp(-d / scale);
        ``"disc"``: p_max for d <= scale.
    autapses : bool
        Whether a neuron may connect to itself.
    """

    p_max: float
    scale: float
    kernel: str = "gaussian"
    autapses: bool = True

    KERNELS = ("gaussian", "exponential", "disc")

    def check(self, n_pre: int, n_post: int, *, is_recurrent: bool, where: str) -> None:
        """Kernel, probability and scale must be meaningful."""
        _probability(f"{where}.rule.p_max", self.p_max)
        if self.kernel not in self.KERNELS:
            raise SpecError(
                f"{where}.rule.kernel",
                "must be one of " + ", ".join(self.KERNELS),
                got=repr(self.kernel),
            )
        if not self.scale > 0:
            raise SpecError(f"{where}.rule.scale", "must be > 0 um", got=f"{self.scale:g} um")

    def probability(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability of a synapse at each distance [um]."""
        import numpy as np

        d = distance / self.scale
        if self.kernel == "disc":
            return np.where(d <= 1.0, self.p_max, 0.0)
        return self.p_max * np.exp(-0.5 * d * d if self.kernel == "gaussian" else -d)

    def expected_synapses(self, n_pre: int, n_post: int, *, is_recurrent: bool) -> float:
        """Return an upper bound: ``p_max`` times the number of pairs."""
        return self.p_max * _pairs(n_pre, n_post, is_recurrent, self.autapses)


def _probability(where: str, p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise SpecError(where, "must be a probability between 0 and 1", got=f"{p:g}")


RULES: dict[str, type[Connectivity]] = {
    "one_to_one": OneToOne,
    "all_to_all": AllToAll,
    "fixed_indegree": FixedIndegree,
    "fixed_outdegree": FixedOutdegree,
    "fixed_total_number": FixedTotalNumber,
    "pairwise_bernoulli": PairwiseBernoulli,
    "distance_dependent": DistanceDependent,
}
"""Name in files -> class."""
