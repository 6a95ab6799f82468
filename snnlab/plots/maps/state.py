"""What plots of a map are drawn from: the synapses of a projection between two sheets."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.analysis.maps import MapQuality, map_quality
from snnlab.analysis.sheet import Sheet
from snnlab.errors import SpecError
from snnlab.model.connectivity import DistanceDependent
from snnlab.model.space import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from snnlab.model.network import Network, Projection

__all__ = ["MapState", "formation_width", "map_of", "map_projection", "sheet_of"]


@dataclass(frozen=True)
class MapState:
    """The synapses of a map at one moment.

    Parameters
    ----------
    pre, post : (n_synapses,) int64
        Source and target of each: indices within their sheets.
    weight : (n_synapses,) floating [unit]
    sheet : Sheet
        Of the sources and of the targets.
    t : float [ms]
        Model time.
    name : str
        Of the projection, for titles.
    unit : str
        Of the weights.
    rate : (n,) float32 [spikes/s], optional
        Mean rate of every target of late; None where nobody counted.
    lesioned : (n,) bool, optional
        Targets that are lesioned; None: none is.
    lesioned_sources : (n,) bool, optional

    Examples
    --------
    >>> import numpy as np
    >>> state = MapState(np.array([0]), np.array([1]), np.array([0.5]), Sheet(4, 4), t=2000.0)
    >>> state.moment
    't = 2 s'
    """

    pre: NDArray[np.int64]
    post: NDArray[np.int64]
    weight: NDArray[np.floating]
    sheet: Sheet
    t: float = 0.0
    name: str = "map"
    unit: str = "1"
    rate: NDArray[np.float32] | None = None
    lesioned: NDArray[np.bool_] | None = None
    lesioned_sources: NDArray[np.bool_] | None = None

    @property
    def n(self) -> int:
        """Number of synapses."""
        return int(self.pre.size)

    @property
    def moment(self) -> str:
        """The time, as a phrase for titles."""
        return f"t = {self.t / 1000.0:.4g} s"

    def quality(self, *, weighted: bool = False) -> MapQuality:
        """Return where the afferents of every target are centred and how far they spread.

        Parameters
        ----------
        weighted : bool
            Whether a synapse counts by the size of its weight; else all count the same.
        """
        return self._weighted if weighted else self._plain

    # Several plots ask, and nothing here changes.
    @cached_property
    def _plain(self) -> MapQuality:
        return map_quality(self.pre, self.post, self.sheet)

    @cached_property
    def _weighted(self) -> MapQuality:
        return map_quality(self.pre, self.post, self.sheet, weight=np.abs(self.weight))


def map_of(source: Any, projection: str | None = None) -> MapState:
    """Return the map of a session as it is now, or a `MapState` itself.

    Parameters
    ----------
    source : Session or MapState
    projection : str, optional
        Name of a projection between two grids of one shape; default: see `map_projection`.

    Raises
    ------
    SpecError
        Something else, or a projection that is no map.
    """
    if isinstance(source, MapState):
        return source
    if not hasattr(source, "read_synapses"):
        raise SpecError(
            "source", "must be a Session or a MapState", got=type(source).__name__,
            remedy="Write for example plots.receptive_fields(session).",
        )  # fmt: skip
    name = map_projection(source.network, projection).name
    synapses, network = source.read_synapses(name)
    found = network.projection(name)
    return MapState(
        synapses.pre - network.first_id(found.pre), synapses.post - network.first_id(found.post),
        synapses.weight, sheet_of(network, found),
        t=synapses.step * network.dt, name=name,
        unit=network.synapse_states_of(found)["weight"].unit,
        lesioned=_lesioned(network, found.post), lesioned_sources=_lesioned(network, found.pre),
    )  # fmt: skip


def _lesioned(network: Network, population: str) -> NDArray[np.bool_] | None:
    """Which neurons of a population are lesioned; None if none is."""
    lesioned = network.population(population).lesioned
    if not lesioned:
        return None
    found = np.zeros(network.population(population).size, bool)
    for start, stop in lesioned:
        found[start:stop] = True
    return found


def map_projection(network: Network, name: str | None = None) -> Projection:
    """Return the projection of this name, or the first map of a network, a rewired one if any.

    Raises
    ------
    SpecError
        No such projection, or none between two grids of one shape.
    """
    if name is not None:
        return network.projection(name)
    maps = [p for p in network.projections if _shapes(network, p) is not None]
    if not maps:
        raise SpecError(
            "projection", "must join two populations on grids of one shape",
            got=f"none in {network.name!r}",
            remedy='Give both populations a space: Population(..., space=Grid(...)).',
        )  # fmt: skip
    return next((p for p in maps if network.is_rewired(p.name)), maps[0])


def sheet_of(network: Network, projection: Projection) -> Sheet:
    """Return the sheet on which the sources and targets of a projection lie.

    Raises
    ------
    SpecError
        They do not lie on grids of one shape.
    """
    grid = _shapes(network, projection)
    if grid is None:
        raise SpecError(
            f"Projection {projection.name!r}", "must join two populations on grids of one shape",
            got=f"{projection.pre!r} and {projection.post!r}",
            remedy='Give both populations a space: Population(..., space=Grid(...)).',
        )  # fmt: skip
    return Sheet(*grid.shape, is_periodic=grid.is_periodic)


def formation_width(network: Network, projection: Projection) -> float | None:
    """Return the width of the kernel by which synapses form [grid steps]; None if there is none.

    That of the rewiring, if it has one; else that of the connectivity.
    """
    grid = _shapes(network, projection)
    if grid is None:
        return None
    step = grid.extent[0] / grid.shape[0]
    for rewiring in network.rewirings:
        parameters = network.rewiring_parameters_of(rewiring)
        if rewiring.projection == projection.name and "sigma_form" in parameters:
            return parameters["sigma_form"] / step
    rule = projection.rule
    if isinstance(rule, DistanceDependent) and rule.kernel == "gaussian":
        return rule.scale / step
    return None


def _shapes(network: Network, projection: Projection) -> Grid | None:
    """The grid of the targets, if the sources have one of the same shape."""
    pre, post = (network.population(name).space for name in (projection.pre, projection.post))
    if isinstance(pre, Grid) and isinstance(post, Grid) and pre.shape == post.shape:
        return post
    return None
