"""NVIDIA's compiler without a GPU: whether it takes a source, for which architectures."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["NvrtcError", "compile_ptx", "understand"]

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
    with _compiled(source, architecture) as program:
        return _text(program, "nvrtcGetPTX")


def understand(source: str, architecture: str) -> None:
    """Let the compiler read CUDA C; it optimises nothing, which is what takes its time.

    Parameters
    ----------
    source : str
    architecture : str

    Raises
    ------
    NvrtcError
        The compiler refuses the source.
    """
    with _compiled(source, architecture, "-dlto"):
        pass


@contextmanager
def _compiled(source: str, architecture: str, *more: str) -> Iterator[ctypes.c_void_p]:
    library = _library()
    program = ctypes.c_void_p()
    _expect(
        library.nvrtcCreateProgram(
            ctypes.byref(program), source.encode(), b"kernels.cu", 0, None, None
        )
    )
    try:
        flags = [f.encode() for f in (f"--gpu-architecture={architecture}", *FLAGS, *more)]
        options = (ctypes.c_char_p * len(flags))(*flags)
        if library.nvrtcCompileProgram(program, len(flags), options) != 0:
            raise NvrtcError(_text(program, "nvrtcGetProgramLog"))
        yield program
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
