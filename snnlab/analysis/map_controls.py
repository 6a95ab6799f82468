"""What a topographic map is compared with: maps without what rewiring or learning did to it.

References
----------
Bamford, Murray, Willshaw (2010), IEEE Trans. Neural Netw. 21, 286-304.
Bogdan, Rowley, Rhodes, Furber (2018), Front. Neurosci. 12, 434, doi 10.3389/fnins.2018.00434.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from snnlab.analysis.sheet import Sheet
from snnlab.errors import SpecError

__all__ = ["shuffle_connections", "shuffle_weights", "signed_rank_p"]

_ROUNDS = 30
"""Draws of distinct sources are repeated this often; the few that are left are chosen at once."""

_CELLS = 2**22
"""Pairs of target and source that are looked at together then."""


def shuffle_connections(
    post: ArrayLike,
    sheet: Sheet,
    sigma: float,
    *,
    seed: int,
    multapses: bool = False,
    autapses: bool = True,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return a map with the same in-degrees whose sources are drawn anew.

    A source at distance d from the place of the target is drawn with a probability proportional
    to ``exp(-d^2 / (2 sigma^2))``, one after the other.

    Parameters
    ----------
    post : (n_synapses,) int
        Target of each synapse; only their numbers matter.
    sheet : Sheet
        Of the sources and of the targets.
    sigma : float [grid steps]
        Width of the formation kernel, > 0.
    seed : int
    multapses : bool
        Whether a source may be drawn again for a target.
    autapses : bool
        Whether a target may be its own source, for maps from a sheet to itself.

    Returns
    -------
    pre, post : (n_synapses,) int64
        By target, then by source.

    Raises
    ------
    SpecError
        A width that is not > 0, more distinct sources than there are.
    """
    if not sigma > 0:
        raise SpecError("sigma", "must be > 0", got=f"{sigma:g}")
    wanted = np.bincount(sheet.indices("post", post), minlength=sheet.n)
    most = sheet.n - (not autapses)
    if wanted.max(initial=0) > (most if not multapses or most == 0 else np.inf):
        raise SpecError(
            "post", f"must have at most {most} synapses onto each target", got=str(wanted.max()),
            remedy="Allow multapses, or take a larger sheet.",
        )  # fmt: skip
    rng = np.random.default_rng(seed)
    kernel = [_axis_kernel(sheet, axis, sigma) for axis in range(2)]
    pairs, done = np.empty(0, np.int64), []
    for _ in range(_ROUNDS):
        lacking = wanted - np.bincount(pairs // sheet.n, minlength=sheet.n)
        is_done = (lacking == 0)[pairs // sheet.n]
        done.append(pairs[is_done])
        wanted[lacking == 0] = 0
        if not wanted.any():
            break
        target = np.repeat(np.arange(sheet.n), lacking)
        drawn = target * sheet.n + _draw(target, sheet, kernel, rng)
        if not autapses:
            drawn = drawn[drawn // sheet.n != drawn % sheet.n]
        # What is drawn again for a target is drawn in vain: the next one counts.
        pairs = np.sort(np.append(pairs[~is_done], drawn))
        if not multapses:
            pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: pairs.size]]
    else:
        done.append(_completed(pairs, wanted, sheet, sigma, rng, multapses, autapses))
    pairs = np.sort(np.concatenate(done))
    return pairs % sheet.n, pairs // sheet.n


def _axis_kernel(sheet: Sheet, axis: int, sigma: float) -> NDArray[np.float64]:
    """Cumulative probability of each place along an axis, for each place of a target."""
    places = np.arange(sheet.shape[axis])
    d = sheet.apart(places[:, None], places, axis)
    total = np.cumsum(np.exp(-0.5 * (d / sigma) ** 2), axis=1)
    return np.asarray(total / total[:, -1:])


def _draw(
    target: NDArray[np.int64],
    sheet: Sheet,
    kernel: list[NDArray[np.float64]],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """One source for each entry: the Gaussian is the product of one along x and one along y."""
    found = []
    for place, cumulative in zip(sheet.coordinates(target), kernel, strict=True):
        length = len(cumulative)
        steps = (cumulative + np.arange(length)[:, None]).ravel()
        at = np.searchsorted(steps, place + rng.random(target.size), side="right")
        found.append(np.minimum(at - place * length, length - 1))
    return np.asarray(found[1] * sheet.columns + found[0], np.int64)


def _completed(
    pairs: NDArray[np.int64],
    wanted: NDArray[np.int64],
    sheet: Sheet,
    sigma: float,
    rng: np.random.Generator,
    multapses: bool,
    autapses: bool,
) -> NDArray[np.int64]:
    """Add what is lacking where draws in vain prevail: the largest of perturbed logarithms.

    With noise of Gumbel's distribution these are as if drawn one after the other without
    replacement (Efraimidis, Spirakis 2006, Inf. Process. Lett. 97, 181-185).
    """
    lacking = wanted - np.bincount(pairs // sheet.n, minlength=sheet.n)
    targets = np.flatnonzero(lacking)
    if multapses and targets.size:
        raise SpecError(
            "sigma", "must be wide enough to reach other neurons", got=f"{sigma:g}",
            remedy="Without autapses, take a width of about a grid step or more.",
        )  # fmt: skip
    added = [pairs]
    for some in np.array_split(targets, -(-targets.size * sheet.n // _CELLS) or 1):
        d = sheet.distance(np.arange(sheet.n), some[:, None])
        key = -0.5 * (d / sigma) ** 2 + rng.gumbel(size=d.shape)
        taken = pairs[np.isin(pairs // sheet.n, some)]
        key[np.searchsorted(some, taken // sheet.n), taken % sheet.n] = -np.inf
        if not autapses:
            key[np.arange(some.size), some] = -np.inf
        order = np.argsort(-key, axis=1)
        is_chosen = np.arange(sheet.n) < lacking[some][:, None]
        added.append((some[:, None] * sheet.n + order)[is_chosen])
    return np.concatenate(added)


def shuffle_weights(post: ArrayLike, weight: ArrayLike, *, seed: int) -> NDArray[np.float64]:
    """Return the weights, permuted at random among the afferents of each target.

    Parameters
    ----------
    post : (n_synapses,) int
        Target of each synapse, in any order.
    weight : (n_synapses,) float
    seed : int

    Returns
    -------
    (n_synapses,) float64
        In the order of the synapses.

    Raises
    ------
    SpecError
        Arrays of different lengths.
    """
    target, w = np.asarray(post, np.int64), np.asarray(weight, np.float64)
    if target.shape != w.shape:
        raise SpecError(
            "weight", "must be as many as post", got=f"shapes {target.shape} and {w.shape}"
        )
    order = np.lexsort((np.random.default_rng(seed).random(w.size), target))
    shuffled = np.empty_like(w)
    shuffled[np.argsort(target, kind="stable")] = w[order]
    return shuffled


def signed_rank_p(a: ArrayLike, b: ArrayLike) -> float:
    """Return the p-value of Wilcoxon's signed-rank test (two-sided) of values of the same targets.

    Parameters
    ----------
    a, b : (n,) float
        E.g. `MapQuality.sigma` of a map and of its control. A target where either is nan is left
        out.

    Returns
    -------
    float
        1 if no two of them differ; nan if there is no target.

    Raises
    ------
    SpecError
        Arrays of different lengths.
    """
    one, other = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if one.shape != other.shape:
        raise SpecError(
            "a and b", "must be of the same targets", got=f"shapes {one.shape} and {other.shape}"
        )
    difference = (one - other)[~np.isnan(one - other)]
    if not difference.size:
        return float("nan")
    if not difference.any():
        return 1.0
    from scipy.stats import wilcoxon

    return float(wilcoxon(difference).pvalue)
