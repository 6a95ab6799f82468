"""Credit: what a reader gets, when, and what happens while it is slow."""

from __future__ import annotations

import gc
import threading
from dataclasses import replace
from itertools import pairwise

import numpy as np

from snnlab.frames import hub as hub_module
from snnlab.frames.frame import Frame, Samples
from snnlab.frames.hub import Hub, Subscription
from snnlab.frames.structure import StructuralEvents


def make_hub() -> tuple[Hub, list[BaseException]]:
    """A hub and the errors of its readers."""
    errors: list[BaseException] = []
    return Hub(on_error=lambda error, _: errors.append(error)), errors


def frame(k: int, n_spikes: int = 1) -> Frame:
    """The k-th frame of ten steps."""
    step = np.full(n_spikes, 10 * k)
    return Frame(10 * k, 10 * k + 10, 0.1, step, np.zeros(n_spikes, np.int64), np.array([n_spikes]))


def test_frames_under_way_never_exceed_the_credit() -> None:
    hub, _ = make_hub()
    seen: list[Frame] = []
    reader = hub.subscribe(seen.append)
    for k in range(10):
        hub.publish(frame(k))
    assert [(f.t_start, f.t_stop) for f in seen] == [(0, 10), (10, 20)]
    reader.ready()
    assert (seen[2].t_start, seen[2].t_stop, seen[2].n_spikes) == (20, 100, 8)
    reader.ready()
    reader.ready()
    reader.ready()
    for k in range(10, 15):
        hub.publish(frame(k))
    assert len(seen) == 5  # credit does not add up beyond max_pending


def test_what_waits_can_be_had_unmerged() -> None:
    hub, _ = make_hub()
    reader = hub.subscribe()
    published = [frame(k) for k in range(5)]
    for new in published:
        hub.publish(new)
    frames, is_awaited = reader.drain(0.0)
    assert all(a is b for a, b in zip(frames, published, strict=True))
    assert not is_awaited
    assert reader.drain(0.0) == ([], False)
    assert reader.take(0.0) is None
    reader.close()
    assert reader.drain() == ([], False)


def test_a_frame_that_is_awaited_ends_a_pause() -> None:
    hub, _ = make_hub()
    reader = hub.subscribe()
    resting = threading.Thread(target=reader.pause, args=(60.0,))
    resting.start()
    hub.publish(frame(0))
    resting.join(0.2)
    assert resting.is_alive()  # this frame may gather with others
    hub.publish(frame(1), is_awaited=True)
    resting.join(10)
    assert not resting.is_alive()
    hub.publish(frame(2))
    assert reader.is_awaited
    frames, is_awaited = reader.drain(0.0)
    assert (len(frames), is_awaited, reader.is_awaited) == (3, True, False)


def test_a_nudge_ends_waiting_without_a_frame() -> None:
    hub, _ = make_hub()
    reader = hub.subscribe()
    got: list[tuple[list[Frame], bool]] = []
    waiting = threading.Thread(target=lambda: got.append(reader.drain(60.0)))
    waiting.start()
    hub.nudge()
    waiting.join(10)
    assert got == [([], True)]
    assert reader.drain(0.0) == ([], False)
    hub.nudge()
    assert reader.take(0.0) is None  # who takes frames is not told


def test_taking_an_awaited_frame_is_the_end_of_waiting() -> None:
    hub, _ = make_hub()
    readers = hub.subscribe(), hub.subscribe(lossless=True)
    for k in range(2):
        hub.publish(frame(k), is_awaited=k == 0)
    merged, first = (reader.take(0.0) for reader in readers)
    assert merged is not None
    assert first is not None
    assert (merged.t_stop, first.t_stop) == (20, 10)
    assert [reader.is_awaited for reader in readers] == [False, True]


def test_a_reader_that_paints_within_its_callback() -> None:
    hub, _ = make_hub()
    seen: list[Frame] = []

    def paint(new: Frame) -> None:
        seen.append(new)
        reader.ready()

    reader = hub.subscribe(paint, max_pending=1)
    for k in range(5):
        hub.publish(frame(k))
    assert [f.t_start for f in seen] == [0, 10, 20, 30, 40]


