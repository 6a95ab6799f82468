"""One JupyterLab page in Chromium: open a notebook, run it, look at it, ask its kernel."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Error

from benchmarks.browser.lab_server import LabServer

WAIT_MS = 120_000

REST_MS = 300
"""Longer than the time between two refreshes of the parts that change a page's height."""

_NOTEBOOK = "window.jupyterapp.shell.currentWidget"

_KERNEL_READY = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  const kernel = panel?.sessionContext?.session?.kernel;
  const isConnected = kernel?.connectionStatus === 'connected';
  return panel?.content?.model && kernel?.status === 'idle' && isConnected;
}"""
"""The toolbar's indicator is idle before there is a kernel; what is run then is lost."""

_RUN_CELL = f"""index => {{
  {_NOTEBOOK}.content.activeCellIndex = index;
  window.jupyterapp.commands.execute('notebook:run-cell');
}}"""

_ALL_RUN = f"""() => [...{_NOTEBOOK}.content.model.cells]
  .filter(cell => cell.type === 'code' && cell.sharedModel.getSource().trim())
  .every(cell => cell.executionCount !== null && cell.executionState !== 'running')"""
"""The cells of the model: those in the page are only the ones near the view."""

_ERRORS = f"""() => [...{_NOTEBOOK}.content.model.cells]
  .filter(cell => cell.type === 'code').flatMap(cell => cell.outputs.toJSON())
  .filter(output => output.output_type === 'error').map(o => o.ename + ': ' + o.evalue)"""

_EXECUTE = f"""async code => {{
  const kernel = {_NOTEBOOK}.sessionContext.session.kernel;
  const future = kernel.requestExecute({{ code, store_history: false }});
  let text = '';
  future.onIOPub = message => {{
    const {{ content, header }} = message;
    if (header.msg_type === 'stream') text += content.text;
    if (header.msg_type === 'error') text += content.ename + ': ' + content.evalue;
  }};
  const reply = await future.done;
  const status = reply?.content?.status;
  if (!text && status !== 'ok') text = `the kernel answers ${{status}}`;
  return text;
}}"""

_CANVASES = """() => {
  const found = [];
  const walk = root => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) walk(node.shadowRoot);
      const isPicture = node.tagName === 'CANVAS' && node.width > 20 && node.height > 20;
      if (isPicture) found.push(node.toDataURL());
    }
  };
  walk(document.querySelector('.jp-NotebookPanel'));
  return found;
}"""

_FRAMES = """([seconds, selector]) => new Promise(done => {
  const start = performance.now();
  let last, seen = 0, paints = 0, gap = 0, before = start;
  const look = now => {
    paints++;
    gap = Math.max(gap, now - before);
    before = now;
    const frame = document.querySelector(selector)?.dataset.frame;
    if (frame !== last) { last = frame; seen++; }
    if (now - start < seconds * 1000) requestAnimationFrame(look);
    else done({ frames_per_s: seen / seconds, paints_per_s: paints / seconds, worst_gap_ms: gap });
  };
  requestAnimationFrame(look);
})"""


class LabPage:
    """A page on a server.

    Parameters
    ----------
    browser : playwright Browser or BrowserContext
    server : LabServer
    """

    def __init__(self, browser: Any, server: LabServer) -> None:
        self.server = server
        self.page = browser.new_page()
        self.page.set_viewport_size({"width": 1440, "height": 1000})
        self.console: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))

    def _note(self, message: Any) -> None:
        # A plot's style sheet from a content network is not there offline; it does no harm.
        if message.type == "error" and "ERR_NAME_NOT_RESOLVED" not in message.text:
            self.console.append(f"{message.text} ({message.location.get('url')})")

    def open(self, notebook: str) -> None:
        """Open a notebook in a clean workspace and wait for its kernel."""
        self.page.goto(self.server.url(f"lab/tree/{notebook}?reset"), timeout=WAIT_MS)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=WAIT_MS)
        self.wait_for_kernel()

    def wait_for_kernel(self) -> None:
        """Wait until a kernel can run cells; what is asked before is lost."""
        with contextlib.suppress(Error):  # asks only if it does not know the kernel's name
            self.page.get_by_role("button", name="Select Kernel").click(timeout=500)
        self.page.wait_for_function(_KERNEL_READY, timeout=WAIT_MS)

    def run_cell(self, index: int) -> None:
        """Ask for one cell to be run; does not wait."""
        self.page.evaluate(_RUN_CELL, index)

    def run_all(self) -> None:
        """Ask for all cells to be run; does not wait."""
        self.page.evaluate(
            "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
        )

    def wait_until_run(self, timeout_s: float = 120) -> None:
        """Wait until every code cell has run."""
        self.page.wait_for_function(_ALL_RUN, timeout=timeout_s * 1000)

    def errors(self) -> list[str]:
        """Return what cells have raised."""
        found: list[str] = self.page.evaluate(_ERRORS)
        return found

    def execute(self, code: str) -> str:
        """Run code in the notebook's kernel, beside the notebook; returns what it prints."""
        text: str = self.page.evaluate(_EXECUTE, code)
        return text.strip()

    def wait_for(self, code: str, timeout_s: float = 90) -> None:
        """Wait until an expression is true in the kernel."""
        deadline = time.monotonic() + timeout_s
        while (answer := self.execute(f"print(bool({code}))")) != "True":
            assert time.monotonic() < deadline, f"{code} is still {answer} after {timeout_s} s"
            self.page.wait_for_timeout(100)

    def pictures(self) -> list[str]:
        """Return every canvas of the notebook as data, those inside Bokeh's shadow roots too."""
        found: list[str] = self.page.evaluate(_CANVASES)
        return found

    def frame_rate(self, selector: str, seconds: float = 3) -> dict[str, float]:
        """Count the frames that are really painted on the canvas at `selector`."""
        rates: dict[str, float] = self.page.evaluate(_FRAMES, [seconds, selector])
        return rates

    def scroll_to(self, selector: str) -> None:
        """Bring an element to the top of the view."""
        self.page.locator(selector).first.evaluate("node => node.scrollIntoView({block: 'start'})")

    def resting_box(self, selector: str) -> dict[str, float]:
        """Bring an element into view, and return where it is once it has come to rest.

        What is above it on the page may still grow; a mouse that is sent there before then misses.
        """
        element = self.page.locator(selector)
        before, deadline = None, time.monotonic() + WAIT_MS / 1000
        while True:
            element.scroll_into_view_if_needed(timeout=WAIT_MS)
            box = element.bounding_box()
            if box is not None and box == before:
                return dict(box)
            assert time.monotonic() < deadline, f"{selector} does not come to rest: {before}, {box}"
            before = box
            self.page.wait_for_timeout(REST_MS)

    def screenshot(self, path: Path) -> None:
        """Keep what is on screen."""
        self.page.screenshot(path=str(path))
