"""A run as a Python script that gives the same spikes by itself."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from typing import TYPE_CHECKING

from snnlab.interop.model_source import ModelSource, model_source
from snnlab.interop.python_text import WIDTH, names_in, python_text
from snnlab.model.edits import SetParameter

if TYPE_CHECKING:
    from snnlab.model.edits import Edit
    from snnlab.model.history import Applied
    from snnlab.model.network import Network
    from snnlab.model.run import Run

__all__ = ["python_script"]

_HEAD = """\
{title}

Gives the spikes of the run that it was made of: whatever the number of threads, on any machine.
Written by snnlab {version}.
{quotes}
"""

_RUN = """\

def run() -> snnlab.Session:
    \"\"\"Return the session at the end of the run, with what it has recorded.\"\"\"
    session = snnlab.open(network)
"""

_TAIL = """\
    return session


if __name__ == "__main__":
    with run() as session:
        step, neuron = session.spikes()
        print(f"{len(step)} spikes until t = {session.t:g} ms")
        session.save(pathlib.Path(__file__).with_suffix(".nc"))
"""


def python_script(run: Run) -> str:
    """Return a script that repeats a run.

    Parameters
    ----------
    run : Run

    Returns
    -------
    str
        Python source that needs nothing but snnlab. Names, descriptions and parameters stand in it
        as literals.

    Raises
    ------
    FormatError
        A model of the user's own needs more than a script can define.
    RuleError
        The source of such a model cannot be read.
    """
    models = _models(run)
    changes = _Changes()
    body = [f"    {line}\n" for line in _steps(run, changes)]
    names = {"Network"} | names_in(run.network) | models.names | names_in(changes.written)
    return "\n".join(
        [
            _head(run.network),
            *_imports(names, models),
            "",
            *(f"{name} = {number!r}" for name, number in sorted(models.numbers.items())),
            *(f"\n\n{text}\n" for text in models.classes),
            f"network = {python_text(run.network, 'network = ')}",
            _RUN + "".join(body) + _TAIL.rstrip("\n"),
            "",
        ]
    )


def _head(network: Network) -> str:
    """A docstring; nothing in it can end it."""
    from snnlab import __version__

    words = network.description or f"The network {network.name!r}."
    text = textwrap.fill(words, WIDTH - 3)
    safe = text.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    return _HEAD.format(title=f'"""{safe}', version=__version__, quotes='"""')


def _imports(names: set[str], models: ModelSource) -> list[str]:
    lines = sorted({"import pathlib", *models.imports})
    public = names - {"Restore"}
    listed = ", ".join(sorted(public))
    line = f"from snnlab import {listed}"
    if len(line) > WIDTH:
        wrapped = textwrap.fill(listed, WIDTH - 4, break_on_hyphens=False)
        line = f"from snnlab import (\n{textwrap.indent(wrapped, '    ')},\n)"
    inner = ["from snnlab.model.edits import Restore"] if "Restore" in names else []
    return [*lines, "", "import snnlab", line, *inner]


def _models(run: Run) -> ModelSource:
    """Models of the network at its start, and of those that edits led to."""
    network = run.network
    source = model_source(network)
    for each in run.edits:
        network = each.edit.apply(network)
        if each.edit.is_structural:
            source.join(model_source(network))
    return source


class _Changes:
    """Edits as calls of a session, which knows what it can undo.

    Attributes
    ----------
    written : list of Edit
        Those that stand in the script as they are.
    """

    def __init__(self) -> None:
        self.written: list[Edit] = []
        self._done: list[Applied] = []
        self._undone: list[Applied] = []

    def call(self, each: Applied) -> str:
        """Return the call that makes an edit once more."""
        if each.how == "undone" and self._done and self._done[-1].inverse == each.edit:
            self._undone.append(self._done.pop())
            return "undo()"
        if each.how == "redone" and self._undone and self._undone[-1].edit == each.edit:
            self._done.append(self._undone.pop())
            return "redo()"
        if each.how == "made":
            self._done.append(each)
        else:  # of something before the start of the run
            self._done.clear()
        self._undone.clear()
        return self._made(each.edit)

    def _made(self, edit: Edit) -> str:
        if isinstance(edit, SetParameter):
            words = [edit.target] if edit.target else []
            return f"set({', '.join(map(python_text, [*words, edit.name, edit.value]))})"
        self.written.append(edit)
        return f"apply({python_text(edit, '    session.apply(')})"


def _steps(run: Run, changes: _Changes) -> Iterable[str]:
    """One line for each part of the run."""
    now, dt = 0, run.network.dt
    for each in run.edits:
        if each.step > now:
            yield _advance(each.step, dt)
            now = each.step
        yield f"session.{changes.call(each)}.result()"
    if run.step > now:
        yield _advance(run.step, dt)


def _advance(step: int, dt: float) -> str:
    return f"session.run_until({step * dt!r}).wait()  # [ms], step {step}"
