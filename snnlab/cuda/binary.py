"""CUDA C compiled by NVRTC, kept on disk: a second start compiles nothing.

NVRTC is called directly because CuPy's own way to it adds ``-ftz=true``: numbers too small for a
full mantissa would become 0 on the GPU alone, and spikes would no longer be equal to the bit.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from snnlab.errors import InternalError
from snnlab.record.atomic import replacing
from snnlab.rules.cache import cache_directory

__all__ = ["OPTIONS", "compiled"]

OPTIONS = ("--std=c++17", "-fmad=false", "-ftz=false", "-prec-div=true", "-prec-sqrt=true")
"""No fast arithmetic of any kind."""

_DIGEST_BYTES = 32
_SHOWN_LINES = 6


def compiled(source: str, capability: int, nvrtc: Any) -> bytes:
    """Return the binary of a source, from the cache if it is there and whole.

    Parameters
    ----------
    source : str
        CUDA C.
    capability : int
        Compute capability of the device, 90 for 9.0.
    nvrtc : module
        ``cupy.cuda.nvrtc``.

    Raises
    ------
    InternalError
        It does not compile.
    """
    options = (*OPTIONS, target(capability, nvrtc.getSupportedArchs()))
    words = [*options, *map(str, nvrtc.getVersion()), source]
    name = hashlib.sha256("\0".join(words).encode()).hexdigest()[:24]
    path = cache_directory() / f"cuda_{name}.bin"
    kept = _read(path)
    if kept is not None:
        return kept
    code = _compile(source, options, nvrtc)
    _keep(path, code)
    return code


def target(capability: int, supported: tuple[int, ...]) -> str:
    """Return the option that names what to compile for.

    Parameters
    ----------
    capability : int
    supported : tuple of int
        What the compiler knows.

    Notes
    -----
    For a device that is newer than the compiler the driver finishes the work, except within one
    generation, where code for the older device runs as it is.
    """
    best = max((arch for arch in supported if arch <= capability), default=min(supported))
    kind = "sm" if best // 10 == capability // 10 else "compute"
    return f"-arch={kind}_{best}"


def _compile(source: str, options: tuple[str, ...], nvrtc: Any) -> bytes:
    program = nvrtc.createProgram(source, "snnlab.cu", (), ())
    try:
        nvrtc.compileProgram(program, options)
        is_machine_code = any(option.startswith("-arch=sm_") for option in options)
        found = nvrtc.getCUBIN(program) if is_machine_code else nvrtc.getPTX(program)
        return found if isinstance(found, bytes) else found.encode()
    except nvrtc.NVRTCError as error:
        log = [line for line in nvrtc.getProgramLog(program).splitlines() if line.strip()]
        raise InternalError(
            "CUDA source", "must compile", got=str(error), context="\n".join(log[:_SHOWN_LINES]),
            remedy="Please report it with the network; device='cpu' computes it meanwhile.",
        ) from error  # fmt: skip
    finally:
        nvrtc.destroyProgram(program)


def _read(path: Path) -> bytes | None:
    """What was kept; None if there is nothing or it is damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    digest, code = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    return code if hashlib.sha256(code).digest() == digest else None


def _keep(path: Path, code: bytes) -> None:
    """Write the code for the next start, which compiles again if there is no room for it."""
    with suppress(OSError):  # `snnlab doctor` says that the folder cannot be written
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(hashlib.sha256(code).digest() + code)
