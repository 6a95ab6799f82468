"""Names, homes, hosts and secrets leave every text before it is written anywhere."""

from __future__ import annotations

import getpass
import os
import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Redaction", "redaction"]

SECRET_NAME = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.I)
"""Names of environment variables, and keys of mappings, whose values are secrets."""

VERSION = re.compile(r"v?\d{1,4}(\.\w{1,12}){1,5}([-+][\w.]{1,12})?", re.A)
"""A version is no secret, though its package be called ``tokenizers`` or ``SecretStorage``."""

SECRET_VALUES = (
    re.compile(r"\bgh[pousr]_[A-Za-z0-9]{20,}"),
    re.compile(r"\bgithub_pat_\w{20,}"),
    re.compile(r"\bglpat-[\w-]{16,}"),
    re.compile(r"\bAKIA[0-9A-Z]{16}\b"),
    re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*-----|\Z)", re.S),
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),
)
"""Texts that are secrets wherever they stand: tokens, keys, passwords in addresses."""

SHORTEST_SECRET = 6
"""A shorter value (``1``, ``yes``) is blanked under its own name, but not searched for."""

NOBODY = {"", "root", "localhost"}
"""Names that tell of nobody, and are words of many other texts."""


@dataclass
class Redaction:
    """Replaces what must not be told, and counts what it replaced.

    Parameters
    ----------
    words : mapping
        Text -> what stands for it; found as whole words.
    made : dict
        What stands for something -> how often it was put there.
    """

    words: Mapping[str, str]
    made: dict[str, int] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """Return a text without what must not be told."""
        for secret in SECRET_VALUES:
            text = secret.sub(self._note("<secret>"), text)
        for word in sorted(self.words, key=len, reverse=True):
            pattern = rf"(?<![A-Za-z0-9_]){re.escape(word)}(?![A-Za-z0-9_])"
            text = re.sub(pattern, self._note(self.words[word]), text)
        return text

    def value(self, value: Any) -> Any:
        """Return a value as JSON has it, all its texts and keys redacted."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._under(str(key), v) for key, v in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _under(self, key: str, value: Any) -> Any:
        is_secret = SECRET_NAME.search(key) and isinstance(value, str) and value
        if is_secret and not VERSION.fullmatch(value):
            return self._note("<secret>")(None)
        return self.value(value)

    def _note(self, replacement: str) -> Callable[[object], str]:
        def replaced(_: object) -> str:
            self.made[replacement] = self.made.get(replacement, 0) + 1
            return replacement

        return replaced


def redaction(environment: Mapping[str, str] | None = None) -> Redaction:
    """Return what hides the user, the home, the host and the secrets of an environment.

    Parameters
    ----------
    environment : mapping, optional
        Default: that of the process.
    """
    env = os.environ if environment is None else environment
    host = platform.node()
    words = {
        str(Path.home()): "~",
        env.get("HOME", ""): "~",
        _user(env): "<user>",
        env.get("USER", ""): "<user>",
        env.get("LOGNAME", ""): "<user>",
        host: "<host>",
        host.partition(".")[0]: "<host>",
    }
    for name, value in env.items():
        if SECRET_NAME.search(name) and len(value) >= SHORTEST_SECRET:
            words[value] = "<secret>"
    return Redaction({word: new for word, new in words.items() if word not in NOBODY | {"/"}})


def _user(env: Mapping[str, str]) -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in containers
        return env.get("USER", "")
