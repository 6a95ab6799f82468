"""What CUDA says when something goes wrong, in snnlab's words."""

from __future__ import annotations

from snnlab.errors import DeviceUnavailable, InternalError, OutOfMemory, SnnlabError

__all__ = ["fault", "is_lost", "out_of_memory"]

_OUT_OF_MEMORY = 2

_GONE = {
    3: "it could not be initialised",
    4: "it is being shut down",
    46: "another program keeps it busy",
    100: "it is no longer visible",
    101: "it is no longer there",
    201: "its context is gone",
    214: "its memory has an error that cannot be corrected",
    219: "the link to it has an error that cannot be corrected",
    226: "it was contained after an error",
    601: "its context is gone",
    700: "a kernel touched memory that is not its own",
    702: "a kernel ran longer than the system allows",
    709: "its context is gone",
    710: "a kernel has failed",
    714: "a kernel broke its stack",
    715: "a kernel met an illegal instruction",
    716: "a kernel touched memory at a wrong address",
    717: "a kernel touched memory of the wrong kind",
    718: "a kernel ran into the void",
    719: "a kernel has failed",
    721: "a memory error in a kernel",
    802: "it is not ready yet",
    999: "the driver does not say what",
}
"""CUDA's number of an error after which the device cannot go on -> what happened."""


def is_lost(status: int) -> bool:
    """Whether nothing more can be computed on the device after this error."""
    return status in _GONE


def fault(device: str, status: int, text: str, *, free: int | None = None) -> SnnlabError:
    """Return the error to raise in place of CUDA's own.

    Parameters
    ----------
    device : str
        The device in words: ``"NVIDIA H100 (cuda:0)"``.
    status : int
        CUDA's number of the error; those of the runtime and of the driver are the same.
    text : str
        CUDA's own words.
    free : int, optional
        Bytes that are free on the device.
    """
    if status == _OUT_OF_MEMORY:
        return out_of_memory(device, None, free)
    if not is_lost(status):
        return InternalError(
            device, "must do what it is asked to", got=text,
            remedy="Please report it with the network; device='cpu' computes it meanwhile.",
        )  # fmt: skip
    return DeviceUnavailable(
        device, "must stay usable while the network runs", got=f"{_GONE[status]}: {text}",
        remedy="session.move('cpu') goes on from the last state that was kept. Restart the kernel "
        "to use the GPU again, since CUDA cannot go on in this process; snnlab.open takes a "
        ".checkpoint file too. If it happens again, nvidia-smi -q shows the GPU's errors.",
    )  # fmt: skip


def out_of_memory(device: str, wanted: int | None, free: int | None) -> OutOfMemory:
    """Return the error for memory that a device does not have.

    Parameters
    ----------
    device : str
    wanted : int or None [byte]
        What could not be allocated; None if that is not known.
    free : int or None [byte]
    """
    there = "" if free is None else f"; {_size(free)} are free"
    return OutOfMemory(
        device, "must have room for the network",
        got=f"{'an allocation' if wanted is None else _size(wanted)} too much{there}",
        remedy="Use a smaller scale, close what else uses the GPU (nvidia-smi lists it), or "
        "compute on the CPU: device='cpu'.",
    )  # fmt: skip


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 2**30:.3g} GiB" if n_bytes >= 2**30 else f"{n_bytes / 2**20:.3g} MiB"
