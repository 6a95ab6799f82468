"""A YAML file as plain values, with the line of each: strict, and nothing in it is ever run."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml

from snnlab.errors import FormatError

__all__ = ["read_yaml"]

_PLAIN = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}


def read_yaml(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """Return what a file says, and on which line.

    Parameters
    ----------
    path : Path
        UTF-8.

    Returns
    -------
    values : dict
    lines : dict
        Path of a key, with dots (``"parameters.scale"``) -> its line, from 1.

    Raises
    ------
    FormatError
        No such file, no YAML, a key that comes twice, a tag or an alias, or no mapping.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise FormatError(str(path), "must be a file", got=str(error.strerror)) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FormatError(str(path), "must be YAML", got=" ".join(str(error).split())) from error
    if not isinstance(root, yaml.MappingNode):
        raise FormatError(str(path), "must be a mapping: key: value", got="something else")
    reader = _Reader(path)
    return reader.mapping(root, ""), reader.lines


class _Reader:
    """Builds values from nodes, and remembers lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: dict[str, int] = {}
        self.seen: set[int] = set()
        self.scalars = yaml.SafeLoader("")

    def mapping(self, node: yaml.MappingNode, parent: str) -> dict[str, Any]:
        self.once(node)
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self.value(key_node, parent)
            if not isinstance(key, str):
                raise self.error(key_node, "must have names as keys", repr(key))
            if key in found:
                raise self.error(key_node, "must have each key once", f"'{key}' twice")
            path = f"{parent}.{key}" if parent else key
            self.lines[path] = key_node.start_mark.line + 1
            found[key] = self.value(value_node, path)
        return found

    def value(self, node: yaml.Node, path: str) -> Any:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            self.once(node)
            return [self.value(item, path) for item in node.value]
        if node.tag not in _PLAIN:
            raise self.error(
                node, "must be text, a number, true, false or null", f"{node.tag} {node.value}"
            )
        found: Hashable = self.scalars.construct_object(node)
        return found

    def once(self, node: yaml.Node) -> None:
        """Refuse aliases: a value that stands in two places changes in two places."""
        if id(node) in self.seen:
            raise self.error(node, "must be written out, without aliases", "an alias")
        self.seen.add(id(node))

    def error(self, node: yaml.Node, expected: str, got: str) -> FormatError:
        return FormatError(f"{self.path}:{node.start_mark.line + 1}", expected, got=got)