def test_callbacks_of_one_reader_never_overlap_and_keep_order() -> None:
    hub, _ = make_hub()
    seen: list[Frame] = []
    busy = threading.Lock()

    def paint(new: Frame) -> None:
        assert busy.acquire(blocking=False)
        seen.append(new)
        busy.release()

    reader = hub.subscribe(paint)
    is_over = threading.Event()

    def acknowledge() -> None:
        while not is_over.is_set():
            reader.ready()

    threads = [threading.Thread(target=acknowledge) for _ in range(2)]
    for thread in threads:
        thread.start()
    for k in range(300):
        hub.publish(frame(k))
    is_over.set()
    for thread in threads:
        thread.join(10)
    reader.ready()
    assert all(a.t_stop == b.t_start for a, b in pairwise(seen))
    assert seen[-1].t_stop == 3000
    assert not reader.is_closed


def test_memory_of_a_screen_that_is_gone_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_SPIKES", 100)
    hub, _ = make_hub()
    reader = hub.subscribe()
    for k in range(1000):
        hub.publish(frame(k, n_spikes=10))
    kept = []
    while (new := reader.take(0)) is not None:
        kept.append(new)
    n_kept = sum(f.n_spikes for f in kept)
    assert n_kept <= 100
    assert n_kept + reader.n_dropped == 10_000
    assert kept[-1].t_stop == 10_000


def test_samples_that_wait_for_a_screen_are_bounded(monkeypatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_SAMPLED", 50_000)
    hub, _ = make_hub()
    reader = hub.subscribe()
    for k in range(1000):
        sampled = Samples(np.array([k * 10 + 10]), np.ones((1, 1, 100), np.float32))
        hub.publish(replace(frame(k, n_spikes=0), samples={"w": sampled}))
    assert sum(f.sampled_bytes for f in reader._pending) <= 50_000
    assert reader.take(0).t_stop == 10_000


def test_many_silent_frames_are_merged_early() -> None:
    hub, _ = make_hub()
    reader = hub.subscribe()
    for k in range(1000):
        hub.publish(frame(k, n_spikes=0))
    assert len(reader._pending) < 100
    assert reader.take(0).t_stop == 10_000


def test_take_waits_for_a_frame_and_ends_when_closed() -> None:
    hub, _ = make_hub()
    reader = hub.subscribe(lossless=True)
    timer = threading.Timer(0.05, hub.publish, [frame(0)])
    timer.start()
    assert reader.take(10).t_start == 0
    threading.Timer(0.05, hub.close).start()
    assert reader.take(10) is None
    assert reader.is_closed


def test_what_waits_can_be_taken_after_closing() -> None:
    hub, _ = make_hub()
    reader = hub.subscribe(lossless=True)
    hub.publish(frame(0))
    hub.close()
    hub.publish(frame(1))
    assert reader.take(0).t_start == 0
    assert reader.take(0) is None


def test_room() -> None:
    calls: list[None] = []
    hub = Hub(on_error=lambda error, _: None, on_room=lambda: calls.append(None))
    reader = hub.subscribe(lossless=True, max_pending=2)
    hub.publish(frame(0))
    assert not hub.is_full
    hub.publish(frame(1))
    assert hub.is_full
    reader.take(0)
    assert not hub.is_full
    assert calls


def test_a_failing_callback_is_told_once() -> None:
    hub, errors = make_hub()
    reader = hub.subscribe(lambda _: 1 / 0)
    hub.publish(frame(0))
    hub.publish(frame(1))
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert reader.is_closed
    assert hub.subscriptions == []


def test_readers_that_nobody_holds_are_gone() -> None:
    hub, _ = make_hub()
    with hub.subscribe() as reader:
        assert hub.subscriptions == [reader]
    assert hub.subscriptions == []
    hub.subscribe(lambda _: None)
    gc.collect()
    assert hub.subscriptions == []


def test_a_method_is_held_weakly() -> None:
    class View:
        def show(self, new: Frame) -> None:
            shown.append(new)

    shown: list[Frame] = []
    hub, _ = make_hub()
    view = View()
    reader: Subscription = hub.subscribe(view.show)
    hub.publish(frame(0))
    del view
    gc.collect()
    hub.publish(frame(1))
    assert len(shown) == 1
    assert reader.is_closed


def test_structural_events_that_wait_are_bounded_too(monkeypatch) -> None:
    monkeypatch.setattr(hub_module, "MOST_SAMPLED", 5_000)
    hub, _ = make_hub()
    reader = hub.subscribe()
    for k in range(500):
        step = np.full(10, 10 * k)
        events = StructuralEvents(step, step.astype(np.int16), step > 0, step, step)
        hub.publish(replace(frame(k), structure=events))
    kept = []
    while (new := reader.take(0)) is not None:
        kept.append(new)
    assert 0 < sum(f.sampled_bytes for f in kept) <= 5_000
    assert kept[-1].t_stop == 5_000
