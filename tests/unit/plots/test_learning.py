"""Pictures of training: what they show of given numbers."""

from __future__ import annotations

from typing import Any

import holoviews as hv
import numpy as np
import pytest
import xarray as xr

from snnlab.errors import SpecError
from snnlab.learning.response import Response
from snnlab.learning.trials import Trials
from snnlab.plots import (
    confusion_matrix,
    hidden_rates,
    learning_curves,
    trial_outputs,
    trial_spikes,
    weight_matrix,
)
from snnlab.plots.learning.overview import training_overview


def history(*accuracies: float) -> xr.Dataset:
    columns: dict[str, Any] = {
        "validation_accuracy": ("epoch", list(accuracies)),
        "training_accuracy": ("epoch", [0.5 * a for a in accuracies]),
        "seconds": ("epoch", [0.1] * len(accuracies), {"units": "s"}),
    }
    return xr.Dataset(columns, {"epoch": range(1, len(accuracies) + 1)})


def confusion(counts: list[list[int]]) -> xr.DataArray:
    names = ["a", "b"]
    return xr.DataArray(counts, {"label": names, "prediction": names}, ("label", "prediction"))


def test_one_history_has_both_sets_in_per_cent() -> None:
    validation, training = learning_curves(history(0.5, 0.9))
    assert validation.label == "validation"
    assert validation["accuracy"].tolist() == [50.0, 90.0]
    assert training["accuracy"].tolist() == [25.0, 45.0]
    assert validation.vdims[0].unit == "%"


def test_histories_are_compared_by_name() -> None:
    curves = learning_curves({"dense": history(0.5), "5 %": history(0.4)})
    assert [curve.label for curve in curves] == ["dense", "5 %"]
    seconds = learning_curves({"dense": history(0.5)}, "seconds")
    assert next(iter(seconds)).vdims[0].unit == "s"


@pytest.mark.parametrize("histories", [{}, {"dense": history(0.5)}])
def test_what_is_not_in_the_history_is_named(histories: Any) -> None:
    with pytest.raises(SpecError, match="history"):
        learning_curves(histories, "precision")


def test_confusion_is_a_share_of_the_right_class() -> None:
    cells = confusion_matrix(confusion([[3, 1], [0, 4]]))
    found = {(x, y): (z, n) for x, y, z, n in zip(*(cells.dimension_values(k) for k in range(4)),
                                                  strict=True)}  # fmt: skip
    assert found["b", "a"] == (25.0, 1)
    assert found["a", "b"] == (0.0, 0)
    assert "87.5 % right" in cells.opts.get("plot").kwargs["title"]


def test_weights_are_where_they_belong() -> None:
    matrix = np.zeros((3, 4))
    matrix[0, 1], matrix[2, 3] = 2.0, -1.0
    image = weight_matrix(matrix)
    assert image[1.5, 0.5] == 2.0  # target 1, source 0
    assert image[3.5, 2.5] == -1.0
    assert image.dimension_values("weight").sum() == 1.0
    assert "16.7 %" in image.opts.get("plot").kwargs["title"]


def test_a_large_matrix_becomes_means_of_blocks() -> None:
    matrix = np.ones((1030, 8))
    matrix[:3] = 4.0
    image = weight_matrix(matrix)
    assert image.interface.shape(image, gridded=True) == (344, 8)
    assert image[0.5, 1.0] == 4.0
    assert image[0.5, 1029.0] == 1.0


def test_silent_neurons_are_told() -> None:
    histogram = hidden_rates(np.array([0.0, 0.0, 5.0, 10.0]))
    assert histogram.dimension_values("neurons").sum() == 4
    assert "2 of 4 silent" in histogram.opts.get("plot").kwargs["title"]


def trial_and_response() -> tuple[Trials, Response]:
    """Three inputs and two hidden neurons in four steps of 0.5 ms; class b."""
    trial = Trials.from_dense(np.eye(4, 3)[None], ["b"], classes=("a", "b"), dt=0.5)
    outputs = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 2.0], [0.25, 1.0]])
    return trial, Response(np.array([1, 3]), np.array([1, 0]), outputs, 0.5, 2, 1)


def test_hidden_spikes_lie_above_those_of_inputs() -> None:
    picture = trial_spikes(*trial_and_response())
    inputs, hidden = picture
    assert (inputs.label, hidden.label) == ("inputs", "hidden")
    assert inputs.dimension_values("time").tolist() == [0.0, 0.5, 1.0]
    assert inputs.dimension_values("place").tolist() == [0, 1, 2]
    assert hidden.dimension_values("time").tolist() == [0.5, 1.5]
    assert hidden.dimension_values("place").tolist() == [4, 3]
    assert picture.opts.get("plot").kwargs["title"] == "a trial of b: 3 spikes in, 2 hidden"


def test_of_too_many_spikes_a_part_is_drawn_and_told() -> None:
    _, response = trial_and_response()
    trial = Trials.from_dense(np.ones((1, 4, 5000)), [0], classes=("a", "b"), dt=0.5)
    picture = trial_spikes(trial, response)
    assert len(next(iter(picture))) == -(-20_000 // 3)
    assert "one in 3 drawn" in picture.opts.get("plot").kwargs["title"]


def test_outputs_have_the_right_class_in_bold() -> None:
    trial, response = trial_and_response()
    picture = trial_outputs(trial, response)
    assert [curve.label for curve in picture] == ["a", "b"]
    assert [c.opts.get("style").kwargs["line_width"] for c in picture] == [1.5, 4]
    assert list(picture)[1].dimension_values("output").tolist() == [0.0, 0.0, 2.0, 1.0]
    assert response.votes.tolist() == [1.75, 3.0]
    assert picture.opts.get("plot").kwargs["title"] == "a trial of b: taken for b"


def test_an_overview_has_all_six() -> None:
    layout = training_overview(
        history(0.5),
        np.eye(5),
        confusion([[1, 0], [0, 1]]),
        np.ones(3),
        *trial_and_response(),
    )
    assert [type(part) for part in layout] == [
        hv.Overlay, hv.Image, hv.HeatMap, hv.Histogram, hv.Overlay, hv.Overlay
    ]  # fmt: skip
    hv.render(layout)
