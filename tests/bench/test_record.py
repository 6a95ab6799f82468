"""A record holds what was measured, comes back as it was, and tells nobody's name."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import h5py
import numpy as np
import pytest
import xarray as xr

from snnlab.bench.ids import layout_id, machine_class_id, new_record_id, spec_id, stack_id
from snnlab.bench.record import make_record, read_record, write_record
from snnlab.bench.redaction import redaction
from snnlab.errors import FormatError, SpecError, StorageError
from tests.bench.records import record


def test_record_comes_back_as_it_was(tmp_path: Path) -> None:
    made = record(coordinates={"machine_label": "jureca-dc", "p_scale": 0.1})
    write_record(made, tmp_path / "a.nc")
    again = read_record(tmp_path / "a.nc")
    xr.testing.assert_identical(again.dataset, made.dataset)
    assert again.content_sha256 == made.content_sha256
    assert again.provenance["command"] == ["snnlab", "run"]


def test_record_is_never_written_over(tmp_path: Path) -> None:
    write_record(record(), tmp_path / "a.nc")
    with pytest.raises(StorageError, match="must not exist yet"):
        write_record(record(), tmp_path / "a.nc")


@pytest.mark.parametrize("name", ["wall_time", "threads"])
def test_changed_number_is_found(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.nc"
    write_record(record(), path)
    with h5py.File(path, "r+") as file:
        file[name][...] = np.asarray(file[name]) * 0.9
    with pytest.raises(FormatError, match="content hash"):
        read_record(path)


def test_group_is_read_when_asked_for_and_checked(tmp_path: Path) -> None:
    times = xr.Dataset({"wall_time": (("repeat", "rank", "phase"), np.ones((2, 3, 1)))})
    made = make_record({}, {"series_id": "ab"}, groups={"rank": times})
    path = tmp_path / "a.nc"
    write_record(made, path)
    xr.testing.assert_identical(read_record(path).group("rank"), times)
    with pytest.raises(FormatError, match="must have the group 'step'"):
        read_record(path).group("step")
    with h5py.File(path, "r+") as file:
        file["rank/wall_time"][0, 0, 0] = 0.5
    with pytest.raises(FormatError, match="group rank"):
        read_record(path).group("rank")


def test_file_that_is_no_record_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.nc").write_bytes(b"not HDF5")
    with pytest.raises(FormatError, match="must be a NetCDF file"):
        read_record(tmp_path / "a.nc")
    xr.Dataset({"x": 1}).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    with pytest.raises(FormatError, match="must be a record"):
        read_record(tmp_path / "b.nc")


@pytest.mark.parametrize(
    ("values", "coordinates", "text"),
    [
        ({"speed": [1.0]}, {}, "Variable 'speed'"),
        ({"model_time": [[1.0]]}, {}, "must have the dimensions"),
        ({"n_spikes": [2.0**54]}, {}, "at most 2\\^53"),
        ({"status": ["fine"]}, {}, "must be one of ok"),
        ({"wall_time": [[1.0, 2.0]]}, {}, "must be 2 different names"),
        ({}, {"colour": "red"}, "Coordinate 'colour'"),
        ({}, {"threads": "two"}, "must be a number"),
    ],
)
def test_what_the_schema_does_not_have_is_refused(
    values: dict[str, object], coordinates: dict[str, object], text: str
) -> None:
    with pytest.raises(SpecError, match=text):
        make_record(values, coordinates)


def test_user_home_host_and_secrets_are_hidden(tmp_path: Path) -> None:
    secret = "correct-horse-battery"
    hide = redaction({"USER": "wilhelmine", "HOME": "/home/wilhelmine", "MY_API_KEY": secret})
    made = make_record(
        {}, {"campaign": "runs of wilhelmine", "machine_label": "node"}, hide=hide,
        provenance={
            "command": ["/home/wilhelmine/bin/python", f"--key={secret}"],
            "environment": {"DB_PASSWORD": "x", "OMP_NUM_THREADS": "2"},
            "remote": "https://wilhelmine:hunter2@example.org/repository",
            "token": "ghp_" + "a" * 36,
        },
        groups={"raw": xr.Dataset(
            {"path": ("log", ["/home/wilhelmine/run.log"])}, {"name": ("log", ["by wilhelmine"])},
            {"from": "/home/wilhelmine"},
        )},
    )  # fmt: skip
    path = tmp_path / "a.nc"
    write_record(made, path)
    content = path.read_bytes()
    for word in (b"wilhelmine", secret.encode(), b"hunter2", b"ghp_"):
        assert word not in content
    assert read_record(path).group("raw")["path"].item() == "~/run.log"
    kept = read_record(path).provenance
    assert kept["command"][0] == "~/bin/python"
    assert kept["environment"] == {"DB_PASSWORD": "<secret>", "OMP_NUM_THREADS": "2"}
    assert kept["redactions"]["<secret>"] == 4


def test_versions_of_packages_that_are_called_like_secrets_are_told() -> None:
    hide = redaction({"MY_TOKEN": "0123456789abcdef"})
    versions = {"tokenizers": "0.22.1", "SecretStorage": "3.5.0rc1", "keyring": "25.7.0"}
    assert hide.value(versions) == versions
    secrets = {"token": "0123456789abcdef", "secret": "hunter2", "password": "12345678"}
    assert set(hide.value(secrets).values()) == {"<secret>"}


def test_record_ids_are_uuid7_and_differ() -> None:
    found = [new_record_id() for _ in range(1000)]
    assert len(set(found)) == 1000
    assert {UUID(text).version for text in found} == {7}
    assert {UUID(text).variant for text in found} == {UUID(new_record_id()).variant}
    assert found[0][:8] <= found[-1][:8]


def test_spec_id_depends_on_science_alone() -> None:
    spec = {"model": "brunel", "scale": 0.1, "seed": 1, "machine": "a"}
    assert spec_id(spec) == spec_id({"machine": "b", "seed": 2, "scale": 0.1, "model": "brunel"})
    assert spec_id(spec) != spec_id(spec | {"scale": 0.2})


def test_machine_class_knows_no_host_nor_frequency() -> None:
    facts = {"cpu_model": "EPYC", "cores": 64, "memory_gib": 256}
    assert machine_class_id(facts) == machine_class_id(facts | {"host": "a", "frequency": 2.1})
    assert machine_class_id(facts) != machine_class_id(facts | {"cores": 32})


def test_stack_leaves_out_the_version_of_the_simulator() -> None:
    facts = {"packages": {"snnlab": "1", "numpy": "2"}, "compiler": "gcc 12"}
    other = {"packages": {"snnlab": "2", "numpy": "2"}, "compiler": "gcc 12"}
    newer = {"packages": {"snnlab": "1", "numpy": "3"}, "compiler": "gcc 12"}
    assert stack_id(facts, simulator="snnlab") == stack_id(other, simulator="snnlab")
    assert stack_id(facts, simulator="snnlab") != stack_id(newer, simulator="snnlab")


def test_layout_is_placement_alone() -> None:
    facts = {"nodes": 1, "threads_per_rank": 2, "binding": "cores"}
    assert layout_id(facts) == layout_id(facts | {"simulator": "nest"})
    assert layout_id(facts) != layout_id(facts | {"binding": "none"})
