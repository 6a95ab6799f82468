"""Reading what the body of a model class declares."""

from __future__ import annotations

from typing import TypeVar

__all__ = ["declared"]

_Declaration = TypeVar("_Declaration")


def declared(cls: type, kind: type[_Declaration]) -> dict[str, _Declaration]:
    """Return the declarations of one kind in the order of definition, bases first.

    Parameters
    ----------
    cls : type
        A neuron or synapse model.
    kind : type
        `Parameter`, `State`, ...: only attributes of exactly this kind count.
    """
    found: dict[str, _Declaration] = {}
    for base in reversed(cls.__mro__):
        for name, value in vars(base).items():
            if isinstance(value, kind):
                found[name] = value
            elif name in found:
                del found[name]
    return found
