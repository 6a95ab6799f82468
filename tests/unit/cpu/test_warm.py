"""Compiling is silent; what takes long says so."""

import time

from snnlab.cpu import warm


def test_a_long_compilation_is_announced(capfd, monkeypatch):
    monkeypatch.setattr(warm, "_PATIENCE_S", 0.05)
    warm._tell.cache_clear()
    for _ in range(2):
        with warm.announced():
            time.sleep(0.3)
    assert capfd.readouterr().err.count("compiles its engine") == 1


def test_a_short_one_is_not(capfd):
    with warm.announced():
        pass
    time.sleep(0.1)
    assert capfd.readouterr().err == ""
