"""A run that hangs, dies or babbles is an outcome, never the end of a benchmark."""

import sys
import time

import psutil
import pytest

from snnlab.bench.process import busy_process, run_process

HANGS = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(600)
"""


def python(source, *arguments, timeout_s=60.0):
    return run_process([sys.executable, "-c", source, *arguments], timeout_s=timeout_s)


def is_running(pid):
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until_gone(pid):
    until = time.monotonic() + 10.0
    while is_running(pid) and time.monotonic() < until:
        time.sleep(0.02)
    return not is_running(pid)


def test_figures_are_the_last_object_that_is_printed():
    outcome = python("print('hello'); print('{\"a\": 1}'); print('{\"a\": 2}'); print('bye')")
    assert (outcome.status, outcome.figures) == ("ok", {"a": 2})


def test_hanging_process_is_ended_with_all_that_it_started(tmp_path):
    note = tmp_path / "child"
    began = time.monotonic()
    outcome = python(HANGS, str(note), timeout_s=3.0)
    assert outcome.status == "timeout"
    assert "3 s" in outcome.why
    assert time.monotonic() - began < 30.0
    assert wait_until_gone(int(note.read_text()))


def test_dying_process_leaves_its_last_words():
    outcome = python("import sys; print('{}'); sys.exit('no memory left')")
    assert outcome.status == "failed"
    assert "exit code 1" in outcome.why
    assert "no memory left" in outcome.why
    assert outcome.figures == {}


def test_killed_process_is_a_failure():
    outcome = python("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert outcome.status == "failed"
    assert "-9" in outcome.why


@pytest.mark.parametrize(
    "source", ["print('done')", "print('{\"cut\": ')", "pass", "print('{\"a\": NaN}')"]
)
def test_process_without_figures_is_a_failure(source):
    outcome = python(source)
    assert outcome.status == "failed"
    assert "no figures" in outcome.why


def test_busy_process_is_busy_and_ends_with_its_block():
    with busy_process([sys.executable, "-c", "while True: pass"]) as pid:
        process = psutil.Process(pid)
        until = time.monotonic() + 20.0
        while sum(process.cpu_times()[:2]) < 0.2 and time.monotonic() < until:
            time.sleep(0.02)
        assert sum(process.cpu_times()[:2]) >= 0.2
    assert not is_running(pid)


def test_busy_process_ends_when_its_block_fails():
    pids = []

    def fail():
        with busy_process([sys.executable, "-c", "while True: pass"]) as pid:
            pids.append(pid)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not is_running(pids[0])
