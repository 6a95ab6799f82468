"""What the page of a running session takes and gives, in a real JupyterLab with real Chromium."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.browser.lab_page import LabPage
from benchmarks.browser.visit import Server, number, opened
from benchmarks.budgets.promise import Measured

__all__ = ["measure"]

CANVAS = ".snnlab-raster-canvas"
SLIDER = ".snnlab-row[data-name=g] input[type=range]"

OPEN = """\
import snnlab, threading, time
from snnlab_widgets import Lab, MapPage
session = snnlab.open({network}, threads=1)"""
SHOW = "page = {page}(session)\npage"

_COUNT = """([seconds, names]) => new Promise(done => {
  const seen = {}, watching = [];
  for (const [name, selector] of Object.entries(names)) {
    const node = document.querySelector(selector);
    seen[name] = new Set();
    const note = () => seen[name].add(node.dataset.frame ?? node.textContent);
    watching.push(new MutationObserver(note));
    watching.at(-1).observe(node, { attributeFilter: ['data-frame'], childList: true,
      characterData: true, subtree: true });
  }
  setTimeout(() => {
    watching.forEach(each => each.disconnect());
    done(Object.fromEntries(Object.entries(seen).map(([k, s]) => [k, s.size / seconds])));
  }, seconds * 1000);
})"""
"""How often what is painted in some places changes, a second."""

_WATCH = """selector => {
  window.painted = [];
  const canvas = document.querySelector(selector);
  const note = () => painted.push([performance.now(), Number(canvas.dataset.step)]);
  new MutationObserver(note).observe(canvas, { attributeFilter: ['data-step'] });
}"""

_NOTE_KEY = """() => document.activeElement.addEventListener(
  'keydown', () => { window.pressed = performance.now(); }, { once: true })"""

_TICK = """
import asyncio, time
def queued():
    try:
        with open("/proc/thread-self/schedstat") as told:
            return int(told.read().split()[1]) / 1e9
    except OSError:
        return 0.0
late = []
async def tick():
    while True:
        began, before = time.perf_counter(), queued()
        await asyncio.sleep(0.005)
        over = time.perf_counter() - began - 0.005
        late.append((over, max(0.0, over - (queued() - before))))
ticking = asyncio.get_running_loop().create_task(tick())
"""
"""How late the kernel's own loop is: whatever is asked of the kernel waits so long. Then without
the time in which its thread could have run but others had the processors, as Linux counts it."""

_USED = """
def used(seconds):
    import time
    own = next(t for t in threading.enumerate() if t.name == f"snnlab-{session.name}")
    clock = time.pthread_getcpuclockid(own.ident)
    def seen():
        mine = time.clock_gettime(clock)
        return session.step, mine, time.process_time() - mine
    def wait():
        before, began = seen(), time.perf_counter()
        time.sleep(seconds)
        after, took = seen(), time.perf_counter() - began
        found.append([(b - a) / took for a, b in zip(before, after)])
    threading.Thread(target=wait).start()
found = []
"""
"""Steps, processor time of the simulation's thread and of the rest of the kernel, each a second;
measured beside the kernel's loop, which goes on handling what the page sends."""


def measure(chromium: Any, server: Server, repeats: int) -> Iterator[Measured]:
    """Yield what is found on the pages of three presets."""
    cells = OPEN.format(network='"brunel", N=2500, g=5'), SHOW.format(page="Lab")
    with opened(chromium, server, "brunel", *cells) as visit:
        where = "brunel, 2500 neurons, 1 thread, as fast as it goes, Chromium on the same cores"
        visit.execute("session.run()")
        visit.page.wait_for_timeout(2000)
        yield Measured("slider to raster, key to paint", 100.0, "ms",
                       tuple(_keys(visit, repeats)), where)  # fmt: skip
        names = {"raster": CANVAS, "transport bar": ".snnlab-transport",
                 "statistics": ".snnlab-statistics table"}  # fmt: skip
        yield from _frequencies(visit, names, where)
        yield _to_browser(visit, where)
        yield from _blocked(visit, where)
        yield from _shares(visit, max(3, repeats), where)
    for page, name, selector in (
        ("Lab", "weights", ".snnlab-weights"),
        ("MapPage", "map", ".snnlab-sheet"),
    ):
        cells = OPEN.format(network='"topographic_map"'), SHOW.format(page=page)
        with opened(chromium, server, name, *cells) as visit:
            visit.execute("session.run()")
            visit.scroll_to(selector)
            yield from _frequencies(
                visit, {name: f"{selector} canvas"}, "topographic_map, 1 thread"
            )


_UNDISTURBED_MS = 400.0
"""After a key, before the kernel is asked what came of it: an answer costs the page a picture."""


def _keys(visit: LabPage, repeats: int) -> Iterator[float]:
    """Times [ms] from a key on the slider to the frame that shows what came of it."""
    page = visit.page
    page.evaluate(_WATCH, CANVAS)
    page.focus(SLIDER)
    for k in range(2 * repeats):
        edits = int(number(visit, "len(session.history.log)"))
        page.evaluate(_NOTE_KEY)
        page.keyboard.press("ArrowLeft" if k % 2 else "ArrowRight")
        page.wait_for_timeout(_UNDISTURBED_MS)
        visit.wait_for(f"len(session.history.log) > {edits}")
        step = number(visit, "session.history.log[-1].step")
        page.wait_for_function(f"() => painted.at(-1)?.[1] > {step}")
        yield float(page.evaluate("s => painted.find(p => p[1] > s)[0] - pressed", step))


_BARS = {"raster": 20.0, "transport bar": 20.0, "map": 5.0, "weights": 5.0, "statistics": 2.0}
_TOLERANCE = 0.9
"""Part of a frequency that a window of some seconds may lack."""


