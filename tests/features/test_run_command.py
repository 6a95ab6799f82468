"""``snnlab run`` does what a user asks for in one line, and says exactly what came out."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import snnlab
from snnlab import cli, presets
from snnlab.batch import output, simulate
from snnlab.frames.frame import Frame
from snnlab.interop import native_json
from snnlab.model.network import Network, Population
from snnlab.record import dataset
from tests.features.session_bench import eventually

SMALL = ["run", "brunel", "--set", "N=500", "--time", "100", "--threads", "1"]

FIELDS = """
preset seed dt n_neurons n_synapses n_spikes n_synaptic_events n_formed n_removed rates cv build_s
compile_s simulate_s real_time_factor bytes_per_synapse peak_rss_bytes versions spike_sha256
"""


def figures(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    """Run in this process and return the JSON object."""
    assert cli.main([*words, "--json", "-"]) == 0
    return json.loads(capsys.readouterr().out)


def refusal(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Run something that must be refused, and return what is said."""
    assert cli.main(["run", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) <= 3
    return err


def test_object_has_the_promised_fields(capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, *SMALL)
    assert list(found) == FIELDS.split()
    assert (found["preset"], found["seed"], found["dt"]) == ("brunel", 1, 0.1)
    assert (found["n_neurons"], found["n_synapses"]) == (500, 25_000)
    assert len(found["rates"]) == len(found["cv"]) == 2
    assert found["simulate_s"] == pytest.approx(0.1 * found["real_time_factor"])
    assert found["peak_rss_bytes"] > 20e6
    assert {"snnlab", "numpy", "numba"} <= set(found["versions"])


@pytest.mark.parametrize("how", ["host", "device", "by pigeon"])
def test_one_process_hands_nothing_to_mpi(capsys: pytest.CaptureFixture[str], how: str) -> None:
    said = refusal(capsys, *SMALL[1:], "--transport", how)
    known = how in ("host", "device")
    assert ("must be left out" if known else "must be one of auto, host, device") in said
    assert repr(how) in said


def test_figures_agree_with_the_data(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    found = figures(capsys, *SMALL, "--out", str(path))
    with dataset.open(path) as data:
        pairs = np.column_stack([data.step, data.neuron]).astype("<i8")
        assert native_json.loads(data.attrs["network"]) == presets.load("brunel", N=500)
        assert data.t_stop == pytest.approx(100.0)
        np.testing.assert_allclose(found["rates"], data["count"] / data["size"] / 0.1)
    assert found["n_spikes"] == len(pairs)
    assert found["spike_sha256"] == hashlib.sha256(pairs.tobytes()).hexdigest()
    assert pairs.tolist() == sorted(pairs.tolist())


def test_synaptic_events_are_spikes_times_out_degree(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = figures(capsys, *SMALL)
    # Every neuron has 50 synapses in, so 50 out on average; a few hundred neurons fired.
    assert found["n_synaptic_events"] == pytest.approx(50 * found["n_spikes"], rel=0.05)


def test_same_spikes_for_any_number_of_threads(capsys: pytest.CaptureFixture[str]) -> None:
    one, two = (figures(capsys, *SMALL[:-1], threads)["spike_sha256"] for threads in "12")
    other_seed = figures(capsys, *SMALL, "--seed", "2")
    assert one == two != other_seed["spike_sha256"]
    assert other_seed["seed"] == 2


def test_file_runs_as_the_preset_that_it_holds(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "network.json"
    native_json.save(presets.load("brunel", N=500), path)
    from_file = figures(capsys, "run", str(path), *SMALL[4:])
    assert from_file["spike_sha256"] == figures(capsys, *SMALL)["spike_sha256"]


def test_options_knobs_and_parameters_can_be_set(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "run.zarr"
    settings = ["N=500", "regime=AI", "g=5.5", "exc.tau_m=15ms", "exc->inh.weight=2 * J"]
    words = ["run", "brunel", "--set", *settings, "--dt", "0.2", "--time", "0.02 s"]
    assert cli.main([*words, "--out", str(path), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    with dataset.open(path) as data:
        network = native_json.loads(data.attrs["network"])
        assert data.t_stop == 20.0
    assert network.knob_values["g"] == 5.5
    assert network.knob_values["eta"] == 2.0
    assert network.parameters_of(network.population("exc"))["tau_m"] == 15.0
    assert network.projection("exc->inh").weight == "2 * J"
    assert network.dt == 0.2


def test_warmup_is_run_but_not_measured(capsys: pytest.CaptureFixture[str]) -> None:
    whole = figures(capsys, *SMALL)
    half = figures(capsys, *SMALL, "--warmup", "40", "--time", "60 ms")
    assert half["spike_sha256"] == whole["spike_sha256"]
    assert 0 < half["n_spikes"] < whole["n_spikes"]
    assert sum(half["rates"]) != sum(whole["rates"])


def test_silence_has_rates_but_no_cv(capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, *SMALL, "--set", "eta=0")
    assert found["cv"] == [None, None]
    silent = figures(capsys, *SMALL, "--set", "eta=0", "--warmup", "100", "--time", "100")
    assert silent["rates"] == [0.0, 0.0]
    assert silent["n_spikes"] == silent["n_synaptic_events"] == 0


def test_no_time_is_a_run_too(capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, *SMALL, "--time", "0")
    assert found["real_time_factor"] is None
    assert found["rates"] == [None, None]


def test_table_shows_measured_beside_published(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "microcircuit", "--scale", "0.02", "--time", "50"]
    assert cli.main(words) == 0
    out, err = capsys.readouterr()
    rows = {line.split()[0]: line.split() for line in out.splitlines() if line.startswith("L")}
    assert list(rows) == [p.name for p in presets.load("microcircuit").populations]
    assert rows["L5E"][1] == "97"
    assert rows["L5E"][3] == "7.74"
    assert "wall time / model time, lower is faster" in out
    assert err == ""


def test_object_can_go_to_a_file(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "figures.json"
    assert cli.main([*SMALL, "--json", str(path)]) == 0
    assert "population" in capsys.readouterr().out
    assert list(json.loads(path.read_text())) == FIELDS.split()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["brunell"], "Did you mean 'brunel'"),
        (["missing.json"], "must be a file that can be read"),
        (["brunel", "--set", "N=500", "gg=5"], "Did you mean 'g'?"),
        (["brunel", "--set", "regim=AI"], "'regime'"),
        (["brunel", "--set", "N=500", "exc.taum=15"], "'exc.tau_m'"),
        (["brunel", "--set", "N=500", "exc.tau_m=15mV"], "must be a time [ms]"),
        (["brunel", "--set", "N=500", "exc.tau_m=-15"], "must be > 0 ms"),
        (["brunel", "--set", "g"], "must be NAME=VALUE"),
        (["brunel", "--set", "N=500", "--time", "1 mV"], "--time: must be a time"),
        (["brunel", "--set", "N=500", "--time", "-1"], "--time: must be >= 0 ms"),
        (["brunel", "--set", "N=500", "--time", "0.25"], "must be a multiple of dt = 0.1 ms"),
        (["brunel", "--set", "N=500", "--dt", "4"], "t_ref: must be 0 or >= the time step"),
        (["brunel", "--set", "N=500", "--device", "tpu"], "device"),
        (["brunel", "--set", "N=500", "--device", "cuda:0"], "device"),
        (["brunel", "--set", "N=500", "--threads", "0"], "threads"),
        (["brunel", "--scale", "0"], "must be > 0"),
        (["brunel", "--out", "run.csv"], "must end in .nc, .zarr or .snnlog"),
        (["brunel", "--out", "missing/run.nc"], "must be in a folder that can be written to"),
        (["brunel", "--json", "missing/run.json"], "must be in a folder that can be written to"),
    ],
)
def test_mistakes_are_explained_before_anything_runs(
    capsys: pytest.CaptureFixture[str], words: list[str], says: str
) -> None:
    assert says in refusal(capsys, *words)


def test_files_cannot_be_scaled(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    native_json.save(presets.load("brunel", N=500), tmp_path / "n.json")
    said = refusal(capsys, str(tmp_path / "n.json"), "--scale", "0.5")
    assert "--scale: must be used with a preset" in said


# --- a log that grows while it runs ---------------------------------------------------------------


def test_a_log_holds_what_a_data_set_holds(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    log, data = tmp_path / "run.snnlog", tmp_path / "run.nc"
    words = ["run", "microcircuit", "--scale", "0.01", "--time", "30", "--threads", "1"]
    first, second = (figures(capsys, *words, "--out", str(path)) for path in (log, data))
    assert first["spike_sha256"] == second["spike_sha256"]
    with xr.open_dataset(log) as found, dataset.open(data) as expected:
        for one in (found, expected):
            one.attrs.pop("date_created")
        xr.testing.assert_identical(found.load(), expected.load())


def test_the_next_run_is_added_to_a_log(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "run.snnlog"
    sums = [figures(capsys, *SMALL, "--seed", n, "--out", str(path)) for n in "12"]
    with snnlab.open_log(path, verify=True) as log:
        assert (log.damage, log.is_finished) == (None, True)
        assert [s.t_stop for s in log.sections] == [1000, 1000]
        assert [s.n_spikes for s in log.sections] == [found["n_spikes"] for found in sums]
        assert log.network.seed == 2


def test_trouble_stands_in_the_log(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    loud = ["run", "brunel", "--set", "N=500", "g=0", "J=5", "--time", "500", "--threads", "1"]
    assert cli.main([*loud, "--quiet", "--out", str(tmp_path / "run.snnlog")]) == 0
    with snnlab.open_log(tmp_path / "run.snnlog") as log:
        (message,) = [m for m in log.messages if "'exc'" in m.text]
    assert message.level == "warning"
    assert message.text in capsys.readouterr().err


def in_a_process(*words: str) -> list[str]:
    """The command of a run with many spikes."""
    start = [sys.executable, "-m", "snnlab", "run", "brunel", "--set", "N=500", "regime=SR"]
    return [*start, "--threads", "1", "--quiet", *words]


class Remembering(output.Output):
    """Remembers which spikes are still in memory; `keeps` makes it hold them as a data set must."""

    def __init__(self, *, keeps: bool) -> None:
        self.most_alive = self.n_frames = 0
        self._seen: list[weakref.ref] = []
        self._kept: list[np.ndarray] = []
        self._keeps = keeps

    def add(self, frame: Frame) -> None:
        self._seen = [seen for seen in self._seen if seen() is not None]
        self._seen.append(weakref.ref(frame.step))
        self._kept += [frame.step] * self._keeps
        self.n_frames += 1
        self.most_alive = max(self.most_alive, len(self._seen))


@pytest.mark.parametrize("keeps", [False, True])
def test_a_long_run_holds_no_more_frames_than_a_short_one(
    monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    monkeypatch.setattr(simulate, "CHUNK_S", 1e-9)  # as many frames as there are steps
    taken = Remembering(keeps=keeps)
    network = presets.load("brunel", N=100)
    simulate.run(network, n_steps=5_000, threads=1, output=taken)
    assert taken.n_frames > 4_800
    # The watch for runaways looks back 200 ms.
    assert (taken.most_alive > 4_800) if keeps else (taken.most_alive < 2_100)


def test_a_killed_run_has_written_what_it_did(tmp_path: Path) -> None:
    path = tmp_path / "run.snnlog"
    with subprocess.Popen(in_a_process("--time", "1000 s", "--out", str(path))) as process:
        try:
            # The file grows by a mebibyte at a time, the last of which may be empty, and one may be
            # half written: most are full by then.
            assert eventually(lambda: path.exists() and path.stat().st_size > 6_500_000, 60)
        finally:
            process.kill()
    with snnlab.open_log(path, verify=True) as log:
        assert not log.is_finished
        assert log.section().n_spikes > 10_000
        n_bytes = log.damage.n_bytes if log.damage else 0
    assert n_bytes < 0.5 * path.stat().st_size


def test_a_full_disk_is_waited_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected, path = figures(capsys, *SMALL)["spike_sha256"], tmp_path / "run.snnlog"
    monkeypatch.setattr(simulate, "RETRY_S", 0.01)
    write, calls = os.pwrite, []

    def full_now_and_then(fd: int, data: bytes, offset: int) -> int:
        calls.append(len(data))
        if 3 < len(calls) < 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", full_now_and_then)
    assert cli.main([*SMALL, "--json", "-", "--out", str(path)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["spike_sha256"] == expected
    assert err.count("more bytes (got No space left on device)") == 1
    assert err.count("Waiting for room; Ctrl-C ends the run.") == 1
    with snnlab.open_log(path, verify=True) as log:
        assert spike_sha256(*log.spikes()) == expected


def spike_sha256(step: np.ndarray, neuron: np.ndarray) -> str:
    """The digest that the figures give, of spikes in order."""
    return hashlib.sha256(np.column_stack([step, neuron]).astype("<i8").tobytes()).hexdigest()


def test_what_is_no_log_is_left_alone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "mine.snnlog"
    path.write_text("my thesis")
    assert "must be a log" in refusal(capsys, *SMALL[1:], "--out", str(path))
    assert path.read_text() == "my thesis"


# --- what ends a run ------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal of Unix")
def test_ctrl_c_keeps_what_there_is(tmp_path: Path) -> None:
    import pty
    import termios

    path = tmp_path / "run.nc"
    command = [sys.executable, "-m", "snnlab", "run", "brunel", "--set", "N=500"]
    command += ["--time", "1000 s", "--out", str(path), "--threads", "1"]
    terminal, end = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=end, text=True) as process:
        try:
            shown = read_until(terminal, b"ms [", timeout=60.0)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
            shown += os.read(terminal, 4096)
        finally:
            process.kill()
    os.close(terminal)
    os.close(end)
    assert b"Building brunel: 500 neurons" in shown
    assert process.returncode == 130
    assert b"Stopped by Ctrl-C at t = " in shown
    assert "population" in out
    with dataset.open(path) as data:
        assert 0 < data.t_stop < 1e6
        assert data.sizes["spike"] == data["count"].sum()
    assert [p.name for p in tmp_path.iterdir()] == ["run.nc"]


def test_numerical_trouble_ends_the_run_with_a_code_of_its_own(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    unstable = Population("fast", 20, "Izhikevich", {"V_th": 1e6, "I_e": 20.0})
    native_json.save(Network([unstable], name="unstable"), tmp_path / "net.json")
    out = tmp_path / "run.nc"
    words = ["run", str(tmp_path / "net.json"), "--time", "10 s", "--out", str(out)]
    assert cli.main(words) == 3
    said = capsys.readouterr().err
    assert "Population 'fast', neuron 0: V_m: must be " in said
    assert "Make dt (now 0.1 ms) smaller" in said
    assert "Stopped by trouble at t = " in said
    with dataset.open(out) as data:
        assert 0 < data.t_stop < 1000.0


def test_a_runaway_is_told_and_the_run_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    loud = ["run", "brunel", "--set", "N=500", "g=0", "J=5", "--time", "500", "--threads", "1"]
    assert cli.main([*loud, "--quiet"]) == 0
    said = capsys.readouterr().err
    assert said.count("Population 'exc': rate: must stay below 400 Hz") == 1
    assert cli.main([*SMALL, "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def read_until(terminal: int, text: bytes, *, timeout: float) -> bytes:
    """What is written to a terminal, up to the second time that `text` appears."""
    shown = b""
    end = time.monotonic() + timeout
    while shown.count(text) < 2:
        ready, _, _ = select.select([terminal], [], [], max(end - time.monotonic(), 0.0))
        assert ready, shown
        shown += os.read(terminal, 4096)
    return shown
