"""What all parts of the page share: their script, their style, and errors that are seen.

A part is a small Python class beside its script of the same name. The browser sends messages
``{"do": name, ...}``; the method ``do_<name>`` answers, with ``buffers`` if the message has some.
What it raises goes to `on_error`, because an exception in a widget's callback would otherwise
vanish.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

from snnlab.errors import InternalError

__all__ = ["Part", "script"]

_HERE = Path(__file__).parent


def script(*names: str) -> str:
    """Return the scripts `names` as one module, in this order."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


class Part(anywidget.AnyWidget):
    """Abstract: one widget of the page.

    Parameters
    ----------
    on_error : callable, optional
        Gets every exception of a message's handler; default: it is raised.
    """

    _css = script("style.css")

    def __init__(
        self, *, on_error: Callable[[Exception], object] | None = None, **traits: Any
    ) -> None:
        self.on_error = on_error
        super().__init__(**traits)
        self.on_msg(self._answer)

    def _answer(self, _widget: Any, message: dict[str, Any], buffers: list[memoryview]) -> None:
        values = dict(message) | ({"buffers": buffers} if buffers else {})
        name = str(values.pop("do", ""))
        try:
            self._handler(name)(**values)
        except Exception as error:
            if self.on_error is None:
                raise
            self.on_error(error)

    def _handler(self, name: str) -> Callable[..., None]:
        handler: Callable[..., None] | None = getattr(self, f"do_{name}", None)
        if handler is None:
            raise InternalError(
                type(self).__name__,
                "must know what the browser asks for",
                got=repr(name),
                remedy="Reload the page; script and Python half may differ in version.",
            )
        return handler
