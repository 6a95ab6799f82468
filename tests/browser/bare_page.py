"""One widget's script in an empty page: a Python half, but neither kernel nor JupyterLab.

The page holds a stand-in for the front end's model: traits in, messages in both directions.
"""

from __future__ import annotations

import base64
import json
from typing import Any

_MODEL = """
window.sent = [];
window.makeModel = traits => {
  const listeners = {};
  return {
    get: name => traits[name],
    set: (name, value) => {
      traits[name] = value;
      (listeners['change:' + name] || []).forEach(f => f());
    },
    on: (name, f) => (listeners[name] = listeners[name] || []).push(f),
    off: (name, f) => listeners[name] = (listeners[name] || []).filter(g => g !== f),
    send: message => window.sent.push(message),
    receive: (message, buffers) =>
      (listeners['msg:custom'] || []).forEach(f => f(message, buffers)),
  };
};
"""

_START = """
async ([source, traits]) => {
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const widget = (await import(url)).default;
  window.model = makeModel(traits);
  window.close_view = widget.render({ model: window.model, el: document.querySelector('main') });
}
"""

_RECEIVE = """
([message, buffers]) => window.model.receive(message, buffers.map(text =>
  new DataView(Uint8Array.from(atob(text), c => c.charCodeAt(0)).buffer)))
"""


class BarePage:
    """A widget in a page of its own, at an `address` that decides what a browser allows it."""

    def __init__(
        self, chromium: Any, widget: Any, *, width: int = 900, dark: bool = False,
        address: str = "about:blank",
    ) -> None:  # fmt: skip
        scheme = "dark" if dark else "light"
        self.page = chromium.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
        if address != "about:blank":
            html = {"content_type": "text/html", "body": "<!doctype html>"}
            self.page.route("**/*", lambda route: route.fulfill(**html))
            self.page.goto(address)
        self.page.set_content(f"<style>{widget._css}</style><main></main>")
        self.page.evaluate(_MODEL)
        traits = {name: getattr(widget, name) for name in widget.keys if not name.startswith("_")}
        plain = {name: value for name, value in traits.items() if _is_plain(value)}
        self.page.evaluate(_START, [str(widget._esm), plain])

    def receive(self, message: dict[str, Any], buffers: list[bytes] = ()) -> None:  # type: ignore[assignment]
        """Hand a message of the kernel to the script."""
        texts = [base64.b64encode(b).decode() for b in buffers]
        self.page.evaluate(_RECEIVE, [message, texts])

    def set(self, trait: str, value: Any) -> None:
        """Set a trait, as the kernel does."""
        self.page.evaluate("([name, value]) => window.model.set(name, value)", [trait, value])

    def sent(self, what: str) -> list[dict[str, Any]]:
        """Return the messages ``{"do": what}`` that the script has sent."""
        return [m for m in self.page.evaluate("() => window.sent") if m.get("do") == what]

    def close(self) -> None:
        """Take the view away as a front end does, then the page."""
        self.page.evaluate("() => window.close_view()")
        self.page.close()


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value)
    except TypeError:
        return False
    return True
