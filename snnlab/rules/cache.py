"""Generated source files, named by what is in them, in a cache directory of the user.

A second start finds the file and, beside it, what Numba compiled from it: nothing is compiled
twice. The name covers everything that the compiled code depends on, so nothing is ever stale.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
from functools import cache
from pathlib import Path
from types import ModuleType

from snnlab.errors import BuildError

__all__ = ["cache_directory", "generated_module"]

_STAMP = 946_684_800  # Any fixed time: Numba takes a new time for a new source.
_INGREDIENTS = ("call.py", "elementary.py", "lanes.py", "philox.py")


def cache_directory() -> Path:
    """Return the directory of generated code: ``SNNLAB_CACHE_DIR``, or the platform's own."""
    chosen = os.environ.get("SNNLAB_CACHE_DIR")
    return Path(chosen).expanduser() if chosen else _platform_cache() / "snnlab"


def _platform_cache() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local")).expanduser()
    if sys.platform == "darwin":
        return Path("~/Library/Caches").expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def generated_module(stem: str, source: str) -> ModuleType:
    """Import a generated source from the cache directory, writing it there if it is new.

    Parameters
    ----------
    stem : str
        Readable beginning of the file's name, such as the model's name.
    source : str
        Python source; the same text gives the same module.

    Raises
    ------
    BuildError
        The cache directory cannot be written.
    """
    name = f"{stem}_{_digest(source)}"
    module_name = f"snnlab_generated.{name}"
    if module_name in sys.modules:
        return sys.modules[module_name]
    path = cache_directory() / f"{name}.py"
    try:
        _write_once(path, source)
    except OSError as error:
        raise BuildError(
            "cache directory", "must be a folder that can be written",
            got=f"{path.parent}: {error.strerror}",
            remedy="Set SNNLAB_CACHE_DIR to a folder of yours.",
        ) from error  # fmt: skip
    return _load(module_name, path)


def _digest(source: str) -> str:
    return hashlib.sha256((source + _environment()).encode()).hexdigest()[:24]


@cache
def _environment() -> str:
    """What generated code depends on besides its own text."""
    import numba

    here = Path(__file__).parent
    texts = [(here / name).read_text("utf-8") for name in _INGREDIENTS]
    return "\0".join([numba.__version__, sys.version, *texts])


def _write_once(path: Path, source: str) -> None:
    """Write the file whole or not at all; leave a good one alone, mend a damaged one."""
    data = source.encode()
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, partial = tempfile.mkstemp(prefix=f"{path.stem}.", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # Two processes may write the same file: the fixed time makes the two indistinguishable.
        os.utime(partial, (_STAMP, _STAMP))
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)


def _load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None  # a path that ends in .py always has a loader
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
