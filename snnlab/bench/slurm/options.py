"""What a batch job asks of Slurm: options as sbatch has them, read before anything is submitted."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Mapping
from typing import TypeAlias

from snnlab.errors import SpecError

__all__ = ["DEFAULTS", "Options", "minutes_of", "options_of"]

Options: TypeAlias = dict[str, str | bool]
"""Name as sbatch has it, without dashes in front -> value; true for an option that has none."""

DEFAULTS: Options = {"time": "60", "exclusive": True, "nodes": "1", "ntasks-per-node": "1"}
"""One whole node for an hour: others on it would be in the figures."""

OURS = {
    "array", "chdir", "error", "ntasks", "open-mode", "output", "parsable", "signal", "test-only",
    "wait", "wrap",
}  # fmt: skip
"""Options that say how the job is watched, and that nobody else may change."""

PERSONAL = {"account", "mail-user", "uid", "gid"}
"""Options that tell who somebody is: not for files that are shared."""

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<first>\d+)(?::(?P<second>\d+))?(?::(?P<third>\d+))?")


def options_of(text: str, where: str, *, is_shared: bool = False) -> Options:
    """Return the options that a text names, ``"--partition=batch --time=00:30:00"``.

    Parameters
    ----------
    text : str
        Words as a shell splits them; each option in its long form.
    where : str
        Where the text stands, for messages.
    is_shared : bool
        Whether others read it, so that it may not say whose it is.

    Raises
    ------
    SpecError
        No option, one that would keep the job from being watched, or a name in a shared file.

    Examples
    --------
    >>> options_of("--partition=batch --exclusive --gres gpu:1", "--slurm")
    {'partition': 'batch', 'exclusive': True, 'gres': 'gpu:1'}
    """
    if _CONTROL.search(text):
        raise SpecError(where, "must be one line of options", got=repr(text))
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise SpecError(where, "must be words as a shell splits them", got=str(error)) from error
    found: Options = {}
    while words:
        word = words.pop(0)
        name, equals, value = word.removeprefix("--").partition("=")
        if not word.startswith("--") or not _NAME.fullmatch(name):
            raise SpecError(
                where, "must be options in their long form", got=repr(word),
                remedy='Write for example --slurm="--partition=batch --time=00:30:00".',
            )  # fmt: skip
        if not equals and words and not words[0].startswith("-"):
            equals, value = "=", words.pop(0)
        found[name] = value if equals else True
    _refuse(found, where, is_shared=is_shared)
    return found


def _refuse(options: Mapping[str, str | bool], where: str, *, is_shared: bool) -> None:
    if ours := sorted(OURS & set(options)):
        raise SpecError(where, "must leave to snnlab how a job is watched", got=f"--{ours[0]}")
    for name in ("nodes", "ntasks-per-node"):
        if options.get(name, "1") != "1":
            raise SpecError(
                where, "must ask for one node and one task", got=f"--{name}={options[name]}",
                remedy="A run starts its ranks itself; ask for cores with --cpus-per-task.",
            )  # fmt: skip
    if is_shared and (personal := sorted(PERSONAL & set(options))):
        raise SpecError(
            where, "must not say whose it is", got=f"--{personal[0]}",
            remedy=f'Give it with --slurm="--{personal[0]}=...", or as SBATCH_ACCOUNT.',
        )  # fmt: skip
    if "time" in options:
        minutes_of(options["time"], where)


def minutes_of(value: str | bool, where: str) -> int:
    """Return a time limit in whole minutes, rounded up, as Slurm reads it.

    Parameters
    ----------
    value : str
        ``minutes``, ``minutes:seconds``, ``hours:minutes:seconds``, ``days-hours``,
        ``days-hours:minutes`` or ``days-hours:minutes:seconds``.
    where : str
        Where it stands, for messages.

    Raises
    ------
    SpecError
        No time, or none at all.

    Examples
    --------
    >>> [minutes_of(text, "") for text in ("30", "1:30", "02:00:00", "1-12")]
    [30, 2, 120, 2160]
    """
    match = _TIME.fullmatch(str(value))
    parts = [int(part) for part in match.group("first", "second", "third") if part] if match else []
    seconds = 0.0
    if match and match["days"] is not None:
        weights = (3600, 60, 1)
        seconds = 86400 * int(match["days"])
    else:
        weights = {1: (60, 0, 0), 2: (60, 1, 0), 3: (3600, 60, 1)}.get(len(parts), (0, 0, 0))
    seconds += sum(part * weight for part, weight in zip(parts, weights, strict=False))
    if seconds <= 0:
        raise SpecError(
            f"{where}, --time", "must be a time limit above 0", got=str(value),
            remedy="Write minutes, HH:MM:SS or D-HH:MM:SS.",
        )  # fmt: skip
    return math.ceil(seconds / 60)
