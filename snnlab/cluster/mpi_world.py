"""`MpiWorld`: the ranks of an MPI communicator."""

from __future__ import annotations

import ctypes
import os
import time
from copy import copy
from typing import TYPE_CHECKING, Any

import numpy as np
from mpi4py import MPI

from snnlab.cluster.gpu_aware import loaded_library, refusal

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MpiWorld"]

_FUNCTIONS = (
    "MPI_Iallgather", "MPI_Allreduce", "MPI_Isend", "MPI_Irecv", "MPI_Wait", "MPI_Allgather",
)  # fmt: skip

_LOOK_S = 0.002
"""How often [s] a rank looks whether the others have come."""


class MpiWorld:
    """All ranks of a communicator.

    Parameters
    ----------
    comm : mpi4py.MPI.Comm, optional
        It is copied, so that nothing else that is sent over it comes between; default: all ranks.
    """

    def __init__(self, comm: MPI.Intracomm | None = None) -> None:
        self._comm = (MPI.COMM_WORLD if comm is None else comm).Dup()
        # Compiled code cannot raise: it would go on with spikes that nobody has sent.
        self._comm.Set_errhandler(MPI.ERRORS_ARE_FATAL)
        self.rank: int = self._comm.Get_rank()
        self.n_ranks: int = self._comm.Get_size()
        self._gathers_on_all = True

    def gathered(self, part: NDArray[Any], axis: int = 0) -> NDArray[Any]:
        """Return the parts of all ranks, one behind the other along `axis`."""
        moved = np.ascontiguousarray(np.moveaxis(part, axis, 0))
        lengths = self._comm.allgather(moved.shape[0])
        gets_all = self._gathers_on_all or self.rank == 0
        whole = np.empty((sum(lengths) if gets_all else 0, *moved.shape[1:]), moved.dtype)
        item = moved.dtype.itemsize * int(np.prod(moved.shape[1:], dtype=np.int64))
        own = [moved.view(np.uint8) if moved.size else None, moved.nbytes, MPI.BYTE]
        into = [whole, [n * item for n in lengths], None, MPI.BYTE] if gets_all else None
        (self._comm.Allgatherv if self._gathers_on_all else self._comm.Gatherv)(own, into)
        return np.ascontiguousarray(np.moveaxis(whole, 0, axis))

    def on_first(self) -> MpiWorld:
        """Return the same ranks, of which only the first gets what is gathered."""
        found = copy(self)
        found._gathers_on_all = False
        return found

    def told(
        self, array: NDArray[Any] | None, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> NDArray[Any]:
        """Return an array of the first rank, which the others need not have, on all of them."""
        whole = np.empty(shape, dtype) if array is None else np.ascontiguousarray(array)
        if whole.nbytes:
            self._comm.Bcast([whole.reshape(-1).view(np.uint8), MPI.BYTE])
        return whole

    def total(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum over all ranks, element by element."""
        result = np.empty_like(counts)
        self._comm.Allreduce(counts, result)
        return result

    def before(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the sum over the ranks before this one, element by element."""
        result = np.zeros_like(counts)
        self._comm.Exscan(counts, result)
        return result if self.rank else np.zeros_like(counts)

    def any(self, flag: bool) -> bool:
        """Return whether the flag of any rank is set."""
        return bool(self._comm.allreduce(bool(flag), MPI.LOR))

    def objects(self, value: Any) -> list[Any]:
        """Return the values of all ranks, in rank order."""
        return list(self._comm.allgather(value))

    def meet(self) -> None:
        """Wait for all ranks; MPI itself would keep a core busy until they are there."""
        request = self._comm.Ibarrier()
        while not request.Test():
            time.sleep(_LOOK_S)

    def swapped(self, parts: list[NDArray[np.int32]]) -> list[NDArray[np.int32]]:
        """Send ``parts[r]`` to each rank r; return what each has sent here."""
        n_out = np.array([part.size for part in parts], np.int64)
        n_in = np.empty_like(n_out)
        self._comm.Alltoall(n_out, n_in)
        received = np.empty(int(n_in.sum()), np.int32)
        self._comm.Alltoallv(
            [np.concatenate(parts), n_out.tolist(), MPI.INT32_T],
            [received, n_in.tolist(), MPI.INT32_T],
        )
        return np.split(received, np.cumsum(n_in)[:-1])

    def calls(self) -> NDArray[np.int64]:
        """Return what compiled code needs to call MPI, see `snnlab.arrays.world.World`."""
        library, _ = loaded_library()
        addresses = [
            ctypes.cast(getattr(library, name), ctypes.c_void_p).value for name in _FUNCTIONS
        ]
        known = self._comm, MPI.UINT64_T, MPI.MAX, MPI.SUM
        handles = [MPI._handleof(handle) for handle in known]
        return np.array([*addresses, *handles], np.int64)

    def refuses_gpus(self) -> str:
        """Return why MPI does not take memory of a GPU on this rank; empty if it does."""
        return refusal(*loaded_library(), os.environ)

    def close(self) -> None:
        """Release the communicator."""
        if self._comm != MPI.COMM_NULL:
            self._comm.Free()
