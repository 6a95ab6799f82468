"""A journey through the page with a stop-watch: what took how long, printed and kept."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["StopWatch"]


class StopWatch:
    """Times of the steps of a journey.

    Parameters
    ----------
    journey : str
        Its name; the times go to ``journey_<name>.json``.
    folder : Path
        Where they are kept.
    """

    def __init__(self, journey: str, folder: Path) -> None:
        self.seconds: dict[str, float] = {}
        self._path = folder / f"journey_{journey}.json"
        self._began = time.monotonic()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done inside."""
        began = time.monotonic()
        yield
        self.seconds[f"{name} (s)"] = round(time.monotonic() - began, 3)

    def stop(self) -> None:
        """Print all times, with the whole, and keep them."""
        self.seconds["the whole journey (s)"] = round(time.monotonic() - self._began, 3)
        text = json.dumps(self.seconds, indent=2)
        self._path.write_text(text)
        print(f"{self._path.stem}: {text}")
