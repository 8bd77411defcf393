"""Identities: what is counted in one pass or by pairs equals the plain way, chunk by chunk."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest

import heavytail_snn as ht
from heavytail_snn import analysis
from heavytail_snn.analysis.recorded.review_figures import interval_histogram, rate_over_time
from heavytail_snn.analysis.spectra.segments import segmentation
from heavytail_snn.analysis.spectra.unit_mean import _by_pairs, _by_transforms
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.recording import trains as walks
from heavytail_snn.recording.windows import Windows

mpl.use("Agg")


def poisson(seed=1, n_units=12, rate=8.0, duration=60.0, **parts):
    rng = np.random.default_rng(seed)
    some = [np.sort(rng.uniform(0, duration, rng.poisson(rate * duration))) for _ in range(n_units)]
    return ht.Recording.from_spike_trains(some, 0, duration, **parts)


@pytest.mark.parametrize("method", ["welch", "multitaper"])
@pytest.mark.parametrize("gaps", [False, True])
def test_spectra_by_pairs_of_spikes_equal_those_by_transforms(method, gaps, monkeypatch):
    recording = poisson(rate=40.0)
    if gaps:
        recording = recording.restrict([[0, 20.5], [31, 60]])
    bins = Windows(recording.support.shared, 2e-3)  # bins that hold two spikes now and then
    assert (recording.binned(2e-3) > 1).any()
    cut = segmentation(bins.per_interval, 2e-3, method, 1.0, 4.0)
    plain = _by_transforms(recording, bins, cut)
    for table in (2**22, 1):
        monkeypatch.setattr("heavytail_snn.analysis.spectra.unit_mean._TABLE", table)
        pairs = _by_pairs(recording, bins, cut)
        assert pairs.samples == pytest.approx(plain.samples, rel=1e-9, abs=1e-9)
        assert pairs.rates == pytest.approx(plain.rates)
        assert pairs.rate == pytest.approx(plain.rate)


def test_statistics_do_not_depend_on_the_size_of_chunks(monkeypatch):
    recording = poisson(2).restrict([[0, 25], [30, 60]])
    usual = analysis.spike_statistics(recording)
    monkeypatch.setattr(walks, "CHUNK_SPIKES", 700)
    monkeypatch.setattr(walks, "CHUNK_CELLS", 1000)
    assert len(list(walks.chunks(recording))) == 12
    small = analysis.spike_statistics(recording)
    for name in ("cvs", "cv2s", "lvs", "fano_factors", "correlation", "drift_correlation"):
        assert getattr(small, name) == pytest.approx(getattr(usual, name), rel=1e-9)


def test_chunks_hold_every_spike_once_also_of_silent_units(monkeypatch):
    monkeypatch.setattr(walks, "CHUNK_SPIKES", 100)
    trains = [[], np.arange(150) * 0.1 + 0.05, [], [0.5], []]
    recording = ht.Recording.from_spike_trains(trains, 0, 20)
    found = list(walks.chunks(recording))
    assert [(c.first, c.stop) for c in found] == [(0, 1), (1, 2), (2, 5)]
    assert sum(c.times.size for c in found) == 151
    for chunk in found:
        for unit in range(chunk.n_units):
            mine = chunk.times[chunk.owner == unit]
            assert mine.tolist() == recording.spike_trains()[chunk.first + unit].tolist()


def test_the_autocorrelogram_of_poisson_is_flat_and_of_a_clock_has_lines():
    support = [[0.0, 30.0], [35.0, 35.05], [40.0, 80.0]]
    flat = analysis.autocorrelogram(poisson(3, 40, 20.0, 80.0).restrict(support))
    spread = np.sqrt(20.0 / (40 * 70 * 20 * 1e-3)) * np.sqrt(20)
    assert np.abs(flat.rate - 20).max() < 5 * spread
    assert flat.rate.mean() == pytest.approx(20, rel=0.02)
    clock = ht.Recording(np.arange(1, 1000) * 0.02, np.zeros(999, int), 1, 0, 20)
    lines = analysis.autocorrelogram(clock, longest=0.1, bin_size=4e-3)
    assert np.flatnonzero(lines.rate > 0).tolist() == [5, 10, 15, 20]
    exposure = (20 - lines.lags) * clock.rates()[0] * 4e-3
    assert (lines.rate * exposure)[5::5] == pytest.approx([998, 997, 996, 995])


def test_the_figures_show_what_was_watched(tmp_path):
    recording = poisson(4).restrict([[0, 20], [40, 60]])
    edges, counts = interval_histogram(recording)
    assert counts.sum() == pytest.approx(recording.n_spikes - 24)
    assert edges[0] == 1e-4
    edges, rate = rate_over_time(recording, 6)
    assert np.isnan(rate[2:4]).all()
    assert rate[[0, 1, 4, 5]] == pytest.approx([8] * 4, abs=5 * np.sqrt(8 / 120))
    description = analysis.describe(recording)
    figure = analysis.review_figure(recording, curve=description.curve)
    assert [axis.get_xlabel() for axis in figure.axes] == [
        "inter-spike interval (ms)",
        "time (s)",
        "lag (ms)",
        "bin size (ms)",
    ]
    figure.savefig(tmp_path / "review.png")


def test_describe_holds_curve_and_findings_and_shows_progress(capsys):
    recording = poisson(5).restrict([[0, 20], [40, 60]])
    description = analysis.describe(recording, progress=True)
    assert description.curve.bin_sizes.tolist() == [0.005, 0.02, 0.05, 0.2, 1.0]
    assert "left" in capsys.readouterr().err
    by_itself = analysis.participation_ratio(recording, bin_size=0.05)
    place = description.curve.bin_sizes.tolist().index(0.05)
    assert description.curve.participation_ratio[place] == pytest.approx(
        by_itself.participation_ratio
    )


def test_analyze_prints_the_review_and_draws(tmp_path):
    rng = np.random.default_rng(6)
    trains = [np.sort(rng.uniform(0, 300, 3000)) for _ in range(12)]
    kept = [t[(t < 100) | (t > 200)] for t in trains]
    labels = ["good"] * 10 + ["noise"] * 2
    ht.Recording.from_spike_trains(kept, 0, 300, units={"label": labels}).write(tmp_path / "a.npz")
    command = [sys.executable, "-m", "heavytail_snn.cli", "analyze", str(tmp_path / "a.npz")]
    done = subprocess.run(
        [*command, "--figures", str(tmp_path / "a.pdf")], capture_output=True, text=True, check=True
    )
    assert "what a reviewer would ask" in done.stdout
    assert "no unit fires from 100" in done.stdout
    assert "10 good, 2 noise" in " ".join(done.stdout.split())
    assert "bins of 50 ms" in done.stdout
    assert (tmp_path / "a.pdf").stat().st_size > 5000
    refused = subprocess.run(
        [*command, "--figures", str(tmp_path / "a.docx")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert refused.returncode == 1
    assert "use review.png" in refused.stderr + refused.stdout


def test_an_autocorrelogram_of_too_many_lags_is_refused():
    with pytest.raises(ParameterError, match="must not cut longest"):
        analysis.autocorrelogram(poisson(), longest=10.0, bin_size=1e-6)
