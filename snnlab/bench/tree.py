"""Which version of the code is measured: a folder, and what git says of it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from snnlab.bench.worktree import git
from snnlab.errors import SpecError

__all__ = ["Tree", "own_tree", "tree_of"]


@dataclass(frozen=True)
class Tree:
    """A folder with code, at one version.

    Parameters
    ----------
    folder : Path
        Of the checkout, or what stands for one without git.
    commit, commit_time, tag : str
        Empty without git.
    commit_order : int
        First-parent commits up to this one; 0 without git.
    dirty : bool, optional
        Whether files differ from the commit; None without git.
    diff_sha256 : str
        Of what differs; empty if nothing does.
    """

    folder: Path
    commit: str = ""
    commit_time: str = ""
    commit_order: int = 0
    tag: str = ""
    dirty: bool | None = None
    diff_sha256: str = ""

    def facts(self) -> dict[str, Any]:
        """Return all but the folder, as JSON has it."""
        found = asdict(self)
        del found["folder"]
        return found

    @classmethod
    def from_facts(cls, folder: Path, facts: Mapping[str, Any]) -> Tree:
        """Return the tree that `facts` were of."""
        return cls(folder, **facts)

    @property
    def label(self) -> str:
        """Short commit, with ``+`` if files differ from it; empty without git."""
        return self.commit[:10] + ("+" if self.dirty else "")


def tree_of(folder: Path) -> Tree:
    """Return the version of the checkout that `folder` lies in.

    Parameters
    ----------
    folder : Path
        Where no git knows it, the folder itself stands for a version without a name.
    """
    if shutil.which("git") is None:
        return Tree(folder)
    try:
        top = Path(git(folder, "rev-parse", "--show-toplevel"))
        commit = git(folder, "rev-parse", "HEAD")
    except SpecError:
        return Tree(folder)
    diff = git(top, "diff", "HEAD", "--binary")
    return Tree(
        top,
        commit,
        git(top, "show", "-s", "--format=%cI", "HEAD"),
        int(git(top, "rev-list", "--count", "--first-parent", "HEAD")),
        _tag(top),
        bool(diff),
        hashlib.sha256(diff.encode()).hexdigest() if diff else "",
    )


def own_tree() -> Tree:
    """Return the version of the snnlab that runs this; without git unless it is a checkout."""
    package = Path(__file__).resolve().parents[1]
    found = tree_of(package.parent)
    is_checkout = (found.folder / package.name) == package
    return found if is_checkout else Tree(package.parent)


def _tag(folder: Path) -> str:
    try:
        return git(folder, "describe", "--tags", "--exact-match", "HEAD")
    except SpecError:
        return ""