def _frequencies(visit: LabPage, names: dict[str, str], where: str) -> Iterator[Measured]:
    for selector in names.values():
        visit.page.wait_for_selector(selector)
    visit.page.wait_for_timeout(3000)
    rates = [visit.page.evaluate(_COUNT, [5, names]) for _ in range(3)]
    for name in names:
        yield Measured(f"{name} painted anew", _TOLERANCE * _BARS[name], "Hz",
                       tuple(r[name] for r in rates), where, is_least=True,
                       is_typical=True)  # fmt: skip


def _to_browser(visit: LabPage, where: str, seconds: float = 5.0) -> Measured:
    """What goes through the page's sockets."""
    n_bytes = [0]

    def count(event: dict[str, Any]) -> None:
        frame = event["response"]
        data = frame["payloadData"]
        n_bytes[0] += len(data) if frame["opcode"] == 1 else len(base64.b64decode(data))

    link = visit.page.context.new_cdp_session(visit.page)
    link.on("Network.webSocketFrameReceived", count)
    link.send("Network.enable")
    values = []
    for _ in range(3):
        n_bytes[0], began = 0, time.perf_counter()
        visit.page.wait_for_timeout(1000 * seconds)
        values.append(n_bytes[0] / 1e6 / (time.perf_counter() - began))
    link.detach()
    return Measured("to the browser", 1.0, "MB/s", tuple(values), where)


def _blocked(visit: LabPage, where: str) -> Iterator[Measured]:
    """The longest times that the kernel's loop answers nothing while the page is used."""
    visit.execute(_TICK)
    longest = []
    for press in (_turn_slider, _pause_and_run, _undo_and_redo, _go_back, _only_look):
        visit.execute("late.clear()")
        press(visit)
        visit.page.wait_for_timeout(700)
        longest.append(number(visit, "[1000 * max(each) for each in zip(*late[5:-5])]"))
    visit.execute("ticking.cancel()")
    visit.execute("session.run()")
    whole, own = zip(*longest, strict=True)
    what = f"{where}; slider turned, pause and run, undo and redo, back by 100 ms, nothing"
    yield Measured("kernel blocked", 50.0, "ms", own, f"{what}; not counted: waiting for a core")
    yield Measured("kernel late, cores being busy", None, "ms", whole, what)


def _turn_slider(visit: LabPage) -> None:
    visit.page.focus(SLIDER)
    for key in ["ArrowRight"] * 10 + ["ArrowLeft"] * 10:
        visit.page.keyboard.press(key)


def _pause_and_run(visit: LabPage) -> None:
    for _ in range(3):
        visit.page.click(".snnlab-pause")
        visit.page.wait_for_timeout(300)
        visit.page.click(".snnlab-run")
        visit.page.wait_for_timeout(300)


def _undo_and_redo(visit: LabPage) -> None:
    visit.page.click(".snnlab-undo")
    visit.page.wait_for_timeout(400)
    visit.page.click(".snnlab-redo")


def _go_back(visit: LabPage) -> None:
    visit.page.click("[aria-label^='Go back by this model time']")
    visit.page.wait_for_timeout(300)
    visit.page.click(".snnlab-run")


def _only_look(visit: LabPage) -> None:
    visit.page.wait_for_timeout(1000)


def _shares(visit: LabPage, blocks: int, where: str) -> Iterator[Measured]:
    """What a page costs its kernel, and by how much the run beside it gets slower.

    The displays' share of simulation time is the processor time that the kernel takes in a second
    for all but the simulation's thread, less what it takes so without a page: a simulation that
    uses the whole processor gets so much less of a core. The browser is not in it, since it may run
    elsewhere. How much slower the run is by the clock, with the browser on the same cores, is
    told beside it. Each block has a window without a page, one with the page on screen and one with
    the page scrolled away, and is compared within itself.
    """
    visit.execute(_USED)
    shares: dict[str, list[float]] = {"shown": [], "hidden": []}
    slower: dict[str, list[float]] = {"shown": [], "hidden": []}
    for _ in range(blocks):
        visit.execute("page.close()")
        visit.page.wait_for_timeout(1000)
        steps_alone, _, rest_alone = _used(visit)
        visit.run_cell(1)
        visit.page.wait_for_selector(CANVAS)
        visit.scroll_to(".snnlab-lab")
        for kind in ("shown", "hidden"):
            if kind == "hidden":
                visit.page.evaluate(_PUSH, "3000px")
                visit.page.locator(".jp-Notebook .jp-Cell").first.scroll_into_view_if_needed()
            visit.page.wait_for_timeout(1500)
            steps, _, rest = _used(visit)
            shares[kind].append(100.0 * (rest - rest_alone))
            slower[kind].append(100.0 * (1.0 - steps / steps_alone))
        visit.page.evaluate(_PUSH, "0")
    for kind, bar in (("shown", 5.0), ("hidden", 1.0)):
        yield Measured(f"displays' share of simulation time, {kind}", bar, "%",
                       tuple(shares[kind]), f"{where}; processor time",
                       is_typical=True)  # fmt: skip
        yield Measured(f"slower beside page and browser, {kind}", None, "%", tuple(slower[kind]),
                       f"{where}; wall-clock time", is_typical=True)  # fmt: skip


_PUSH = "far => { document.querySelector('.snnlab-lab').style.marginTop = far; }"
"""Puts the page below what is seen."""


def _used(visit: LabPage, seconds: float = 4.0) -> list[float]:
    """Steps, processor time of the simulation and of the rest, each a second."""
    visit.execute(f"found.clear(); used({seconds})")
    visit.page.wait_for_timeout(1000 * seconds + 300)
    visit.wait_for("found")
    rates: list[float] = number(visit, "found[0]")
    return rates
