"""The parts of the page on a real session: what they ask for, what they show, what they leave."""

from __future__ import annotations

import gc
import json
import math
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import ipywidgets
import pytest

import snnlab
from snnlab.cpu.engine import CpuEngine
from snnlab.engine import Engine
from snnlab.errors import DeviceUnavailable, SpecError
from snnlab.model.connectivity import FixedIndegree
from snnlab.model.edits import AddPopulation, AddProjection
from snnlab.model.network import Network, Population, Projection
from snnlab.plots.recent import RecentFrames
from snnlab.session import Session
from snnlab_widgets import ClusterPanel, Lab, lab
from snnlab_widgets.display import TICK_S, Display
from snnlab_widgets.inspector import Inspector
from snnlab_widgets.messages import Messages
from snnlab_widgets.statistics import Statistics
from snnlab_widgets.transport import Transport, about, computed_by
from tests.activity import regular, two_populations
from tests.features.session_bench import engines, eventually, has_gap


def ask(widget: object, do: str, **values: object) -> None:
    """Hand a message of the browser to a part."""
    widget._answer(widget, {"do": do, **values}, [])  # type: ignore[attr-defined]


# --- transport ----------------------------------------------------------------------------------


def test_buttons_run_pause_and_reset(session: Session) -> None:
    transport = Transport(session)
    ask(transport, "run")
    assert transport.status["state"] == "running"
    ask(transport, "pause")  # the browser's other messages are not kept waiting until it is
    assert session.wait(10)
    transport.refresh()
    assert transport.status["state"] == "paused"
    ask(transport, "until", duration=10)
    session.wait(10)
    ask(transport, "reset")
    session.checkpoint()  # comes after what was asked before
    assert session.step == 0


def test_steps_and_goals_are_exact(session: Session) -> None:
    transport = Transport(session)
    ask(transport, "step")
    assert session.step == 1
    ask(transport, "until", duration=10)
    session.wait(10)
    assert session.step == 101
    ask(transport, "until", t=20)
    session.wait(10)
    assert session.step == 200


def test_going_back_is_offered_when_there_is_something(session: Session) -> None:
    transport = Transport(session)
    assert not transport.status["can_go_back"]
    session.run(30).wait(20)
    transport.refresh()
    assert transport.status["can_go_back"]
    ask(transport, "back", duration=12.5)
    assert eventually(lambda: session.step == 175, 10)
    ask(transport, "back", duration=1000)
    assert eventually(lambda: session.step == 0, 10)
    assert [m for m in session.messages if m.level == "error"] == []


@pytest.mark.parametrize("duration", [-5.0, float("nan")])
def test_a_way_back_that_is_none_is_told(session: Session, duration: float) -> None:
    session.run(30).wait(20)
    ask(Transport(session), "back", duration=duration)
    assert eventually(lambda: any(m.level == "error" for m in session.messages), 10)
    assert session.step == 300


def test_undo_and_redo_are_offered_when_there_is_something(session: Session) -> None:
    transport = Transport(session)
    assert not transport.status["can_undo"]
    session.set("g", 6).result(10)
    ask(transport, "undo")
    assert eventually(lambda: session.network.knob("g").value == 5.0, 10)
    transport.refresh()
    assert (transport.status["can_undo"], transport.status["can_redo"]) == (False, True)


@pytest.mark.parametrize(("text", "speed"), [("0.1\N{MULTIPLICATION SIGN}", 0.1), ("max", None)])
def test_speed_is_chosen(session: Session, text: str, speed: float | None) -> None:
    transport = Transport(session)
    ask(transport, "speed", speed=text)
    transport.refresh()
    assert (session.speed, transport.status["speed"]) == (speed, text)


@pytest.fixture
def with_gpu(session: Session, monkeypatch: pytest.MonkeyPatch) -> Session:
    """The session on a machine where it can move to a GPU."""
    monkeypatch.setattr("snnlab.launch.devices", lambda: {"cpu": "CPU", "host": "A GPU"})
    monkeypatch.setattr(session._simulation.place, "engines", engines)
    return session


def test_device_is_chosen(with_gpu: Session) -> None:
    transport = Transport(with_gpu)
    assert transport.devices == [("cpu", "CPU"), ("host", "A GPU")]
    assert transport.status["device"] == "cpu"
    ask(transport, "move", device="host")
    assert transport.status["device"] == "host"
    assert eventually(lambda: with_gpu.device == "host", 60)
    transport.refresh()
    assert transport.status["device"] == "host"
    assert transport.device.startswith("a GPU on the host, ")
    assert Transport(with_gpu).devices == transport.devices


