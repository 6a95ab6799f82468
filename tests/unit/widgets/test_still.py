"""Pictures of a page are asked for when they are of use, and become plain HTML."""

from __future__ import annotations

from typing import Any

import pytest

from snnlab.session import Session
from snnlab_widgets import camera as camera_module
from snnlab_widgets.camera import Camera
from snnlab_widgets.still import Still, figure
from tests.features.session_bench import eventually


@pytest.fixture
def asked() -> list[int]:
    return []


@pytest.fixture
def camera(session: Session, asked: list[int]) -> Camera:
    """A camera whose page is open; `asked` has the steps of the pictures that it wants."""
    camera = Camera(session, "Raster")
    camera.send = lambda message, buffers=(): asked.append(message["k"])
    camera.do_ready()
    return camera


def test_a_page_that_nobody_opened_is_not_asked(session: Session) -> None:
    camera = Camera(session, "Raster")
    camera.send = lambda message, buffers=(): pytest.fail("nobody could answer")
    camera.refresh()


def test_a_pause_is_pictured_once(session: Session, camera: Camera, asked: list[int]) -> None:
    session.run(10.0).wait()
    camera.refresh()
    camera.do_picture(k=asked[-1], buffers=[memoryview(b"png")])
    for _ in range(3):
        camera.refresh()
    assert asked == [100]
    session.run(10.0).wait()
    camera.refresh()
    assert asked == [100, 200]


def test_a_picture_that_never_came_is_asked_for_again(
    session: Session, camera: Camera, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(camera_module.time, "monotonic", lambda: now)
    for _ in range(3):
        camera.refresh()
    assert asked == [0]
    now += camera_module.PATIENCE_S + 1.0
    camera.refresh()
    assert asked == [0, 0]


def test_a_run_is_pictured_now_and_then(
    session: Session, camera: Camera, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(camera_module.time, "monotonic", lambda: now)
    session.speed = 1.0
    session.run()
    for _ in range(4):
        camera.refresh()
        if len(asked) == 1:
            camera.do_picture(k=asked[0], buffers=[memoryview(b"png")])
    assert len(asked) == 1
    assert eventually(lambda: session.step > asked[0])
    now += camera_module.WHILE_RUNNING_S + 1.0
    camera.refresh()
    assert len(asked) == 2
    session.pause()


def test_a_closed_camera_does_nothing(camera: Camera, asked: list[int]) -> None:
    camera.close()
    camera.refresh()
    camera.do_picture(k=0, buffers=[memoryview(b"png")])
    assert asked == []


def test_names_are_text_in_it() -> None:
    found = figure(b"\x89PNG", "<script>alert(1)</script> & more", "second")
    assert "<script>" not in found
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in found
    assert "data:image/png;base64,iVBORw==" in found
    assert "<b>" not in figure(None, "x", legend=[("<i>", "#000")]).partition("</b>")[2]


def test_it_is_published_only_where_a_cell_has_shown_it(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[dict[str, Any]] = []
    monkeypatch.setattr(Still, "_publish", lambda self, **how: published.append(how))
    still = Still("nothing yet")
    still.keep("something")
    assert published == []
