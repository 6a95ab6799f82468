"""A commit in a git worktree of its own, for as long as it is measured."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from snnlab.errors import SpecError

__all__ = ["checked_out", "commits_between", "git"]


def git(repository: Path, *words: str) -> str:
    """Return what git prints, without the last line break.

    Parameters
    ----------
    repository : Path
        A folder inside the repository.
    *words : str
        Arguments of git.

    Raises
    ------
    SpecError
        git fails; its message is passed on.
    """
    done = subprocess.run(
        ["git", "-C", str(repository), *words], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SpecError(
            f"git {' '.join(words)}",
            "must succeed",
            got=f"exit code {done.returncode}",
            context=done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "",
        )
    return done.stdout.rstrip("\n")


def commits_between(repository: Path, good: str, bad: str) -> list[str]:
    """Return the first-parent commits after `good` up to and with `bad`, oldest first.

    Parameters
    ----------
    repository : Path
        A folder inside the repository.
    good, bad : str
        Commits or tags; `good` must be an ancestor of `bad`.
    """
    listed = git(repository, "rev-list", "--first-parent", "--reverse", f"{good}..{bad}").split()
    if not listed or git(repository, "merge-base", good, bad) != git(
        repository, "rev-parse", f"{good}^{{commit}}"
    ):
        raise SpecError(
            "commits_between",
            "the good commit must be an ancestor of the bad one",
            got=f"{good} and {bad}",
        )
    return listed


@contextmanager
def checked_out(repository: Path, commit: str) -> Iterator[Path]:
    """Yield a folder with the files of `commit`; it is gone afterwards.

    Parameters
    ----------
    repository : Path
        A folder inside the repository; its own files are not touched.
    commit : str
        Commit, tag or branch.
    """
    with tempfile.TemporaryDirectory(prefix="snnlab-bench-") as parent:
        folder = Path(parent) / "tree"
        git(repository, "worktree", "add", "--detach", str(folder), commit)
        try:
            yield folder
        finally:
            git(repository, "worktree", "remove", "--force", str(folder))
