"""Early returns become else branches, so that the rest of the language needs no jumps."""

from __future__ import annotations

import ast

__all__ = ["without_early_returns"]


def without_early_returns(body: list[ast.stmt]) -> list[ast.stmt]:
    """Return statements in which nothing follows a ``return``.

    What follows an ``if`` that may return moves into those of its branches that do not.
    Statements keep their position in the source.
    """
    for k, statement in enumerate(body):
        if isinstance(statement, ast.Return):
            return body[: k + 1]
        if isinstance(statement, ast.If) and _returns(statement):
            rest = body[k + 1 :]
            branch = ast.If(
                statement.test,
                without_early_returns(statement.body + rest),
                without_early_returns(statement.orelse + rest),
            )
            return [*body[:k], ast.copy_location(branch, statement)]
    return body


def _returns(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Return) for node in ast.walk(statement))
