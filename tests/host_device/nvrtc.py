"""NVIDIA's compiler without a GPU: whether it takes a source, for which architectures."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["NvrtcError", "compile_ptx"]

FLAGS = ("--std=c++17", "-fmad=false")


class NvrtcError(Exception):
    """A source that NVRTC refuses; its text is the compiler's log."""


def compile_ptx(source: str, architecture: str) -> str:
    """Compile CUDA C and return the assembly.

    Parameters
    ----------
    source : str
    architecture : str
        ``"compute_80"``.

    Raises
    ------
    NvrtcError
        The compiler refuses the source.
    """
    library = _library()
    program = ctypes.c_void_p()
    _expect(
        library.nvrtcCreateProgram(
            ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None
        )
    )
    try:
        flags = [f"--gpu-architecture={architecture}".encode(), *(f.encode() for f in FLAGS)]
        options = (ctypes.c_char_p * len(flags))(*flags)
        if library.nvrtcCompileProgram(program, len(flags), options) != 0:
            raise NvrtcError(_text(program, "nvrtcGetProgramLog"))
        return _text(program, "nvrtcGetPTX")
    finally:
        _expect(library.nvrtcDestroyProgram(ctypes.byref(program)))


def _text(program: ctypes.c_void_p, getter: str) -> str:
    size = ctypes.c_size_t()
    _expect(getattr(_library(), f"{getter}Size")(program, ctypes.byref(size)))
    text = ctypes.create_string_buffer(size.value)
    _expect(getattr(_library(), getter)(program, text))
    return text.value.decode()


def _expect(status: int) -> None:
    if status != 0:
        raise NvrtcError(f"NVRTC returned {status}")


@cache
def _library() -> ctypes.CDLL:
    """Load libnvrtc from the wheel, or from where the system's loader looks."""
    return ctypes.CDLL(str(_wheel_library() or "libnvrtc.so.12"))


def _wheel_library() -> Path | None:
    nvidia = find_spec("nvidia")
    folders = nvidia.submodule_search_locations if nvidia else None
    found = [p for f in folders or () for p in Path(f).glob("*/lib/libnvrtc.so.*")]
    return found[0] if found else None
