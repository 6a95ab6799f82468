"""``python -m benchmarks.gpu`` in parts, on the host's device: figures, order, limits, bars."""

import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from time import perf_counter

import pytest

from benchmarks.gpu import __main__ as program
from benchmarks.gpu import run as process
from benchmarks.gpu.measure import measure
from benchmarks.gpu.measurements import MEASUREMENTS, Bar, Measurement, balanced, few, silent
from benchmarks.gpu.peak import Watched
from benchmarks.gpu.plan import Plan, Task, command, gpu_of, of_measurements, of_variants
from benchmarks.gpu.plan import records as records_of
from benchmarks.gpu.records import Records, check, read
from benchmarks.gpu.table import page
from benchmarks.gpu.variants import VARIANTS
from snnlab.cuda.facts import Facts, Gpu
from snnlab.errors import OutOfMemory
from tests.architecture.source import ROOT
from tests.benchmarks.recorded import record
from tests.host_device.host_device import HostDevice
from tests.networks import balanced as small

FACTS = Facts(
    (12, 4), "550.54.15", ("cupy-cuda12x 14.2.0",), cupy="14.2.0", nvrtc=(12, 9),
    gpus=(Gpu("NVIDIA H100", 90, 2**36),),
)  # fmt: skip
GPU = gpu_of(FACTS)
SMALL = Measurement(
    {"": lambda seed: small(500, seed=seed)}, time=20.0, warmup=5.0, rate=(10.0, 60.0)
)
LATE = 1e9


def test_a_run_gives_figures_of_each_seed():
    runs = measure(SMALL, HostDevice(), (1, 2), until=perf_counter() + 60)
    assert [run["seed"] for run in runs] == [1, 2]
    one, other = (run["figures"] for run in runs)
    assert one["n_spikes"] != other["n_spikes"]
    assert one["n_neurons"] == 500
    assert one["real_time_factor"] == pytest.approx(one["simulate_s"] / 0.02)
    assert one["us_per_step"] == pytest.approx(1e6 * one["simulate_s"] / 200)
    assert sum(one["timings"].values()) == pytest.approx(one["simulate_s"], rel=0.2)
    assert one["peak_bytes"] > one["synapse_bytes"] > 2 * one["n_synapses"]
    assert one["n_events"] == pytest.approx(one["n_spikes"] * 50, rel=0.01)


def test_no_run_begins_that_would_end_too_late():
    runs = measure(SMALL, HostDevice(), (1, 2, 3), until=perf_counter())
    assert [run["seed"] for run in runs] == [1]


def test_construction_alone_is_measured_without_a_step():
    measurement = Measurement({"": partial(silent, 300)}, time=0.0, warmup=0.0)
    (run,) = measure(measurement, HostDevice(), (1,), until=LATE)
    assert run["figures"]["n_synapses"] == 300_000
    assert "simulate_s" not in run["figures"]
    assert run["figures"]["build_s"] > 0.0


def test_the_compiler_is_measured_with_an_empty_and_a_full_cache():
    measurement = Measurement({"": partial(few, 0.3)}, time=0.0, warmup=0.0, compiles=True)
    (run,) = measure(measurement, HostDevice(), (1,), until=LATE)
    assert run["figures"]["compile_cold_s"] > 0.0
    assert run["figures"]["compile_warm_s"] > 0.0


def test_the_first_choice_that_fits_is_taken():
    choices = {"much": partial(silent, 100_000), "little": partial(few, 0.1)}
    measurement = Measurement(choices, time=1.0, warmup=0.0)
    device = HostDevice(memory_limit=2**27)
    (run,) = measure(measurement, device, (1,), until=LATE)
    assert (run["setting"], run["figures"]["n_neurons"]) == ("little", 5)
    with pytest.raises(OutOfMemory):
        measure(replace(measurement, choices={"much": choices["much"]}), device, (1,), until=LATE)


def test_the_peak_of_memory_is_seen():
    watched = Watched(HostDevice())
    held = watched.zeros(1000, "uint8")
    passing = watched.empty(5000, "uint8")
    del passing
    watched.upload(held.values)
    assert watched.peak_bytes == 6000


def test_the_balanced_network_keeps_its_indegree_at_any_size():
    network = balanced("stdp", 20_000, 100, 3)
    assert (network.n_neurons, network.seed) == (20_000, 3)
    assert network.expected_synapses() == 20_000 * 100
    assert {p.synapse for p in network.projections} == {"STDP", "Static"}


def test_all_measurements_make_networks():
    for name, measurement in MEASUREMENTS.items():
        if name != "brunel 1e7":
            assert next(iter(measurement.choices.values()))(2).seed == 2
    wanted = sum(m.limit_s for m in MEASUREMENTS.values())
    assert wanted < 1.5 * 360


