"""A run that hangs, dies or babbles is an outcome, never the end of a benchmark."""

import subprocess
import sys
import time

import psutil
import pytest

from snnlab.bench.process import busy_processes, run_process

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


def children():
    return [c for c in psutil.Process().children() if is_running(c.pid)]


def test_busy_processes_are_busy_and_end_with_their_block():
    before = len(children())
    began = time.perf_counter()
    with busy_processes(2) as used:
        time.sleep(0.5)
        assert len(children()) == before + 2
        assert used == []
    took = time.perf_counter() - began
    assert len(children()) == before
    assert len(used) == 2
    assert all(0.1 < seconds < took + 0.1 for seconds in used)


def test_busy_processes_end_when_their_block_fails():
    def fail():
        with busy_processes(1):
            raise ZeroDivisionError

    before = len(children())
    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(children()) == before


def test_busy_processes_end_with_the_one_that_asked():
    source = (
        "import os, psutil\n"
        "from snnlab.bench.process import busy_processes\n"
        "with busy_processes(1):\n"
        "    print(psutil.Process().children()[0].pid, flush=True)\n"
        "    os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, check=True)
    wait_until_gone(int(done.stdout))
    assert not is_running(int(done.stdout))
