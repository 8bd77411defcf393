"""Spike-train spectra against closed forms and against scipy and elephant.

Two-sided spectrum of a renewal process with interval law of transform H(f):
S(f) = rate (1 - |H|^2) / |1 - H|^2 (Cox & Lewis 1966, section 4.5; Bartlett 1963,
doi:10.1111/j.2517-6161.1963.tb00508.x).  Poisson: S = rate; every renewal process: S(0) = CV^2 rate
and S(infinity) = rate.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heavytail_snn.analysis.spectra import cross_spectrum, power_spectrum, spike_statistics
from heavytail_snn.analysis.spectra.segments import segmentation, transforms
from heavytail_snn.core.errors import ParameterError, RecordingError, UnitError
from heavytail_snn.recording.recording import Recording


def poisson(rng, rate, duration):
    return np.sort(rng.uniform(0, duration, rng.poisson(rate * duration)))


def gamma_train(rng, rate, shape, duration):
    n = int(1.2 * rate * duration + 100)
    times = np.cumsum(rng.gamma(shape, 1 / (rate * shape), n)) - 1.0
    return times[(times >= 0) & (times <= duration)]


def gamma_spectrum(frequencies, rate, shape):
    transform = (1 + 2j * np.pi * frequencies / (rate * shape)) ** -shape
    return rate * (1 - np.abs(transform) ** 2) / np.abs(1 - transform) ** 2


@pytest.fixture(scope="module")
def poisson_recording():
    rng = np.random.default_rng(11)
    trains = [poisson(rng, rate, 300.0) for rate in (5.0, 20.0, 40.0)]
    return Recording.from_spike_trains(trains, 0, 300)


# ------------------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("method", ["welch", "multitaper"])
def test_poisson_is_flat_at_its_rate(poisson_recording, method):
    for unit, rate in enumerate((5.0, 20.0, 40.0)):
        spectrum = power_spectrum(poisson_recording, unit=unit, method=method)
        assert abs(spectrum.tail_over_rate - 1) < 3 * spectrum.tail_over_rate_error
        assert spectrum.rate == pytest.approx(rate, abs=3 * np.sqrt(rate / 300))
        for part in np.array_split(spectrum.power / spectrum.rate, 8):
            # neighbouring frequencies share windows: 2 with Hann, 2 nw with Slepian windows
            shared = 2 if method == "welch" else 8
            error = np.sqrt(shared / part.size * 2 / spectrum.degrees_of_freedom)
            assert abs(part.mean() - 1) < 3.5 * error
        inside = (spectrum.lower < rate) & (rate < spectrum.upper)
        assert 0.91 < inside.mean() < 0.985


def test_mean_and_pooled_spectra_of_poisson_units(poisson_recording):
    mean = power_spectrum(poisson_recording)
    pooled = power_spectrum(poisson_recording, unit="pooled")
    assert mean.rate == pytest.approx(poisson_recording.rates().mean(), rel=1e-12)
    assert pooled.rate == pytest.approx(poisson_recording.rates().sum(), rel=1e-12)
    units = [power_spectrum(poisson_recording, unit=unit).power for unit in range(3)]
    assert mean.power == pytest.approx(np.mean(units, axis=0), rel=1e-12)
    assert abs(pooled.tail_over_rate - 1) < 3 * pooled.tail_over_rate_error
    assert 0.90 < ((mean.lower < mean.rate) & (mean.rate < mean.upper)).mean() < 0.98


def test_stated_error_of_the_tail_is_right():
    rng = np.random.default_rng(3)
    tails, errors = [], []
    for _ in range(300):
        spectrum = power_spectrum(poisson(rng, 20, 30), t_start=0, t_stop=30)
        tails.append(spectrum.tail_over_rate)
        errors.append(spectrum.tail_over_rate_error)
    assert np.std(tails) == pytest.approx(np.sqrt(np.mean(np.square(errors))), rel=0.13)
    assert abs(np.mean(tails) - 1) < 3.5 * np.std(tails) / np.sqrt(300)


@pytest.mark.parametrize("shape", [0.5, 4.0])
def test_gamma_renewal_spectrum(shape):
    rng = np.random.default_rng(7)
    trains = [gamma_train(rng, 20.0, shape, 400.0) for _ in range(4)]
    spectrum = power_spectrum(
        Recording.from_spike_trains(trains, 0, 400), frequency_resolution=0.25, correct_bins=True
    )
    exact = gamma_spectrum(spectrum.frequencies, 20.0, shape)
    low = spectrum.frequencies < 1.5
    assert spectrum.power[low].mean() == pytest.approx(20.0 / shape, rel=0.08)  # CV^2 rate
    for part in (slice(0, 20), slice(20, 100), slice(100, 400), slice(400, 1200)):
        assert spectrum.power[part].mean() == pytest.approx(exact[part].mean(), rel=0.05)
    tail = (spectrum.frequencies > 200) & (spectrum.frequencies < 450)
    damped = 1 + (exact / 20 - 1) * spectrum.attenuation  # 1.05 for shape 0.5
    assert spectrum.tail_over_rate == pytest.approx(damped[tail].mean(), abs=0.02)


def test_wide_bins_damp_and_fold_the_spectrum_as_stated():
    rng = np.random.default_rng(8)
    recording = Recording.from_spike_trains(
        [gamma_train(rng, 20.0, 16.0, 500.0) for _ in range(8)], 0, 500
    )
    options = {"bin_size": 0.01, "frequency_resolution": 0.5}
    damped = power_spectrum(recording, **options)
    # counting in bins of width b: sum over j of S(f + j / b) sinc^2(f b + j); Poisson is unchanged
    folds = damped.frequencies + 100.0 * np.arange(-50, 51)[:, None]
    exact = gamma_spectrum(folds, 20.0, 16.0)
    expected = 20 + ((exact - 20) * np.sinc(folds * 0.01) ** 2).sum(axis=0)
    assert damped.power[10:] == pytest.approx(expected[10:], rel=0.12)
    assert np.mean(damped.power[10:] / expected[10:]) == pytest.approx(1, abs=0.01)
    corrected = power_spectrum(recording, **options, correct_bins=True)
    band = (damped.frequencies > 19) & (damped.frequencies < 21)  # sinc^2(0.2) = 0.875
    peak = exact[50, band].mean()
    assert peak > 1.5 * 20
    assert corrected.power[band].mean() == pytest.approx(peak, rel=0.03)
    assert damped.power[band].mean() - 20 == pytest.approx(0.875 * (peak - 20), rel=0.08)
    assert damped.attenuation == pytest.approx(np.sinc(damped.frequencies * 0.01) ** 2)


def test_periodic_train_has_lines_at_multiples_of_its_rate():
    times = np.arange(0, 100, 0.05) + 0.0105
    spectrum = power_spectrum(times, t_start=0, t_stop=100, frequency_resolution=0.5)
    lines = spectrum.frequencies % 20 == 0
    near = (spectrum.frequencies % 20 <= 0.5) | (spectrum.frequencies % 20 >= 19.5)
    # a line has the power rate^2, spread by the Hann window over 1.5 resolutions at its top
    assert spectrum.power[lines][:5] == pytest.approx(20**2 / (1.5 * 0.5), rel=0.01)
    assert spectrum.power[~near].max() < 1e-20 * spectrum.power[lines].min()


def test_power_integrates_to_the_variance_of_the_counts(poisson_recording):
    counts = poisson_recording.select([1]).binned(1e-3)[:, 0]
    spectrum = power_spectrum(poisson_recording, unit=1)
    width = spectrum.frequencies[0]
    variance = counts.var() / 1e-3**2
    assert 2 * spectrum.power.sum() * width == pytest.approx(variance, rel=0.01)


# ------------------------------------------------------------------------------ cross-spectra


@pytest.fixture(scope="module")
def delayed():
    """Return 60 % of a train, another 60 % of it 4 +- 2 ms later, and an independent train."""
    rng = np.random.default_rng(5)
    mother = poisson(rng, 50, 400)
    kept = rng.random((2, mother.size)) < 0.6
    late = np.sort(mother[kept[1]] + 0.02 + rng.normal(0.004, 0.002, kept[1].sum())) - 0.02
    late = late[(late > 0) & (late < 400)]
    trains = [mother[kept[0]], late, poisson(rng, 30, 400)]
    shared = np.count_nonzero(kept.all(axis=0)) / 400  # about 0.36 * 50 Hz
    return Recording.from_spike_trains(trains, 0, 400, attrs={"shared_rate": shared})


def test_cross_spectrum_of_a_delayed_copy(delayed):
    # cross = shared rate * exp(-2 pi i f d) * exp(-(2 pi f jitter)^2 / 2)
    shared = delayed.attrs["shared_rate"]
    spectrum = cross_spectrum(delayed, units=(0, 1), correct_bins=True)
    low = spectrum.frequencies < 40
    angle = 2 * np.pi * spectrum.frequencies
    turned = spectrum.cross * np.exp(1j * angle * 0.004 + (angle * 0.002) ** 2 / 2)
    assert turned[low].real.mean() == pytest.approx(shared, rel=0.025)
    assert abs(turned[low].imag.mean()) < 0.5
    assert shared == pytest.approx(18, rel=0.05)
    assert spectrum.coherence[:40].mean() == pytest.approx((shared / 30) ** 2, rel=0.07)
    scatter = np.abs(turned[low] - shared)
    assert np.sqrt(np.mean(scatter**2)) == pytest.approx(
        spectrum.standard_error[low].mean(), rel=0.1
    )
    reverse = cross_spectrum(delayed, units=(1, 0), correct_bins=True)
    assert reverse.cross == pytest.approx(np.conj(spectrum.cross))


def test_independent_trains_have_no_cross_spectrum(delayed):
    spectrum = cross_spectrum(delayed, units=(0, 2))
    error = np.sqrt(np.mean(spectrum.standard_error**2))
    assert np.sqrt(np.mean(np.abs(spectrum.cross) ** 2)) == pytest.approx(error, rel=0.05)
    assert spectrum.coherence.mean() == pytest.approx(spectrum.coherence_bias, rel=0.1)


def test_mean_over_pairs_is_the_mean_of_the_pairs(delayed):
    everything = cross_spectrum(delayed)
    pairs = [cross_spectrum(delayed, units=pair).cross for pair in ((0, 1), (0, 2), (1, 2))]
    assert everything.cross == pytest.approx(np.mean(pairs, axis=0).real, rel=1e-9, abs=1e-9)
    total = power_spectrum(delayed, unit="pooled").power
    single = power_spectrum(delayed).power
    assert total == pytest.approx(3 * single + 6 * everything.cross.real, rel=1e-9)


# ------------------------------------------------------------------------------ other estimators


def test_kernel_equals_scipy_welch_and_csd(poisson_recording):
    from scipy import signal

    counts = poisson_recording.binned(1e-3).astype(float)
    centred = (counts - counts.mean(axis=0)) / 1e-3
    options = {"fs": 1000.0, "nperseg": 1000, "detrend": False}
    frequencies, one_sided = signal.welch(centred[:, 1], **options)
    spectrum = power_spectrum(poisson_recording, unit=1, frequency_resolution=1.0)
    assert spectrum.frequencies == pytest.approx(frequencies[1:-1])
    assert spectrum.power == pytest.approx(one_sided[1:-1] / 2, rel=1e-10)
    _, cross = signal.csd(centred[:, 0], centred[:, 2], **options)
    ours = cross_spectrum(poisson_recording, units=(0, 2), frequency_resolution=1.0).cross
    assert ours == pytest.approx(cross[1:-1] / 2, rel=1e-8, abs=1e-9)


def test_number_of_independent_averages():
    # Hann windows overlapping by half have the correlation 1/6, spectra its square
    cut = segmentation(4000, 1e-3, "welch", 2.0, 4.0)
    assert cut.n_segments == 15
    assert cut.independent_averages == pytest.approx(15 / (1 + 2 * 14 / 15 / 36), rel=1e-3)
    assert segmentation(4000, 1e-3, "multitaper", 2.0, 4.0).independent_averages == 8 * 7
    default = segmentation(4000, 1e-3, "welch", None, 4.0)
    assert (default.n_points, default.n_segments) == (512, 14)


def test_kernel_equals_elephant_multitaper():
    from elephant.spectral import multitaper_psd

    counts = np.random.default_rng(1).poisson(0.02, 4000).astype(float)
    frequencies, one_sided = multitaper_psd((counts - counts.mean()) / 1e-3, fs=1000.0, nw=4.0)
    cut = segmentation(4000, 1e-3, "multitaper", 0.25, 4.0)
    ours = (np.abs(transforms(counts, cut)) ** 2).mean(axis=(0, 1))
    assert one_sided.shape == (1, 2001)
    assert cut.n_segments == 1
    assert cut.frequencies == pytest.approx(frequencies[1:-1])
    assert ours == pytest.approx(one_sided[0, 1:-1] / 2, rel=0.005)  # it takes periodic tapers


def test_neo_trains_are_counted_before_the_transform(poisson_recording):
    from elephant.spectral import welch_psd

    train = poisson_recording.to_neo().spiketrains[1]
    ours = power_spectrum(train)
    assert abs(ours.tail_over_rate - 1) < 3 * ours.tail_over_rate_error
    # the trap that this guards against: elephant takes the spike times for a signal
    _, trap = welch_psd(train)
    assert abs(float(np.mean(trap[-trap.size // 2 :])) / ours.rate - 1) > 0.5


# ------------------------------------------------------------------------------ statistics


def test_statistics_of_known_processes():
    rng = np.random.default_rng(2)
    trains = [gamma_train(rng, 20.0, 4.0, 500.0) for _ in range(8)]
    statistics = spike_statistics(Recording.from_spike_trains(trains, 0, 500), count_window=2.0)
    assert statistics.cv == pytest.approx(0.5, abs=4 * statistics.cv_error)
    assert statistics.cv_error < 0.005
    # independent gamma intervals of shape k: LV = 3 / (2 k + 1)
    assert statistics.lv == pytest.approx(3 / 9, abs=4 * statistics.lv_error)
    # long windows: Fano factor -> CV^2, + (1 - CV^4) / 6 / (mean count) (Cox & Lewis 1966)
    assert statistics.fano_factor == pytest.approx(0.25 + (1 - 0.25**2) / 240, abs=0.04)
    poissons = [poisson(rng, 10.0, 500.0) for _ in range(8)]
    statistics = spike_statistics(Recording.from_spike_trains(poissons, 0, 500))
    for value, error in (
        (statistics.cv, statistics.cv_error),
        (statistics.cv2, statistics.cv2_error),
        (statistics.lv, statistics.lv_error),
        (statistics.fano_factor, statistics.fano_factor_error),
    ):
        assert abs(value - 1) < 4 * error < 0.06


def test_statistics_equal_elephant(poisson_recording):
    from elephant import statistics as elephant
    from elephant.conversion import BinnedSpikeTrain
    from elephant.spike_train_correlation import correlation_coefficient
    from quantities import s

    ours = spike_statistics(poisson_recording, count_window=0.5)
    trains = poisson_recording.spike_trains()
    intervals = [np.diff(train) for train in trains]
    assert ours.cvs == pytest.approx([elephant.cv(i) for i in intervals], rel=1e-10)
    assert ours.cv2s == pytest.approx([elephant.cv2(i) for i in intervals], rel=1e-10)
    assert ours.lvs == pytest.approx([elephant.lv(i) for i in intervals], rel=1e-10)
    segment = poisson_recording.to_neo()
    rates = [float(elephant.mean_firing_rate(t).rescale("Hz")) for t in segment.spiketrains]
    assert ours.rates == pytest.approx(rates)
    binned = BinnedSpikeTrain(list(segment.spiketrains), bin_size=0.5 * s)
    matrix = correlation_coefficient(binned)
    assert ours.correlation == pytest.approx(matrix[np.triu_indices(3, 1)].mean(), rel=1e-9)
    counts = binned.to_array()
    assert ours.fano_factors == pytest.approx(counts.var(axis=1, ddof=1) / counts.mean(axis=1))


def test_count_correlation_of_a_shared_source():
    rng = np.random.default_rng(4)
    shared = poisson(rng, 4.0, 2000.0)
    trains = [np.sort(np.concatenate([shared, poisson(rng, 6.0, 2000.0)])) for _ in range(5)]
    statistics = spike_statistics(Recording.from_spike_trains(trains, 0, 2000))
    assert statistics.correlation == pytest.approx(0.4, abs=4 * statistics.correlation_error)
    assert 0.001 < statistics.correlation_error < 0.02


def test_undefined_statistics_are_nan_and_left_out():
    trains = [np.arange(1, 100) * 0.01, [0.5], [], [0.1, 0.2]]
    statistics = spike_statistics(Recording.from_spike_trains(trains, 0, 1), minimum_spikes=5)
    assert np.isfinite(statistics.cvs).tolist() == [True, False, False, False]
    assert np.isfinite(statistics.fano_factors).tolist() == [True, True, False, True]
    assert statistics.n_units_with_intervals == 1
    assert statistics.cv == pytest.approx(0, abs=1e-10)
    assert np.isnan(statistics.cv_error)
    assert {e.name for e in statistics.estimates()} >= {"rate", "cv", "fano_factor"}


# ------------------------------------------------------------------------------ refusals


SPIKES = np.arange(1, 2000) * 0.01


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"method": "welsh"}, ParameterError, "did you mean 'welch'"),
        ({"unit": 1}, ParameterError, r"unit must be an integer in \[0, 0\], got 1"),
        ({"unit": "all"}, ParameterError, "'mean', 'pooled'"),
        ({"bin_size": 0}, ParameterError, "bin_size"),
        ({"bin_size": 1e-9}, ParameterError, "bin_size must not cut"),
        ({"bin_size": 30.0}, RecordingError, "a segment must have 8 to 0 bins"),
        ({"frequency_resolution": 0.01}, RecordingError, "frequency_resolution or bin_size"),
        ({"frequency_resolution": -1}, ParameterError, "frequency_resolution"),
        ({"confidence": 1.0}, ParameterError, "confidence"),
        ({"tail_band": (600, 700)}, ParameterError, "tail_band"),
        ({"tail_band": (200, 100)}, ParameterError, "tail_band must hold at least one"),
        ({"nw": 0}, ParameterError, "nw"),
    ],
)
def test_power_spectrum_refuses(options, error, words):
    with pytest.raises(error, match=words):
        power_spectrum(SPIKES, **options)


@pytest.mark.parametrize("analysis", [power_spectrum, cross_spectrum, spike_statistics])
@pytest.mark.parametrize(
    "spikes",
    [None, "", [], np.nan, np.inf, -1, 0, [1j], [True], [object()], [0.2, 0.1], [0.1, 0.1],
     [0.1, np.nan], np.ones((2, 2, 2)), [[], []], [0.5], [1e300, -1e300], (t for t in SPIKES)],
)  # fmt: skip
def test_nonsense_is_refused_with_a_named_error(analysis, spikes):
    with pytest.raises(
        (ParameterError, RecordingError), match=r"spikes|times|trains|bin_size|t_st"
    ):
        analysis(spikes)


def test_wrong_units_and_silent_units():
    from quantities import mV

    with pytest.raises(UnitError, match=r"spikes must have the dimension of time"):
        power_spectrum(SPIKES * mV)
    with pytest.raises(UnitError, match=r"bin_size"):
        power_spectrum(SPIKES, bin_size=1 * mV)
    recording = Recording.from_spike_trains([SPIKES, [0.5], []], 0, 20)
    for unit, n_spikes in ((1, 1), (2, 0)):
        with pytest.raises(RecordingError, match=f"unit {unit} must have .* got {n_spikes}"):
            power_spectrum(recording, unit=unit)
        with pytest.raises(RecordingError, match=f"unit {unit} must have"):
            cross_spectrum(recording, units=(0, unit))
    for units in ((0, 0), (0,), 0, (0, 1, 2)):
        with pytest.raises(ParameterError, match=r"two different unit numbers"):
            cross_spectrum(recording, units=units)
    with pytest.raises(RecordingError, match=r"at least 2 units"):
        cross_spectrum(SPIKES)
    with pytest.raises(RecordingError, match=r"2 windows of count_window = 15 s"):
        spike_statistics(recording, count_window=15)
    with pytest.raises(ParameterError, match=r"minimum_spikes"):
        spike_statistics(recording, minimum_spikes=2)


def test_plots_draw_the_rate_line(poisson_recording):
    import matplotlib as mpl

    mpl.use("Agg")
    spectrum = power_spectrum(poisson_recording)
    lines = spectrum.plot().get_lines()
    assert lines[0].get_ydata() == pytest.approx(spectrum.power)
    assert set(lines[1].get_ydata()) == {spectrum.rate}
    assert cross_spectrum(poisson_recording).plot().get_lines()


# ------------------------------------------------------------------------------ properties

trains = st.lists(
    st.sets(st.integers(0, 3999), min_size=3, max_size=60), min_size=2, max_size=4
).map(lambda sets: [np.array(sorted(train)) * 0.0025 for train in sets])


@given(trains, st.sampled_from([-3.0, 0.125, 4000.0]))
@settings(max_examples=25, deadline=None)
def test_shifting_time_changes_nothing(trains, shift):
    here = power_spectrum(Recording.from_spike_trains(trains, 0, 10))
    moved = [train + shift for train in trains]
    there = power_spectrum(Recording.from_spike_trains(moved, shift, 10 + shift))
    assert there.power == pytest.approx(here.power, rel=1e-6, abs=1e-9)


@given(trains, st.sampled_from([0.5, 3.0]))
@settings(max_examples=25, deadline=None)
def test_stretching_time_scales_power_and_frequency(trains, factor):
    here = power_spectrum(Recording.from_spike_trains(trains, 0, 10), bin_size=2.5e-3)
    slow = [train * factor for train in trains]
    there = power_spectrum(
        Recording.from_spike_trains(slow, 0, 10 * factor), bin_size=2.5e-3 * factor
    )
    assert there.frequencies == pytest.approx(here.frequencies / factor)
    assert there.power == pytest.approx(here.power / factor, rel=1e-6, abs=1e-9)
    statistics = [
        spike_statistics(Recording.from_spike_trains(t, 0, 10 * f), count_window=0.1 * f)
        for t, f in ((trains, 1), (slow, factor))
    ]
    for name in ("cvs", "cv2s", "lvs", "fano_factors"):
        first, second = (getattr(s, name) for s in statistics)
        assert second == pytest.approx(first, nan_ok=True)
    assert statistics[1].rates == pytest.approx(statistics[0].rates / factor)


@given(trains)
@settings(max_examples=25, deadline=None)
def test_merging_adds_rates_and_a_silent_unit_changes_no_other(trains):
    recording = Recording.from_spike_trains(trains, 0, 10)
    with_silent = Recording.from_spike_trains([*trains, []], 0, 10)
    pooled = power_spectrum(recording, unit="pooled")
    assert pooled.rate == pytest.approx(recording.rates().sum())
    assert power_spectrum(with_silent, unit="pooled").power == pytest.approx(pooled.power)
    first, second = spike_statistics(recording), spike_statistics(with_silent)
    assert second.cvs[:-1] == pytest.approx(first.cvs, nan_ok=True)
    assert second.rates[:-1] == pytest.approx(first.rates)
    assert second.correlation == pytest.approx(first.correlation, nan_ok=True)


@given(trains, st.randoms())
@settings(max_examples=25, deadline=None)
def test_order_of_units_does_not_matter(trains, random):
    recording = Recording.from_spike_trains(trains, 0, 10)
    order = list(range(len(trains)))
    random.shuffle(order)
    permuted = recording.select(order)
    assert power_spectrum(permuted).power == pytest.approx(power_spectrum(recording).power)
    here, there = spike_statistics(recording), spike_statistics(permuted)
    assert there.lvs == pytest.approx(here.lvs[order], nan_ok=True)
    assert there.fano_factor == pytest.approx(here.fano_factor)