# --- the plan -------------------------------------------------------------------------------------

PRINTS = """
import json, sys
figures = {"n_neurons": 5, "n_synapses": 5, "build_s": 0.2, "peak_bytes": 100, "simulate_s": 0.05,
           "real_time_factor": 0.05, "us_per_step": 5.0, "rate": RATE, "n_events": 10,
           "timings": {"deliver": 0.01, "update": 0.04}}
runs = [{"seed": int(s), "setting": "", "figures": figures} for s in sys.argv[1].split(",")]
print(json.dumps({"runs": runs[:MOST], "versions": {"snnlab": "1"}}))
"""

TOO_LARGE = """print('{"runs": [], "too_large": "80 GB too much", "versions": {}}')"""


def records(*tasks, source=PRINTS, total_s=60.0, rate=20.0, most=3):
    code = source.replace("RATE", str(rate)).replace("MOST", str(most))

    def scripted(task, seconds):
        return [sys.executable, "-c", code, ",".join(map(str, task.seeds)), str(seconds)]

    found = list(records_of(Plan(tasks, GPU, total_s, scripted), say=lambda _: None))
    for one in found:
        check(one)
    return found


TASK = Task("floor", replace(SMALL, limit_s=20.0), (1, 2, 3))


def test_every_run_becomes_a_record_that_names_the_gpu():
    found = records(TASK)
    assert [(r["seed"], r["status"]) for r in found] == [(1, "ok"), (2, "ok"), (3, "ok")]
    assert found[0]["machine"]["gpu"] == GPU
    assert GPU["name"] == "NVIDIA H100"
    assert (GPU["capability"], GPU["cuda"]) == ("9.0", "12.9")


@pytest.mark.parametrize(
    ("options", "statuses", "why"),
    [
        ({"rate": 99.0}, ["regime"] * 3, "rate 99 Hz, expected 10 ... 60 Hz"),
        ({"most": 1}, ["ok", "timeout"], "1 of 3 runs in 20 s"),
        ({"source": "import time; time.sleep(60)", "total_s": 3.5}, ["timeout"], "not done after"),
        ({"source": "import sys; sys.exit('lost')"}, ["failed"], "exit code 1: lost"),
        ({"total_s": 1.0}, ["skipped"], "no time left of 1 s"),
        ({"source": TOO_LARGE}, ["skipped"], "80 GB too much"),
    ],
)
def test_what_does_not_count_is_recorded_and_said(options, statuses, why):
    found = records(TASK, **options)
    assert [r["status"] for r in found] == statuses
    assert why in found[-1]["why"]


def test_variants_are_settings_of_the_microcircuit():
    tasks = of_variants(1)
    assert len(tasks) == len(VARIANTS) == 9
    assert tasks[0].setting("") == "threads 64, piece 64"
    assert command(tasks[1], 5.0)[-3:] == ["--variant", "64", "128"]


@pytest.mark.parametrize("variant", [(64, 64), (128, 256)])
def test_a_variant_computes_the_same(variant):
    code = (
        f"from benchmarks.gpu.variants import take; take{variant}\n"
        "from snnlab.cuda.engine import THREADS\n"
        "from snnlab.cuda.work import PIECE\n"
        f"assert (THREADS, PIECE) == {variant}\n"
        "from tests.twins import Twins\n"
        "from tests.host_device.host_device import HostDevice\n"
        "from tests.networks import plastic\n"
        "twins = Twins(plastic(), HostDevice(seed=1))\n"
        "assert twins.n_spikes(1, 99) > 100\n"
        "twins.compare()\n"
        f"try: take{variant}\n"
        "except RuntimeError: print('too late')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        timeout=200,
    )  # fmt: skip
    assert done.stdout == "too late\n", done.stderr


