"""Compiled code is kept on disk, whole or not at all, and no arithmetic is made faster."""

from __future__ import annotations

from pathlib import Path

import pytest

from snnlab.cuda.binary import OPTIONS, compiled, target
from snnlab.errors import InternalError


class NvrtcError(Exception):
    """As CuPy's NVRTC raises it."""


class Nvrtc:
    """A compiler that gives back what it was given."""

    NVRTCError = NvrtcError

    def __init__(self, version: tuple[int, int] = (12, 9)) -> None:
        self.version = version
        self.n_compiled = 0
        self.open: set[int] = set()
        self.options: tuple[str, ...] = ()

    def getVersion(self) -> tuple[int, int]:  # noqa: N802
        return self.version

    def getSupportedArchs(self) -> tuple[int, ...]:  # noqa: N802
        return (50, 60, 70, 75, 80, 86, 90)

    def createProgram(self, source: str, *_: object) -> int:  # noqa: N802
        self.source = source
        self.n_compiled += 1
        self.open.add(self.n_compiled)
        return self.n_compiled

    def compileProgram(self, _: int, options: tuple[str, ...]) -> None:  # noqa: N802
        self.options = options
        if "wrong" in self.source:
            raise NvrtcError("NVRTC_ERROR_COMPILATION (6)")

    def getCUBIN(self, _: int) -> bytes:  # noqa: N802
        return b"\x7fELF" + self.source.encode()

    def getPTX(self, _: int) -> str:  # noqa: N802
        return f"// PTX {self.source}"

    def getProgramLog(self, _: int) -> str:  # noqa: N802
        return 'snnlab.cu(1): error: identifier "wrong" is undefined\n\n1 error detected.\n'

    def destroyProgram(self, program: int) -> None:  # noqa: N802
        self.open.remove(program)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_second_start_compiles_nothing(cache: Path) -> None:
    first, second = Nvrtc(), Nvrtc()
    assert compiled("f", 90, first) == compiled("f", 90, second) == b"\x7fELFf"
    assert (first.n_compiled, second.n_compiled) == (1, 0)
    assert first.open == set()
    assert len(list(cache.iterdir())) == 1


def test_whatever_changes_the_code_compiles_again(cache: Path) -> None:
    nvrtc = Nvrtc()
    for source, capability in (("f", 90), ("g", 90), ("f", 80), ("f", 90)):
        compiled(source, capability, nvrtc)
    compiled("f", 90, newer := Nvrtc((13, 0)))
    assert (nvrtc.n_compiled, newer.n_compiled) == (3, 1)
    assert len(list(cache.iterdir())) == 4


@pytest.mark.parametrize("damage", [b"", b"short", b"x" * 100])
def test_damaged_file_is_compiled_anew(cache: Path, damage: bytes) -> None:
    compiled("f", 90, Nvrtc())
    (file,) = cache.iterdir()
    file.write_bytes(damage)
    assert compiled("f", 90, again := Nvrtc()) == b"\x7fELFf"
    assert again.n_compiled == 1
    compiled("f", 90, third := Nvrtc())
    assert third.n_compiled == 0


def test_folder_that_cannot_be_written_costs_only_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SNNLAB_CACHE_DIR", str(tmp_path / "file/below"))
    assert compiled("f", 90, Nvrtc()) == b"\x7fELFf"


def test_nothing_is_flushed_fused_or_approximated(cache: Path) -> None:
    compiled("f", 90, nvrtc := Nvrtc())
    assert nvrtc.options == (*OPTIONS, "-arch=sm_90")
    assert {"-fmad=false", "-ftz=false", "-prec-div=true", "-prec-sqrt=true"} <= set(OPTIONS)


@pytest.mark.parametrize(
    ("capability", "option"),
    [(90, "sm_90"), (89, "sm_86"), (75, "sm_75"), (103, "compute_90"), (120, "compute_90")],
)
def test_target_of_the_compiler(capability: int, option: str) -> None:
    assert target(capability, Nvrtc().getSupportedArchs()) == f"-arch={option}"


def test_newer_device_gets_code_that_its_driver_finishes(cache: Path) -> None:
    assert compiled("f", 120, Nvrtc()) == b"// PTX f"


def test_source_that_does_not_compile_is_shown(cache: Path) -> None:
    with pytest.raises(InternalError) as caught:
        compiled("wrong", 90, nvrtc := Nvrtc())
    assert 'identifier "wrong" is undefined' in caught.value.context
    assert nvrtc.open == set()
    assert not cache.exists()
