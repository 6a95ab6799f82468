"""What the cluster panel says of ranks, and what its buttons ask of a session."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

import pytest

from snnlab import launch
from snnlab.cuda.facts import Facts
from snnlab.errors import RankDied
from snnlab.frames.rank_status import RankStatus
from snnlab.session import Session, SessionState
from snnlab_widgets import ClusterPanel
from snnlab_widgets.rank_rows import balance, bytes_text, rank_rows, shares_of_time, window
from snnlab_widgets.rank_table import rank_table
from tests.features.session_bench import eventually
from tests.ranks import load, status
from tests.unit.cuda.test_available import GOOD


def test_a_rank_that_has_done_nothing_has_facts_alone() -> None:
    (row,) = rank_rows([status(0)], "paused")
    assert row["place"] == "node7, 4000"
    assert row["device"] == "cpu, 2 threads"
    assert row["synapses"] == "2\u202f000\u202f000"
    assert row["state"] == "paused"
    assert (row["memory"], row["busy"], row["times"]) == ("", "", [])
    assert balance([status(0)]) == ""


def test_numbers_carry_the_units_of_their_heads() -> None:
    slow, fast = rank_rows([status(0, load(0.29, 0.05)), status(1, load(0.09, 0.25))], "running")
    assert slow["memory"] == "200 MiB"
    assert slow["spikes"] == "3\u202f000"
    assert (slow["busy"], fast["busy"]) == ("80", "40")
    assert (slow["exchange"], fast["exchange"]) == ("10", "10")
    assert (slow["waiting"], fast["waiting"]) == ("0.0", "40")
    assert slow["work"] == pytest.approx(2 / 3)


def test_a_saved_notebook_has_a_table_that_needs_no_script(panel: ClusterPanel) -> None:
    bundle = panel._repr_mimebundle_()
    assert bundle is not None
    assert "application/vnd.jupyter.widget-view+json" in bundle[0]
    assert bundle[0]["text/html"] == "<p>One process computes this network.</p>"
    died = status(1, load(0.09, 0.25), end="<b>killed</b>", has_died=True)
    text = rank_table(rank_rows([status(0), died], "failed"))
    assert text.count("<tr>") == 3
    for words in ("node7, 4001", "200 MiB", "died", "&lt;b&gt;killed&lt;/b&gt;", "&ndash;"):
        assert words in text


def test_the_way_of_spikes_is_told() -> None:
    assert window([status(0)]) == ""
    assert window([status(0), status(1)]) == "exchange: collective"
    told = [
        window([status(k, load(), transport=name) for k in (0, 1)]) for name in ("host", "device")
    ]
    assert told == [
        "exchange: collective, through the host; shares of 0.5 s of wall-clock time",
        "exchange: collective, straight from GPU to GPU; shares of 0.5 s of wall-clock time",
    ]


def test_balance_compares_the_busiest_with_the_mean() -> None:
    ranks = [status(0, load(0.29)), status(1, load(0.09))]
    assert "1.33 times the mean" in balance(ranks)


def test_shares_of_time_never_exceed_the_whole() -> None:
    times = shares_of_time(load(update=5.0), 0.01)
    assert sum(share for _, share in times) == pytest.approx(1.0)


def test_who_died_and_who_was_ended_are_told_apart() -> None:
    ranks = [status(0, load(), end="because of rank 1"),
             status(1, load(), end="killed by SIGKILL", has_died=True)]  # fmt: skip
    first, second = rank_rows(ranks, "failed")
    assert (first["state"], second["state"]) == ("ended", "died")
    assert second["end"] == "killed by SIGKILL"


@pytest.mark.parametrize(
    ("n_bytes", "text"), [(0, "0 MiB"), (3 * 2**19, "1.5 MiB"), (3 * 2**30, "3 GiB")]
)
def test_sizes_are_read_at_a_glance(n_bytes: int, text: str) -> None:
    assert bytes_text(n_bytes) == text


# --- the panel ------------------------------------------------------------------------------------


def ask(widget: object, do: str, **values: object) -> None:
    """Hand a message of the browser to the panel."""
    widget._answer(widget, {"do": do, **values}, [])  # type: ignore[attr-defined]


class OnRanks:
    """A session's stand-in for what the panel reads of ranks, and for what it asks."""

    def __init__(self, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ranks: tuple[RankStatus, ...] = ()
        self.asked: list[Any] = []
        self.answer: Future[None] = Future()
        cls = type(session)
        monkeypatch.setattr(cls, "ranks", property(lambda _: self.ranks))
        monkeypatch.setattr(cls, "ask_move", lambda _, device: self._note(device))
        monkeypatch.setattr(cls, "ask_restart_ranks", lambda _: self._note("restart"))

    def _note(self, what: str) -> Future[None]:
        self.asked.append(what)
        return self.answer


@pytest.fixture
def on_ranks(session: Session, monkeypatch: pytest.MonkeyPatch) -> OnRanks:
    return OnRanks(session, monkeypatch)


@pytest.fixture
def panel(session: Session) -> Iterator[ClusterPanel]:
    panel = ClusterPanel(session)
    yield panel
    panel.close()


def test_one_process_can_be_spread_and_nothing_else(panel: ClusterPanel) -> None:
    assert panel.rows == []
    assert panel.status["can_start"]
    assert not panel.status["can_stop"]
    assert not panel.status["can_restart"]
    assert panel.status["error"] == {}


def test_buttons_ask_the_session_once(on_ranks: OnRanks, panel: ClusterPanel) -> None:
    ask(panel, "start", n=3)
    ask(panel, "start", n=4)  # while the first is under way
    assert on_ranks.asked == ["3 ranks"]
    assert panel.status["doing"] == "starting 3 ranks"
    assert not panel.status["can_start"]
    on_ranks.ranks = (status(0), status(1), status(2))
    on_ranks.answer.set_result(None)
    assert panel.status["doing"] == ""
    assert len(panel.rows) == panel.status["n"] == 3
    on_ranks.answer = Future()
    ask(panel, "stop")
    assert on_ranks.asked[-1] == "cpu"
    on_ranks.answer.set_result(None)
    on_ranks.answer = Future()
    ask(panel, "restart")
    assert on_ranks.asked[-1] == "restart"


def test_ranks_with_gpus_are_asked_for_by_name(on_ranks: OnRanks, panel: ClusterPanel) -> None:
    ask(panel, "start", n=2, device="cuda")
    assert on_ranks.asked == ["2 ranks on cuda"]
    on_ranks.ranks = (replace(status(0), device="cuda:0"), replace(status(1), device="cuda:1"))
    on_ranks.answer.set_result(None)
    assert panel.status["device"] == "cuda"


def test_another_device_is_refused_in_place(on_ranks: OnRanks, panel: ClusterPanel) -> None:
    ask(panel, "start", n=2, device="tpu")
    assert on_ranks.asked == []
    assert panel.status["error"]["title"] == "device: 'tpu'"


def test_why_there_is_no_gpu_is_told_with_a_remedy(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for facts, told in ((Facts(), "NVIDIA driver: no driver. Install the driver"), (GOOD, "")):
        monkeypatch.setattr(launch, "look", lambda facts=facts: facts)
        panel = ClusterPanel(session)
        assert panel.status["no_gpu"].startswith(told)
        assert bool(panel.status["no_gpu"]) == bool(told)
        panel.close()


@pytest.mark.parametrize("n", [0, -1, 1.5, True, 100_000])
def test_a_number_that_is_none_is_refused_in_place(
    on_ranks: OnRanks, panel: ClusterPanel, session: Session, n: float
) -> None:
    ask(panel, "start", n=n)
    assert on_ranks.asked == []
    assert panel.status["error"]["title"] == f"ranks: {n!r}"
    assert [m.level for m in session.messages][-1] == "error"


def test_what_cannot_be_started_is_told_with_a_remedy(
    on_ranks: OnRanks, panel: ClusterPanel
) -> None:
    ask(panel, "start", n=2)
    on_ranks.answer.set_exception(
        RankDied("mpiexec", "must be there", got="none", remedy="Install it.")
    )
    told = panel.status["error"]
    assert (told["title"], told["text"], told["restart"]) == ("mpiexec: none", "Install it.", "")


def test_a_death_says_what_a_restart_does(
    on_ranks: OnRanks, panel: ClusterPanel, session: Session
) -> None:
    session.run(30).wait(20)
    on_ranks.ranks = (status(0, end="because of rank 1"), status(1, end="killed", has_died=True))
    session._simulation._fail(RankDied("rank 1", "must go on", got="killed by SIGKILL"))
    assert session.state is SessionState.FAILED
    panel.refresh()
    told = panel.status["error"]
    assert told["title"] == "rank 1: killed by SIGKILL"
    assert "checkpoint at t = 0.0 ms" in told["restart"]
    assert "30.0 ms since then" in told["restart"]
    assert panel.status["can_restart"]
    session.reset()
    panel.refresh()
    assert panel.status["error"] == {}


def test_there_is_one_panel_for_a_session_and_it_ends_with_it(session: Session) -> None:
    first = ClusterPanel(session)
    second = ClusterPanel(session)
    assert first.comm is None
    session.close()
    assert eventually(lambda: second.comm is None, 10)
