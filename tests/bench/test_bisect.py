"""Bisection in a real repository with a real subprocess: a planted sleep is found."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from snnlab.bench.bisect import bisect, command, measure_pairs
from snnlab.bench.worktree import checked_out, commits_between, git
from snnlab.errors import BuildError, SpecError

WORK = """
import time
SEED = 0
def step(seconds):
    time.sleep(seconds)
started = time.perf_counter()
for _ in range(5):
    step({seconds})
print(time.perf_counter() - started)
"""
MEASURE = command([sys.executable, "work.py"])


def stated_seconds(folder: Path, seed: int) -> float:
    """The seconds that a version says it takes, without waiting for them."""
    found = re.search(r"(?:step|print)\(([\d.]+)\)", (folder / "work.py").read_text())
    if found is None:
        raise BuildError("work.py", "must say how long it takes", got=folder.name)
    return float(found[1])


def commit(repository: Path, text: str, message: str) -> str:
    (repository / "work.py").write_text(text)
    (repository / "notes.txt").write_text(message)
    git(repository, "add", "-A")
    git(repository, "-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", message)
    return git(repository, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """Four commits; the third sleeps longer."""
    repository = tmp_path_factory.mktemp("repository")
    git(repository, "init", "-q", "-b", "main")
    commits = [
        commit(repository, WORK.format(seconds=0.008 if i >= 2 else 0.004), f"commit {i}")
        for i in range(4)
    ]
    return repository, commits


def test_planted_sleep_is_bisected_to_its_commit(planted: tuple[Path, list[str]]) -> None:
    repository, commits = planted
    told: list[str] = []
    found = bisect(
        repository, commits[0], commits[3], MEASURE, tell=lambda c, v: told.append(f"{c} {v}")
    )
    assert found.commit == commits[2]
    assert found.verdicts[commits[3]].status == "slower"
    # The bad one, then half of the rest at a time.
    assert len(told) == 3
    assert found.commit in found.suspects
    assert git(repository, "worktree", "list").count("\n") == 0


def test_nothing_is_blamed_where_nothing_is_slower(planted: tuple[Path, list[str]]) -> None:
    repository, commits = planted
    found = bisect(repository, commits[2], commits[3], stated_seconds)
    assert (found.commit, found.suspects) == ("", ())


def test_commits_are_told_in_order_and_need_an_ancestor(planted: tuple[Path, list[str]]) -> None:
    repository, commits = planted
    assert commits_between(repository, commits[0], commits[2]) == commits[1:3]
    with pytest.raises(SpecError, match="ancestor"):
        commits_between(repository, commits[3], commits[1])
    with pytest.raises(SpecError, match="git"):
        commits_between(repository, "none", commits[1])


def test_worktree_is_gone_after_an_error(planted: tuple[Path, list[str]]) -> None:
    repository, commits = planted
    seen: list[Path] = []

    def fail() -> None:
        with checked_out(repository, commits[0]) as folder:
            assert "commit 0" in (folder / "notes.txt").read_text()
            seen.append(folder)
            raise BuildError("test", "stops here", got="an error")

    with pytest.raises(BuildError):
        fail()
    assert not seen[0].exists()
    assert git(repository, "worktree", "list").count("\n") == 0


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("raise SystemExit(3)", "exit code 3"),
        ("pass", "print a number"),
        ("print('fast')", "'fast'"),
        ("print('{\"time\": 1}')", "wall_time"),
    ],
)
def test_commands_without_a_number_are_refused(tmp_path: Path, source: str, message: str) -> None:
    with pytest.raises(BuildError, match="benchmark command") as caught:
        command([sys.executable, "-c", source])(tmp_path, 0)
    assert message in str(caught.value)


def test_objects_with_a_wall_time_are_read_and_slow_commands_end(tmp_path: Path) -> None:
    source = 'import sys; print("log"); print(\'{"wall_time": \' + sys.argv[1] + "}")'
    assert command([sys.executable, "-c", source])(tmp_path, 7) == 7.0
    slow = command([sys.executable, "-c", "import time; time.sleep(30)"], time_limit=0.2)
    with pytest.raises(BuildError, match=r"0\.2 s"):
        slow(tmp_path, 0)


def test_a_broken_commit_stays_a_suspect(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    texts = ["print(1.0)", "print(1.0) #", "raise SystemExit(1)", "print(2.0)", "print(2.0) #"]
    commits = [commit(tmp_path, text, text) for text in texts]
    found = bisect(tmp_path, commits[0], commits[4], stated_seconds)
    assert found.commit == commits[3]
    # The first was never measured: with the second it could hide the cause.
    assert found.suspects == tuple(commits[1:4])
    assert found.verdicts[commits[2]].status == "invalid"


def test_pairs_share_seeds_in_both_orders(tmp_path: Path) -> None:
    calls: list[tuple[str, int]] = []

    def measure(folder: Path, seed: int) -> float:
        calls.append((folder.name, seed))
        return 1.0

    found = measure_pairs(measure, tmp_path / "a", tmp_path / "b")
    assert (found.status, found.n_pairs) == ("same", 10)
    pairs = [(calls[i], calls[i + 1]) for i in range(2, 22, 2)]
    assert all(first[1] == second[1] for first, second in pairs)
    assert {first[0] for first, _ in pairs} == {"a", "b"}


def test_a_commit_that_is_told_apart_from_the_slow_one_is_no_suspect(
    planted: tuple[Path, list[str]],
) -> None:
    """Inconclusive, because its interval is wider than 2 %, but below that of the slow one."""
    repository, commits = planted
    widths = {"0.004": 0.04, "0.008": 0.0}

    def noisy(folder: Path, seed: int) -> float:
        seconds = stated_seconds(folder, seed)
        is_good = (folder / "notes.txt").read_text() == "commit 0"
        sign = 1.0 if seed % 2 else -1.0
        return seconds * (1.0 + sign * (0.0 if is_good else widths[f"{seconds:.3f}"]))

    found = bisect(repository, commits[0], commits[3], noisy)
    assert found.verdicts[commits[1]].status == "inconclusive"
    assert found.suspects == (commits[2],)