def test_device_that_cannot_be_used_is_told(
    with_gpu: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_network: Network, device: str) -> Engine:
        raise DeviceUnavailable("device", "must be there", got=device)

    monkeypatch.setattr(with_gpu._simulation.place, "engines", missing)
    transport = Transport(with_gpu)
    changes: list[str] = []
    transport.observe(lambda change: changes.append(change["new"]["device"]), "status")
    ask(transport, "move", device="host")
    assert eventually(lambda: len(with_gpu.messages) == 1, 10)
    (message,) = with_gpu.messages
    assert message.text == "Moving to host: device: must be there (got host)."
    transport.refresh()
    assert changes == ["host", "cpu"]
    assert with_gpu.device == "cpu"


def test_of_several_choices_the_newest_counts(
    with_gpu: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_after_the_other(network: Network, device: str) -> Engine:
        made.append(device)
        assert eventually(lambda: len(asked) == 3)
        return engines(network, "host")

    made: list[str] = []
    asked: list[str] = []
    places = {"cpu": "CPU", "cuda:0": "A GPU", "cuda:1": "A GPU", "cuda:2": "A GPU"}
    monkeypatch.setattr("snnlab.launch.devices", lambda: places)
    monkeypatch.setattr(with_gpu._simulation.place, "engines", one_after_the_other)
    transport = Transport(with_gpu)
    for device in ("cuda:0", "cuda:1", "cuda:2"):
        ask(transport, "move", device=device)
        assert eventually(lambda: bool(made))
        asked.append(device)
        assert transport.status["device"] == device
    assert eventually(lambda: len(made) == 2)
    assert made == ["cuda:0", "cuda:2"]
    assert [m for m in with_gpu.messages if m.level == "error"] == []


def test_device_that_is_not_offered_is_refused(with_gpu: Session) -> None:
    ask(Transport(with_gpu), "move", device="cuda:7")
    (message,) = with_gpu.messages
    assert "cuda:7" in message.text
    assert with_gpu.device == "cpu"


def test_no_device_is_offered_where_there_is_no_choice(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("snnlab.launch.devices", lambda: {"cpu": "CPU"})
    assert Transport(session).devices == []
    monkeypatch.setattr("snnlab.launch.devices", lambda: {"cpu": "CPU", "host": "A GPU"})
    with Session(CpuEngine(two_populations(), threads=1)) as alone:
        assert Transport(alone).devices == []


def test_line_about_the_session_has_its_sizes(session: Session) -> None:
    assert about(session) == "two: 100 neurons, 0 synapses"


def test_device_is_shown_with_the_memory_that_the_network_takes(session: Session) -> None:
    device, _, memory = Transport(session).device.rpartition(", ")
    assert device == "CPU, 1 thread"
    number, unit = memory.split()
    assert unit == "MiB"
    assert float(number) == pytest.approx(session.engine_report.n_bytes / 2**20, rel=0.01)


def test_sizes_follow_an_edit_of_the_structure(session: Session) -> None:
    transport = Transport(session)
    before = transport.device
    session.apply(AddProjection(Projection("exc", "inh", FixedIndegree(50)))).result(20)
    transport.refresh()
    assert transport.about == "two: 100 neurons, 1\N{NARROW NO-BREAK SPACE}000 synapses"
    assert transport.device != before


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 MiB"), (2**19, "0.5 MiB"), (2**20 * 345, "345 MiB"), (2**30 * 3 // 2, "1.5 GiB")],
)
def test_memory_is_easy_to_read(n_bytes: int, text: str) -> None:
    report = SimpleNamespace(n_bytes=n_bytes)
    session: Any = SimpleNamespace(engine_report=report, device_label="NVIDIA H100 (cuda:0)")
    assert computed_by(session) == f"NVIDIA H100 (cuda:0), {text}"


def test_error_of_a_button_reaches_the_messages(session: Session) -> None:
    ask(Transport(session), "until", t=-5)
    (message,) = session.messages
    assert message.level == "error"
    assert "run_until" in message.text


def test_unknown_message_of_the_browser_is_reported(session: Session) -> None:
    ask(Transport(session), "explode")
    assert "explode" in next(iter(session.messages)).text


# --- inspector ----------------------------------------------------------------------------------


def test_slider_turns_the_knob(session: Session) -> None:
    inspector = Inspector(session)
    ask(inspector, "set", target="", name="g", text="6.5")
    assert eventually(lambda: session.network.knob("g").value == 6.5, 10)
    inspector.refresh()
    assert inspector.form["rows"][0]["text"] == "6.5"


def test_a_page_is_told_which_of_its_edits_are_in_what_it_shows(session: Session) -> None:
    inspector = Inspector(session)
    for number, text in enumerate(["6.5", "a lot", "7"], 1):
        ask(inspector, "set", target="", name="g", text=text, page="a", request=number)

    def shown() -> bool:
        inspector.refresh()
        return bool(inspector.form["answered"] == {"a": 3})

    assert eventually(shown, 10)
    assert inspector.form["rows"][0]["text"] == "7"


def test_entry_takes_quantities_and_expressions(session: Session) -> None:
    inspector = Inspector(session)
    ask(inspector, "select", target="inh")
    ask(inspector, "set", target="inh", name="tau_m", text="0.02 s")
    ask(inspector, "set", target="inh", name="V_th", text="g * -10")
    assert eventually(lambda: not session.history.can_redo and len(session.history.log) == 2, 10)
    resolved = session.network.parameters_of(session.network.population("inh"))
    assert (resolved["tau_m"], resolved["V_th"]) == (20.0, -50.0)


@pytest.mark.parametrize("text", ["-3", "20 mV", "a lot", "nan"])
def test_bad_entry_is_refused_in_place(session: Session, text: str) -> None:
    inspector = Inspector(session)
    ask(inspector, "set", target="", name="g", text=text)
    (row,) = inspector.form["rows"]
    assert "must be" in row["error"]
    assert row["value"] == 5.0
    assert next(iter(session.messages)).level == "error"
    session.run(1).wait(10)  # it still answers
    ask(inspector, "set", target="", name="g", text="4")
    assert inspector.form["rows"][0]["error"] == ""


def test_range_of_a_slider_does_not_move_with_its_value(session: Session) -> None:
    inspector = Inspector(session)
    ask(inspector, "select", target="inh")

    def ranges() -> list[tuple[float, float]]:
        return [(row["low"], row["high"]) for row in inspector.form["rows"]]

    before = ranges()
    session.set("inh", "tau_m", 12.0).result(10)
    inspector.refresh()
    assert ranges() == before


# --- statistics and messages --------------------------------------------------------------------


def test_statistics_of_a_clockwork() -> None:
    recent = RecentFrames()
    statistics = Statistics(two_populations(), recent)
    for k in range(30):
        recent.append(regular(k * 500, (k + 1) * 500))
    statistics.refresh()
    assert statistics.table["caption"] == "over the last 1000 ms of model time"
    shown = [(r["name"], r["rate"], r["reference"], r["cv"]) for r in statistics.table["rows"]]
    assert shown == [("exc", "100.00", "7.50", "0.00"), ("inh", "100.00", "", "0.00")]


def test_statistics_are_empty_before_the_run_and_after_a_reset() -> None:
    recent = RecentFrames()
    statistics = Statistics(two_populations(), recent)
    recent.append(regular(0, 500))
    statistics.refresh()
    recent.clear()
    statistics.refresh()
    assert [row["rate"] for row in statistics.table["rows"]] == ["", ""]


def test_statistics_say_where_the_time_went() -> None:
    recent = RecentFrames()
    statistics = Statistics(two_populations(), recent)
    assert statistics.table["cost"] == ""
    timings = {"update": 0.3, "deliver": 0.1, "plasticity": 0.0, "record": 0.0, "other": 0.1}
    for k in range(2):
        recent.append(replace(regular(k * 500, (k + 1) * 500), timings=timings))
    statistics.refresh()
    assert statistics.table["cost"] == "computing: update 60%, deliver 20%, other 20%"
    recent.clear()
    statistics.refresh()
    assert statistics.table["cost"] == ""


def test_fields_of_an_error_are_laid_out(session: Session) -> None:
    messages = Messages(session.messages)
    session.messages.error(SpecError("LIF.tau_m", "must be > 0 ms", got="-2 ms", remedy="Try 5."))
    (shown,) = messages.entries
    assert (shown["text"], shown["level"]) == ("LIF.tau_m", "error")
    assert (shown["expected"], shown["got"], shown["remedy"]) == (
        "must be > 0 ms",
        "-2 ms",
        "Try 5.",
    )


def test_closed_log_no_longer_listens(session: Session) -> None:
    messages = Messages(session.messages)
    messages.close()
    session.messages.info("later")
    assert messages.entries == []


# --- the whole page -----------------------------------------------------------------------------


def opened(session: Session, *panels: ipywidgets.DOMWidget) -> Lab:
    """A page that somebody sees."""
    page = Lab(session, *panels)
    ask(page._onlooker, "look", view="window", looks=True)
    return page


def displays() -> int:
    """Number of threads that draw."""
    return sum(t.name == "snnlab display" for t in threading.enumerate())


def test_page_follows_the_run(session: Session) -> None:
    page = opened(session)
    session.run(200).wait(20)
    assert eventually(lambda: page.parts["transport"].status["t"] == 200.0, 10)
    assert eventually(lambda: page.parts["statistics"].table["rows"][0]["rate"] != "", 10)
    page.close()


class Line:
    """What goes to the browser, instead of going there."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.messages: list[tuple[str, dict[str, Any], list[Any]]] = []
        monkeypatch.setattr("comm.DummyComm.publish_msg", self._publish)

    def _publish(
        self, kind: str, data: Any = None, _metadata: Any = None, buffers: Any = None, **_: Any
    ) -> None:
        is_log = kind == "comm_msg" and "entries" in data.get("state", {})
        if kind == "comm_msg" and not is_log:  # a warning comes once, whoever looks
            self.messages.append((data["method"], data, list(buffers or ())))

    def frames(self) -> list[tuple[dict[str, Any], list[Any]]]:
        """Messages and buffers of the raster."""
        custom = [(d["content"], b) for method, d, b in self.messages if method == "custom"]
        return [(content, b) for content, b in custom if content.get("kind") == "frame"]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


def test_nothing_is_sent_while_nobody_sees_the_page(session: Session, wire: Line) -> None:
    """Not one message, from a run of many frames; what is seen again is up to date."""
    page = Lab(session)
    wire.messages.clear()
    session.run(3000).wait(60)
    recent = page.parts["raster"]._recent
    assert eventually(lambda: recent.stop == 30_000, 10)
    assert wire.messages == []
    ask(page._onlooker, "look", view="window", looks=True)
    assert eventually(lambda: page.parts["transport"].status["t"] == 3000.0, 10)
    assert eventually(lambda: page.parts["statistics"].table["rows"][0]["rate"] != "", 10)
    ask(page._onlooker, "look", view="window", looks=False)
    assert eventually(lambda: not page._onlooker.is_there, 10)
    time.sleep(0.1)  # a refresh that had begun
    wire.messages.clear()
    session.run(3000).wait(60)
    assert eventually(lambda: recent.stop == 60_000, 10)
    assert wire.messages == []
    page.close()


def test_nothing_is_sent_while_nothing_changes(session: Session, wire: Line) -> None:
    page = opened(session)
    session.run(100).wait(20)
    assert eventually(lambda: page.parts["statistics"].table["rows"][0]["rate"] != "", 10)
    assert eventually(lambda: page.parts["transport"].status["t"] == 100.0, 10)
    time.sleep(0.7)  # longer than any part waits until it looks again
    wire.messages.clear()
    time.sleep(1.2)
    assert wire.messages == []
    page.close()


def test_frame_and_what_the_bar_shows_are_one_message(session: Session, wire: Line) -> None:
    """Two buffers: one bit for each pixel that is seen, at most; a byte for each bin and sum."""
    page = opened(session)
    raster, line = page.parts["raster"], page.parts["transport"].line
    session.run(20).wait(20)
    ask(raster, "ready", columns=500)
    time.sleep(0.7)
    wire.messages.clear()
    session.run()
    paint = lambda: ask(raster, "painted", k=raster._credit.sent)  # noqa: E731
    assert eventually(lambda: paint() or len(wire.frames()) > 30, 20)
    frames, messages = wire.frames()[:30], list(wire.messages)
    for message, (spikes, counts) in frames:
        n_columns = min(500, message["stop"] - message["start"])
        assert len(spikes) <= -(-n_columns * raster.view["rows"] // 8)
        assert len(counts) == 2 * message["width"] * (message["stop_bin"] - message["first_bin"])
        assert len(json.dumps(message)) < 700
        assert message["aside"][line]["state"] == "running"
    numbers = [message["aside"][line]["n"] for message, _ in frames]
    assert numbers == sorted(set(numbers))
    own = [d for method, d, _ in messages if method == "update" and "status" in d["state"]]
    assert len(own) < 6, "the bar has messages of its own beside the frames"
    page.close()


def test_page_goes_back_with_its_session(session: Session) -> None:
    """The picture is cut where the run is now; marks of edits before it stay."""
    page = opened(session)
    session.run(100).wait(20)
    session.set("g", 6).result(10)
    session.run(100).wait(20)
    session.set("g", 7).result(10)
    recent = page.parts["raster"]._recent
    assert eventually(lambda: recent.stop == 2000, 10)
    epoch = recent.epoch
    session.rewind(150)
    assert eventually(lambda: recent.stop == 1500, 10)
    assert recent.epoch == epoch + 1
    assert recent.since(0)[0].t_start == 0
    assert page.parts["raster"]._marks() == [(1000, "g = 6")]
    session.run(50).wait(20)
    assert eventually(lambda: recent.stop == 2000, 10)
    assert not has_gap(list(recent.since(0)))
    page.close()


def test_page_made_anew_shows_the_past(session: Session) -> None:
    session.run(200).wait(20)
    page = opened(session)
    assert eventually(lambda: page.parts["statistics"].table["rows"][0]["rate"] != "", 10)
    page.close()


def test_page_made_again_and_again_leaves_nothing(session: Session) -> None:
    Lab(session)
    assert eventually(lambda: displays() == 1, 10)
    widgets = len(ipywidgets.Widget._instances if hasattr(ipywidgets.Widget, "_instances") else ())
    for _ in range(20):
        page = Lab(session)
    assert eventually(lambda: displays() == 1, 10)
    after = len(ipywidgets.Widget._instances if hasattr(ipywidgets.Widget, "_instances") else ())
    assert after == widgets
    assert lab(session) is page
    page.close()


def test_page_ends_with_its_session() -> None:
    session = snnlab.open(two_populations(), threads=1)
    page = Lab(session)
    session.close()
    assert eventually(lambda: page.session is None, 10)


def test_panels_stand_on_the_page_and_end_with_it(session: Session) -> None:
    panel = ClusterPanel(session)
    page = Lab(session, panel)
    assert panel in page.children
    page.close()
    assert panel._session is None
    ClusterPanel(session).close()


def test_closed_page_lets_the_session_go() -> None:
    session = snnlab.open(two_populations(), threads=1)
    page = Lab(session)
    page.close()
    gone = weakref.ref(session)
    del session

    def is_gone() -> bool:
        gc.collect()
        return gone() is None

    assert eventually(is_gone, 10)


def test_new_population_appears_on_the_page(session: Session) -> None:
    page = opened(session)
    session.apply(AddPopulation(Population("new", 5, "LIFDelta"))).result(20)
    names: Callable[[], list[str]] = lambda: [  # noqa: E731
        p["name"] for p in page.parts["raster"].view["populations"]
    ]
    assert eventually(lambda: names() == ["exc", "inh", "new"], 10)
    page.close()


def test_view_that_fails_is_stopped_and_reported(session: Session) -> None:
    display = Display(session)
    display.add(lambda: 1 / 0, 0.0)
    seen: list[int] = []
    display.add(lambda: seen.append(display.recent.stop), 0.0)
    display.start()
    assert eventually(lambda: any("ZeroDivision" in m.text for m in session.messages), 10)
    session.run(50).wait(10)
    assert eventually(lambda: seen[-1:] == [500], 10)
    assert sum("ZeroDivision" in m.text for m in session.messages) == 1
    display.close()


def test_what_somebody_waits_for_goes_before_all_others(session: Session) -> None:
    """A slow part does not keep back the picture that shows what came of a slider."""
    display = Display(session)
    drawn: list[float] = []
    edited: list[int] = []

    def turn_a_knob() -> None:
        if not edited:
            applied = session.set("exc", "I_e", 1.0).result(10)
            edited.append(applied.step)
            drawn.clear()
            assert eventually(lambda: display._subscription.is_awaited, 10)

    display.add(lambda: drawn.append(display.recent.stop), TICK_S)
    display.add(turn_a_knob, 10.0)
    display.add(lambda: drawn.append(math.inf), 10.0)  # would come next
    session.run()
    display.start()
    assert eventually(lambda: math.inf in drawn, 10)
    assert edited[0] < drawn[0] < math.inf
    display.close()
