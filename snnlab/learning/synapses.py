"""The trainable synapses between two groups of neurons: a dense matrix, or sparse rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Synapses", "by_target"]


@dataclass
class Synapses:
    """Synapses of a projection, by source.

    Parameters
    ----------
    n_pre, n_post : int
    weight : (n_pre, n_post) or (n,) real
        A dense matrix; or one number for each synapse, row after row.
    start : (n_pre + 1,) int64
        Where the rows of sources begin; all 0 for a dense matrix.
    post : (n,) int32
        Targets, ascending in each row; empty for a dense matrix.
    sign : (n,) int8
        +1 or -1: the sign of the connection, where a rule of rewiring gives it one, else that of
        the weight that it started from; empty for a dense matrix.
    autapses : bool
        Whether a neuron may connect with itself.
    """

    n_pre: int
    n_post: int
    weight: NDArray[Any]
    start: NDArray[np.int64]
    post: NDArray[np.int32]
    sign: NDArray[np.int8]
    autapses: bool = True

    @classmethod
    def dense(cls, weight: NDArray[Any], *, autapses: bool = True) -> Synapses:
        """Make them of a matrix, (n_pre, n_post); without autapses its diagonal is set to 0."""
        n_pre, n_post = weight.shape
        made = cls(
            n_pre, n_post, np.ascontiguousarray(weight), np.zeros(n_pre + 1, np.int64),
            np.zeros(0, np.int32), np.zeros(0, np.int8), autapses,
        )  # fmt: skip
        made.clear_autapses(made.weight)
        return made

    @classmethod
    def sparse(
        cls, n_pre: int, n_post: int, pre: NDArray[Any], post: NDArray[Any], weight: NDArray[Any],
        *, autapses: bool = True,
    ) -> Synapses:  # fmt: skip
        """Make them of a list of pairs, in any order; signs are those of the weights."""
        order = np.lexsort((post, pre))
        start = np.concatenate([[0], np.cumsum(np.bincount(pre, minlength=n_pre))])
        ordered = np.ascontiguousarray(weight[order])
        return cls(
            n_pre, n_post, ordered, start.astype(np.int64), post[order].astype(np.int32),
            np.where(ordered < 0, -1, 1).astype(np.int8), autapses,
        )  # fmt: skip

    @property
    def is_dense(self) -> bool:
        """Whether all pairs are connected."""
        return self.weight.ndim == 2

    @property
    def n(self) -> int:
        """Number of synapses."""
        if not self.is_dense:
            return int(self.post.size)
        return int(self.weight.size) - (0 if self.autapses else self.n_pre)

    @property
    def pre(self) -> NDArray[np.int32]:
        """Source of each synapse of sparse rows, (n,) int32."""
        return np.repeat(np.arange(self.n_pre, dtype=np.int32), np.diff(self.start))

    def matrix(self) -> NDArray[Any]:
        """Return the weights as a matrix, (n_pre, n_post), 0 where there is no synapse."""
        if self.is_dense:
            return self.weight.copy()
        found = np.zeros((self.n_pre, self.n_post), self.weight.dtype)
        found[self.pre, self.post] = self.weight
        return found

    def clear_autapses(self, matrix: NDArray[Any]) -> None:
        """Set the diagonal of a matrix of this shape to 0 where there are no autapses."""
        if matrix.ndim == 2 and not self.autapses:
            np.fill_diagonal(matrix, 0)

    def copy(self) -> Synapses:
        """Return synapses that do not change with these."""
        return Synapses(
            self.n_pre, self.n_post, self.weight.copy(), self.start.copy(), self.post.copy(),
            self.sign.copy(), self.autapses,
        )  # fmt: skip


@njit(error_model="numpy", cache=True)
def by_target(start, post, n_post):  # type: ignore[no-untyped-def]
    """Index sparse rows by target.

    Parameters
    ----------
    start : (n_pre + 1,) int64
    post : (n,) int32
    n_post : int

    Returns
    -------
    first : (n_post + 1,) int64
        Where the synapses of each target begin in the other two.
    pre : (n,) int32
        Their sources, ascending for each target.
    place : (n,) int64
        Where each of them is in the rows.
    """
    first = np.zeros(n_post + 1, np.int64)
    for j in post:
        first[j + 1] += 1
    for j in range(n_post):
        first[j + 1] += first[j]
    at = first[:-1].copy()
    pre, place = np.empty(post.size, np.int32), np.empty(post.size, np.int64)
    for i in range(start.size - 1):
        for k in range(start[i], start[i + 1]):
            j = post[k]
            pre[at[j]] = i
            place[at[j]] = k
            at[j] += 1
    return first, pre, place