def test_the_process_of_a_measurement_prints_what_the_plan_reads():
    """The very program that is run on a GPU, on the host's device."""
    device = (
        "import sys\n"
        "import snnlab.cuda.cupy_device as there\n"
        "from tests.host_device.host_device import HostDevice\n"
        "there.CupyDevice = lambda index: HostDevice()\n"
        "from benchmarks.gpu import run\n"
        "run.main(sys.argv[1:])\n"
    )

    def on_host(task, seconds):
        python, _, *rest = command(task, seconds)
        return [python, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{device}", *rest]

    (task,) = of_measurements(["floor, delay 1.5 ms"], 1)
    task = replace(task, measurement=replace(task.measurement, limit_s=120.0))
    (found,) = records_of(Plan([task], GPU, 200.0, on_host), say=lambda _: None)
    check(found)
    assert (found["status"], found["why"]) == ("ok", "")
    assert found["figures"]["n_neurons"] == 5
    assert found["versions"]["snnlab"]


def test_what_does_not_fit_is_told_to_the_plan(monkeypatch, capsys):
    monkeypatch.setattr("snnlab.cuda.cupy_device.CupyDevice", lambda index: HostDevice(None, 1, 1))
    process.main(["floor, delay 1.5 ms", "--seeds", "1", "--seconds", "60"])
    found = json.loads(capsys.readouterr().out)
    assert found["runs"] == []
    assert "must fit into" in found["too_large"]


# --- the page -------------------------------------------------------------------------------------


def gpu_record(model, **figures):
    kept = record(0.05)
    kept["machine"] = kept["machine"] | {"gpu": GPU}
    return kept | {"model": model, "figures": kept["figures"] | figures}


def test_bars_stand_beside_what_was_measured():
    slow = gpu_record("microcircuit, DC", real_time_factor=0.25, build_s=0.2)
    fast = gpu_record("floor, delay 0.1 ms", us_per_step=5.0)
    lines = page([slow, fast]).splitlines()
    published = "NEST GPU 0.386 on an RTX 4090"
    assert (
        f"| microcircuit, DC | real-time factor | 0.250 | <= 0.1 | **no** | {published} |" in lines
    )
    assert "| microcircuit, DC | s to build | 0.200 | <= 0.3 | yes |  |" in lines
    assert "| floor, delay 0.1 ms | us a step | 5.000 | <= 8 | yes |  |" in lines
    assert "NVIDIA H100, 64 GiB, compute capability 9.0; driver 550.54.15, CUDA 12.9" in lines[2]


def test_bars_are_the_promised_ones():
    bars = {(name, bar.figure): bar.most for name, m in MEASUREMENTS.items() for bar in m.bars}
    assert bars == {
        ("floor, delay 0.1 ms", "us_per_step"): 8.0,
        ("microcircuit, DC", "real_time_factor"): 0.1,
        ("microcircuit, DC", "build_s"): 0.3,
        ("microcircuit, Poisson", "real_time_factor"): 0.1,
        ("microcircuit, Poisson", "build_s"): 0.3,
        ("construction of 1e9", "build_s"): 1.0,
    }
    assert Bar("build_s", 1.0).beside == ""


def test_the_page_has_phases_compilation_and_what_is_missing():
    timings = {"deliver": 0.02, "update": 0.03}
    text = page([
        gpu_record("brunel 1e4", timings=timings, n_events=10**8),
        gpu_record("compilation, stdp", compile_cold_s=4.0, compile_warm_s=0.01),
        gpu_record("brunel 1e7") | {"status": "timeout", "why": "too slow"},
    ])  # fmt: skip
    assert "| brunel 1e4 | 60 | 40 | 0 | 0 | 0 | 0 | 0 | 5.00 |" in text
    assert "| compilation, stdp | 4.00 | 0.010 |" in text
    assert "| brunel 1e7 | 1 | timeout | too slow |" in text
    assert page([]) == "# Benchmark on a GPU\n"


# --- the command ----------------------------------------------------------------------------------


def test_without_a_gpu_it_ends_with_the_reason_and_writes_nothing(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(program, "look", Facts)
    assert program.main(["--records", str(tmp_path)]) == 1
    assert "No GPU to measure. NVIDIA driver: must be installed" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("status", "code"), [("ok", 0), ("timeout", 0), ("regime", 1)])
def test_records_are_written_as_they_come(tmp_path, monkeypatch, capsys, status, code):
    why = "" if status == "ok" else "it was so"
    kept = gpu_record("brunel 1e4") | {"status": status, "why": why}
    monkeypatch.setattr(program, "look", lambda: FACTS)
    monkeypatch.setattr(program, "records_of", lambda plan, say: iter([kept]))
    table = tmp_path / "table.md"
    assert program.main(["--records", str(tmp_path), "--table", str(table)]) == code
    (path,) = tmp_path.glob("*-gpu.jsonl")
    assert read([path]) == [kept]
    assert program.main(["--from", str(path)]) == code
    assert "# Benchmark on a GPU" in capsys.readouterr().out
    assert table.read_text().startswith("# Benchmark on a GPU")


def test_measurements_are_chosen_by_how_they_begin(capsys):
    assert program.parse([]).names == list(MEASUREMENTS)
    names = program.parse(["--only", "floor", "--only", "microcircuit, DC"]).names
    assert names == ["floor, delay 0.1 ms", "floor, delay 1.5 ms", "microcircuit, DC"]
    for words in (["--only", "nothing"], ["--seeds", "0"], ["--seconds", "-1"]):
        with pytest.raises(SystemExit):
            program.parse(words)
    assert "nothing begins with 'nothing'" in capsys.readouterr().err


def test_other_records_have_no_gpu(tmp_path):
    Records(tmp_path / "r.jsonl").append(record(1.0))
    assert "gpu" not in read([tmp_path / "r.jsonl"])[0]["machine"]
