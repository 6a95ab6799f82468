"""Where ``snnlab run --out`` puts the data of a run: all at the end, or as they happen."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from snnlab.errors import SpecError, nearest
from snnlab.frames.frame import Frame
from snnlab.frames.health import Trouble
from snnlab.interop import native_json
from snnlab.model.network import Network
from snnlab.record import dataset, provenance
from snnlab.record.layout import Layout
from snnlab.record.log.file import SUFFIX
from snnlab.record.log.writer import LogWriter

__all__ = ["Output", "check_out", "output_to"]


class Output:
    """Takes the frames of one run, and drops them; those that keep them derive from it."""

    def begin(self, device: str, ways: Mapping[str, str]) -> None:
        """Begin the run.

        Parameters
        ----------
        device : str
            What computes it.
        ways : mapping of str
            How ranks exchange spikes, see `snnlab.batch.simulate.Run`.
        """

    def add(self, frame: Frame) -> None:
        """Take the next frame.

        Raises
        ------
        StorageError
            There is no room for it now; the same call may be made again.
        """

    def tell(self, trouble: Trouble) -> None:
        """Take note of what is wrong in the frame that was added last."""

    def close(self) -> None:
        """End the run: what was taken is in the file from now on."""


def check_out(path: Path) -> None:
    """Refuse a name that says no kind of file.

    Raises
    ------
    SpecError
        It ends in none of the suffixes.
    """
    suffixes = [*dataset.SUFFIXES, SUFFIX]
    if path.suffix not in suffixes:
        close = (nearest(path.suffix, suffixes) or suffixes)[0]
        raise SpecError(
            "--out",
            f"must end in {', '.join(suffixes[:-1])} or {suffixes[-1]}",
            got=repr(path.suffix),
            remedy=f"Write for example {path.stem + close!r}.",
        )


def output_to(path: Path | None, network: Network) -> Output:
    """Return what puts the frames of `network` into a file; without a path they are dropped."""
    if path is None:
        return Output()
    return _Log(path, network) if path.suffix == SUFFIX else _DataSet(path, network)


class _DataSet(Output):
    """Keeps frames in memory and saves them as NetCDF or Zarr when the run ends."""

    def __init__(self, path: Path, network: Network) -> None:
        self._path = path
        self._network = network
        self._frames: list[Frame] = []
        self._device = ""
        self._ways: Mapping[str, str] = {}

    def begin(self, device: str, ways: Mapping[str, str]) -> None:
        """Remember what computes it, and how."""
        self._device, self._ways = device, ways

    def add(self, frame: Frame) -> None:
        """Keep it."""
        self._frames.append(frame)

    def close(self) -> None:
        """Save the data."""
        text = native_json.dumps(self._network)
        origin = {**provenance.describe(text, device=self._device), **self._ways}
        data = dataset.to_dataset(self._network, self._frames, provenance=origin)
        dataset.save(data, self._path)


class _Log(Output):
    """Appends every frame to a log, which can be read at once and survives a crash."""

    def __init__(self, path: Path, network: Network) -> None:
        self._path = path
        self._network = network
        self._writer: LogWriter

    def begin(self, device: str, ways: Mapping[str, str]) -> None:
        """Open the log, or one that is there already, and describe the network."""
        text = native_json.dumps(self._network)
        self._writer = LogWriter(self._path)
        self._writer.section(
            "start",
            0,
            network=text,
            layout=Layout.of(self._network),
            provenance={**provenance.origin(device), **ways, "network": text},
        )

    def add(self, frame: Frame) -> None:
        """Append it."""
        self._writer.frame(frame)
        self._writer.sync_if_due()

    def tell(self, trouble: Trouble) -> None:
        """Append what is wrong as a message."""
        self._writer.message(time.time(), "warning", trouble.text)

    def close(self) -> None:
        """Say in the log that this is all."""
        self._writer.close()
