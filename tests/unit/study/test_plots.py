"""Figures: what is drawn where, axes with units, the axes given are the axes returned."""

from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest

from heavytail_snn.analysis import plots
from heavytail_snn.analysis.comparison import compare
from heavytail_snn.analysis.lyapunov import spectrum_from_blocks
from heavytail_snn.analysis.spectra import power_spectrum
from heavytail_snn.analysis.tails import weight_tail
from heavytail_snn.core.results import Estimate
from heavytail_snn.recording.recording import Recording
from heavytail_snn.weights.laws import LevyStable


@pytest.fixture
def ax():
    with plots.figure_style():
        yield plt.figure().add_subplot()
        plt.close("all")


@pytest.fixture(scope="module")
def recording():
    rng = np.random.default_rng(1)
    trains = [np.sort(rng.random(200)) * 10 for _ in range(30)]
    return Recording.from_spike_trains(trains, 0.0, 10.0)


def labels(ax):
    return ax.get_xlabel(), ax.get_ylabel()


def legend(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def test_raster_draws_the_spikes_of_the_window_and_the_rate(ax, recording):
    assert plots.raster(recording, ax, window=(2.0, 4.0), n_units=20) is ax
    x, y = ax.lines[0].get_data()
    part = recording.slice(2.0, 4.0)
    assert x.size == np.sum(part.ids < 20)
    assert (x.min() >= 2.0, x.max() <= 4.0, y.max()) == (True, True, 19)
    assert labels(ax) == ("time (s)", "unit")
    counts = part.binned(0.01).sum(axis=1)
    assert f"peak {counts.max() / 0.01 / 30:.3g} Hz" in ax.texts[0].get_text()


def test_weight_tails_draw_survival_and_law(ax):
    weights = LevyStable(1.5).sample((100, 100), np.random.default_rng(1))
    tail = weight_tail(weights)
    laws = {"a": (LevyStable(1.5), 1.0)}
    assert plots.weight_tails({"a": tail}, ax, laws=laws, unit="mV") is ax
    assert labels(ax) == ("|w| (mV)", "fraction of weights above")
    measured, drawn = ax.lines
    assert measured.get_ydata() == pytest.approx(tail.survival)
    x, y = drawn.get_data()
    assert np.interp(10.0, x, y) == pytest.approx(np.mean(np.abs(weights) > 10.0), rel=0.3)
    assert f"{tail.exponent:.2f}" in legend(ax)[0]


def test_spectra_draw_band_rate_and_theory(ax, recording):
    spectrum = power_spectrum(recording)
    frequencies = np.linspace(1, 2000, 500)
    line = (frequencies, np.full(500, 7.0))
    plots.spectra({"a": spectrum}, ax, predictions={"a": line})
    assert labels(ax) == ("frequency (Hz)", "power / rate")
    assert legend(ax) == ["a", "a, theory", "rate"]
    assert ax.lines[0].get_ydata() == pytest.approx(spectrum.power / spectrum.rate)
    x, y = ax.lines[1].get_data()
    assert x.max() <= spectrum.frequencies[-1]
    assert y == pytest.approx(1.0)  # a flat theory lies on its own tail
    band = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert band.max() == pytest.approx((spectrum.upper / spectrum.rate).max())


def test_absolute_spectra_keep_their_unit(ax, recording):
    spectrum = power_spectrum(recording)
    line = (np.array([1.0, 10.0]), np.array([7.0, 8.0]))
    plots.spectra({"a": spectrum}, ax, relative=False, predictions={"a": line})
    assert labels(ax)[1] == "power (1/s)"
    assert ax.lines[1].get_ydata().tolist() == [7.0, 8.0]


def lyapunov():
    blocks = np.array([[0.2, -0.1, -0.4], [0.3, -0.2, -0.5], [0.25, -0.15, -0.45]])
    return spectrum_from_blocks(
        blocks * 10, np.full(3, 10.0), unit="1/step", kind="map", tangent_dimension=3, n_blocks=3
    )


def test_exponent_spectra_put_ranks_at_their_centres(ax):
    theory = (np.array([0.1, 0.5, 0.95]), np.array([0.3, -0.1, -0.9]))
    plots.exponent_spectra({"a": lyapunov()}, ax, predictions={"a": theory})
    x, y = ax.lines[0].get_data()
    assert x == pytest.approx([1 / 6, 0.5, 5 / 6])
    assert y == pytest.approx([0.25, -0.15, -0.45])
    assert ax.lines[1].get_xdata().tolist() == [0.1, 0.5]  # only ranks that were measured
    assert labels(ax) == ("rank / number of exponents", "Lyapunov exponent (1/step)")


def test_exponent_curves_draw_points_and_predictions(ax):
    gains = np.array([0.5, 1.0, 2.0])
    curve = SimpleNamespace(gains=gains, exponents=gains - 1, standard_error=0.1 * gains)
    plots.exponent_curves({"a": curve}, ax, predictions={"a": (gains, gains - 1.1)})
    assert legend(ax) == ["a, theory", "a"]
    assert labels(ax)[1] == "largest exponent (1/step)"
    dashed = next(line for line in ax.lines if line.get_linestyle() == "--")
    assert dashed.get_ydata() == pytest.approx(gains - 1.1)


def test_dimension_against_gain_draws_lines_and_points(ax):
    gains = np.array([1.0, 2.0, 4.0])
    point = (2.0, Estimate("kaplan_yorke_dimension_per_neuron", 0.3, 0.02))
    lines = {"Kaplan-Yorke": 0.1 * gains}
    plots.dimension_against_gain(gains, lines, ax, measured={"Kaplan-Yorke": point})
    assert ax.lines[0].get_ydata() == pytest.approx(0.1 * gains)
    assert [c[0].get_xydata().tolist() for c in ax.containers] == [[[2.0, 0.3]]]
    assert labels(ax) == ("gain g", "dimension / neurons")


def test_onset_map_has_its_line_where_the_exponent_vanishes(ax):
    alphas, gains = np.linspace(1, 2, 6), np.geomspace(0.25, 4.0, 9)
    exponents = np.log(gains)[None, :] + 0 * alphas[:, None]
    plots.onset_map(alphas, gains, exponents, ax, marked={"here": (1.5, 2.0)})
    mesh, contour = ax.collections
    np.testing.assert_allclose(np.asarray(mesh.get_array()).reshape(9, 6), exponents.T)
    (line,) = contour.get_paths()
    assert line.vertices[:, 1] == pytest.approx(1.0, abs=0.01)
    assert ax.lines[0].get_xydata().tolist() == [[1.5, 2.0]]
    assert ax.texts[0].get_text() == "here"
    assert labels(ax) == (r"stability $\alpha$", "gain g")
    assert ax.figure.axes[1].get_ylabel() == "largest exponent (1/step)"


def test_onset_map_of_stable_networks_draws_no_line(ax):
    plots.onset_map(np.array([1.0, 2.0]), np.array([0.1, 0.2]), np.full((2, 2), -1.0), ax)
    assert len(ax.collections) == 1


def test_forest_has_one_row_per_comparable_quantity(ax):
    exact = Estimate("rate", 10.0, 0.0, "Hz")
    comparisons = {
        "one": compare([Estimate("rate", 10.1, 0.1, "Hz"), Estimate("cv", 1, 0.1)], exact),
        "two": compare(Estimate("rate", 12.0, 0.1, "Hz"), exact, tolerance=0.05),
    }
    plots.comparison_forest(comparisons, ax)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["one: rate", "two: rate"]
    drawn = [c for c in ax.containers if hasattr(c, "has_xerr")]
    assert [c[0].get_xdata()[0] for c in drawn] == pytest.approx([1.01, 1.2])
    assert legend(ax) == ["agrees", "differs"]
    low, high = drawn[1][2][0].get_segments()[0][:, 0]
    assert high - low == pytest.approx(2 * 3 * 0.01)
    grey = ax.patches[1]
    assert (grey.get_x(), grey.get_width()) == pytest.approx((0.95, 0.1))


def test_estimate_bars_draw_one_point_per_recording():
    figure, axes = plt.subplots(1, 2)
    each = {
        "a": [Estimate("rate", 5.0, 0.5, "Hz"), Estimate("cv", 1.0, 0.1)],
        "b": [Estimate("rate", 8.0, 0.5, "Hz"), Estimate("cv", np.nan, 0.1)],
    }
    assert plots.estimate_bars(each, ("rate", "cv"), axes) is axes
    assert [len(ax.containers) for ax in axes] == [2, 1]
    assert [ax.get_xlabel() for ax in axes] == ["rate (Hz)", "cv"]
    plt.close(figure)


@pytest.mark.parametrize("gains", [(0.25, 4.0), (0.5, 2.2), (1.048, 1.0481), (1e-9, 3e7)])
def test_ticks_stand_where_their_labels_say(ax, gains):
    grid = np.geomspace(*gains, 9)
    plots.dimension_against_gain(grid, {"a": np.linspace(0, 0.1, 9)}, ax)
    exponents = np.random.default_rng(0).normal(size=(6, 9))
    onset = plots.onset_map(np.linspace(1, 2, 6), grid, exponents)
    for axis in (ax.xaxis, onset.yaxis):
        labels = [label.get_text() for label in axis.get_ticklabels()]
        assert [float(label) for label in labels] == list(axis.get_ticklocs())
        assert all(grid[0] <= place <= grid[-1] for place in axis.get_ticklocs())
        assert len(labels) >= 3
