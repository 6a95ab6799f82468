"""Weights on a device, and what an optimiser keeps for each of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from snnlab.cuda.device import Array, Device
from snnlab.learning.cuda.kernels import Kernels
from snnlab.learning.cuda.layout import KINDS, PROJECTIONS, Rows
from snnlab.learning.recurrent_network import RecurrentNetwork
from snnlab.learning.synapses import Synapses
from snnlab.learning.weights import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Moments = Mapping[str, tuple[NDArray[Any], ...]]

__all__ = ["HeldProjection", "HeldWeights"]

_TILE = 32


class HeldProjection:
    """Synapses of a projection on a device.

    Parameters
    ----------
    name : str
        ``"input"`` or ``"recurrent"``.
    synapses : Synapses or None
        Their number and shape stay; what they are is taken by `take`.
    precision : str
    device : Device
    kernels : Kernels
    """

    def __init__(
        self, name: str, synapses: Synapses | None, precision: str, device: Device,
        kernels: Kernels,
    ) -> None:  # fmt: skip
        self._device, self._kernels, self.which = device, kernels, PROJECTIONS[f"OF_{name.upper()}"]
        self.shape: tuple[int, ...] = () if synapses is None else synapses.weight.shape
        self.n_pieces, self._is_laid_out = 0, False
        is_sparse = synapses is not None and not synapses.is_dense
        n = self.shape[0] if is_sparse else 1
        n_pre, n_post = (0, 0) if synapses is None else (synapses.n_pre, synapses.n_post)
        n_masks = n_pre * -(-n_post // _TILE) if is_sparse else 1
        kind = "ROWS_NONE" if synapses is None else "ROWS_SPARSE" if is_sparse else "ROWS_MATRIX"
        make: Callable[..., Any] = device.empty
        self.rows = Rows(
            kind=KINDS[kind], n_pre=n_pre, n_post=n_post,
            autapses=int(synapses is None or synapses.autapses),
            weight=make(self.shape or 1, precision),
            start=make(n_pre + 1 if is_sparse else 1, np.int64),
            post=make(n, np.int32), pre=make(n, np.int32), sign=make(n, np.int8),
            mask=make(n_masks, np.uint32), base=make(n_masks, np.int32),
            packed=make(n, precision), place=make(n, np.int32),
        )  # fmt: skip

    @property
    def exists(self) -> bool:
        """Whether there are such synapses."""
        return self.rows.kind != KINDS["ROWS_NONE"]

    @property
    def is_sparse(self) -> bool:
        """Whether they are rows, not a matrix."""
        return self.rows.kind == KINDS["ROWS_SPARSE"]

    @property
    def n(self) -> int:
        """Numbers in `Rows.weight`."""
        return int(np.prod(self.shape)) if self.exists else 0

    def take(self, synapses: Synapses | None) -> None:
        """Make them those of the host."""
        if synapses is None:
            return
        rows: Any = self.rows
        self._device.write(rows.weight, synapses.weight)
        if self.is_sparse:
            for name in ("start", "post", "sign"):
                self._device.write(getattr(rows, name), getattr(synapses, name))
            self.n_pieces = max(-(-int(np.diff(synapses.start).max()) // _TILE), 1)
            self._is_laid_out = False

    def lay_out(self, task: Array) -> None:
        """Prepare rows for trials if they have been taken; `task` says where they are."""
        if self.is_sparse and not self._is_laid_out:
            self._kernels.each_block("lay_out_rows", self.rows.n_pre, task, self.which)
            self.pack(task)
            self._is_laid_out = True

    def pack(self, task: Array) -> None:
        """Prepare weights that have changed for trials."""
        if self.is_sparse:
            self._kernels.each("pack_rows", self.n, task, self.which, self.n)


class HeldWeights:
    """Weights of a network on a device.

    Parameters
    ----------
    network : RecurrentNetwork
    weights : Weights
        Their shapes; nothing is taken yet.
    n_moments : int
        Numbers that an optimiser keeps for each weight.
    device : Device
    kernels : Kernels
    """

    def __init__(
        self, network: RecurrentNetwork, weights: Weights, n_moments: int, device: Device,
        kernels: Kernels,
    ) -> None:  # fmt: skip
        self._device, dtype = device, network.precision
        more = (dtype, device, kernels)
        self.input = HeldProjection("input", weights.input, *more)
        self.recurrent = HeldProjection("recurrent", weights.recurrent, *more)
        self.output = device.empty(weights.output.shape, dtype)
        self.bias = device.empty(weights.bias.shape, dtype)
        self.feedback = None
        if weights.feedback is not None:
            self.feedback = device.empty(weights.feedback.shape, dtype)
        self._n_moments = n_moments
        self.moments = {
            name: device.empty((n_moments, *array.shape), dtype)
            for name, array in self.arrays().items()
            if n_moments
        }

    def arrays(self) -> dict[str, Array]:
        """Return the arrays of weights by name."""
        found: dict[str, Any] = {"input": self.input.rows.weight}
        if self.recurrent.exists:
            found["recurrent"] = self.recurrent.rows.weight
        found |= {"output": self.output, "bias": self.bias}
        if self.feedback is not None:
            found["feedback"] = self.feedback
        return found

    def take(self, weights: Weights, moments: Moments | None = None) -> None:
        """Make them those of the host, and what an optimiser keeps."""
        self.input.take(weights.input)
        self.recurrent.take(weights.recurrent)
        write = self._device.write
        write(self.output, weights.output)
        write(self.bias, weights.bias)
        if self.feedback is not None:
            assert weights.feedback is not None
            write(self.feedback, weights.feedback)
        if moments is not None:
            for name in moments:
                self._take_moments(name, moments)

    def lay_out(self, task: Array) -> None:
        """Prepare rows for trials if they have been taken; `task` says where they are."""
        self.input.lay_out(task)
        self.recurrent.lay_out(task)

    def pack(self, task: Array) -> None:
        """Prepare weights that have changed for trials."""
        self.input.pack(task)
        self.recurrent.pack(task)

    def projections(self) -> dict[str, HeldProjection]:
        """Return the projections that there are, by name."""
        both = {"input": self.input, "recurrent": self.recurrent}
        return {name: own for name, own in both.items() if own.exists}

    def signs(self, name: str) -> Array:
        """Return the signs of connections, where there are any; of any other weights some array."""
        own = self.projections().get(name, self.input)
        signs: Any = own.rows.sign
        return signs  # type: ignore[no-any-return]

    def give(self, weights: Weights, moments: Moments) -> None:
        """Make those of the host these; rows never change on the device."""
        get = self._device.download
        for name, array in self.arrays().items():
            _on_host(weights, name)[...] = get(array)
        for name in moments:
            self._give_moments(name, moments)

    def give_projection(self, name: str, weights: Weights, moments: Moments) -> None:
        """Make a projection of the host this one."""
        _on_host(weights, name)[...] = self._device.download(self.arrays()[name])
        self._give_moments(name, moments)

    def take_projection(self, name: str, weights: Weights, moments: Moments) -> None:
        """Make a projection that of the host."""
        self.projections()[name].take(weights.input if name == "input" else weights.recurrent)
        self._take_moments(name, moments)

    def _give_moments(self, name: str, moments: Moments) -> None:
        if moments[name]:
            found = self._device.download(self.moments[name])
            for own, values in zip(moments[name], found, strict=True):
                own[...] = values

    def _take_moments(self, name: str, moments: Moments) -> None:
        if moments[name]:
            self._device.write(self.moments[name], np.stack(moments[name]))


def _on_host(weights: Weights, name: str) -> NDArray[Any]:
    """Weights by the name that the device knows them by."""
    if name in ("input", "recurrent"):
        synapses: Synapses = getattr(weights, name)
        return synapses.weight
    array: NDArray[Any] = getattr(weights, name)
    return array
