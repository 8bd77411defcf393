"""The recorded sets: counts, rates and spectra as their README states, bad unit flagged.

Source of all expected numbers: tests/data/README.md, where the recordings' origins are cited.
"""

from pathlib import Path

import numpy as np
import pytest
from reference_files import RECORDINGS, V4_NAME, checksums

from heavytail_snn.analysis import describe, participation_ratio
from heavytail_snn.analysis.recorded import read_responses
from heavytail_snn.analysis.spectra import power_spectrum, spike_statistics
from heavytail_snn.core.errors import ParameterError, RecordingError
from heavytail_snn.data import EXAMPLE_PATH
from heavytail_snn.recording.recording import Recording

# file: (options, units, spikes, span in s, rates min / median / max in Hz)
SETS = {
    "hippocampus_linear_track/spikes.mat": (
        {}, 31, 28_829, 1968.1, (0.021, 0.25, 4.04),
    ),
    "hippocampus_w_maze/spikes.mat": (
        {}, 25, 518_352, 4306.8, (0.023, 0.31, 107.15),
    ),
    "hippocampus_synapticonn/all_unit.mat": (
        {}, 16, 35_112, 997.5, (0.486, 1.69, 5.24),
    ),
    "postsubiculum_nwb/A8604-211122.nwb": (
        {}, 3, 21_354, 1087.3, (4.31, 5.19, 10.13),
    ),
    "grasshopper/grasshopper_spike_times1.txt": (
        {"time_unit": "us"}, 1, 929, 10.0, (93.0, 93.0, 93.0),
    ),
    "grasshopper/grasshopper_spike_times2.txt": (
        {"time_unit": "us"}, 1, 868, 10.0, (87.1, 87.1, 87.1),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened(recordings):
    """Return a function that opens each set once."""
    cache = {}

    def get(name):
        if name not in cache:
            cache[name] = Recording.read(recordings(name), **SETS[name][0])
        return cache[name]

    return get


@pytest.mark.parametrize("name", SETS)
def test_counts_span_and_rates(opened, name):
    _, n_units, n_spikes, span, rates = SETS[name]
    recording = opened(name)
    assert (recording.n_units, recording.n_spikes) == (n_units, n_spikes)
    assert recording.duration == pytest.approx(span, abs=0.05)
    found = recording.rates()
    expected = pytest.approx(rates, rel=0.023)  # two digits are stated of the smallest
    assert (found.min(), np.median(found), found.max()) == expected
    assert recording.attrs["t_start_from"] == "spikes"
    assert all((np.diff(train) > 0).all() for train in recording.spike_trains())


def test_linear_track_details(opened):
    recording = opened("hippocampus_linear_track/spikes.mat")
    assert (recording.t_start, recording.t_stop) == pytest.approx((4397.002, 6365.147), abs=1e-3)
    assert recording.quality().total_violation_fraction == pytest.approx(0.0010, abs=5e-5)
    assert recording.counts().argmax() == 15
    assert recording.counts()[15] == 7959
    assert recording.attrs["unit_names"][15] == "spikes[3][9]"
    assert recording.quality().flagged_units.size == 0


def test_w_maze_bad_unit_is_flagged_and_kept(opened):
    recording = opened("hippocampus_w_maze/spikes.mat")
    report = recording.quality()
    assert recording.attrs["unit_names"][19] == "spikes[9][14]"
    assert 19 in report.flagged_units
    assert "rate 107.1 Hz above 100 Hz" in report.flags[19]
    assert "89% of all spikes" in report.flags[19]
    assert recording.counts()[19] == 461_464
    assert report.total_violation_fraction == pytest.approx(0.116, abs=5e-4)
    others = recording.select(np.delete(np.arange(25), 19))
    assert others.n_spikes == 56_888
    assert others.rates().max() == pytest.approx(3.13, abs=5e-3)
    assert others.quality().total_violation_fraction == pytest.approx(0.0085, abs=5e-5)
    note = "doubtful units are in these numbers: 19, 23 (see Recording.quality())"
    for result in (
        power_spectrum(recording),
        spike_statistics(recording),
        participation_ratio(recording, bin_size=0.1),
        describe(recording),
    ):
        assert note in result.warnings
    sound = recording.select(report.sound_units)
    assert not any("doubtful" in each for each in spike_statistics(sound).warnings)


def test_times_in_microseconds_taken_as_seconds_are_refused(recordings):
    recording = Recording.read(
        recordings("grasshopper/grasshopper_spike_times1.txt"), time_unit="s"
    )
    with pytest.raises(ParameterError, match=r"times are not in seconds.*time_unit"):
        power_spectrum(recording)


def test_nwb_without_obs_intervals(opened, recordings, monkeypatch):
    name = "postsubiculum_nwb/A8604-211122.nwb"
    recording = opened(name)
    assert recording.counts().tolist() == [11_020, 4_690, 5_644]
    assert recording.rates() == pytest.approx([10.13, 4.31, 5.19], abs=5e-3)
    assert (recording.t_start, recording.t_stop) == pytest.approx((0.028, 1087.353), abs=1e-3)
    pytest.importorskip("h5py", reason="h5py is not installed: the second reader was not checked")
    monkeypatch.setitem(__import__("sys").modules, "pynwb", None)
    assert Recording.read(recordings(name)) == recording


def test_grasshopper_intervals(opened):
    shortest, cvs = [], []
    for number in (1, 2):
        recording = opened(f"grasshopper/grasshopper_spike_times{number}.txt")
        shortest.append(np.diff(recording.times).min())
        cvs.append(spike_statistics(recording).cv)
    assert shortest == pytest.approx([0.0032, 0.0037], abs=5e-5)
    assert cvs == pytest.approx([0.53, 0.45], abs=5e-3)


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("hippocampus_linear_track/spikes.mat", 0.999),
        ("hippocampus_w_maze/spikes.mat", 0.991),
        ("hippocampus_synapticonn/all_unit.mat", 0.968),
        ("postsubiculum_nwb/A8604-211122.nwb", 1.007),
    ],
)
def test_spectrum_tail_is_the_rate(opened, name, stated):
    recording = opened(name)
    rates = recording.rates()
    unit = int(np.argmax(np.where(rates < 50, rates, 0)))
    if recording.duration > 2000:
        recording = recording.slice(recording.t_start, recording.t_start + 2000)
    spectrum = power_spectrum(recording, unit=unit)
    assert spectrum.tail_band == pytest.approx((200, 450))
    assert 1 / spectrum.parameters["frequency_resolution"] == pytest.approx(4.096)
    band = (spectrum.frequencies >= 200) & (spectrum.frequencies <= 450)
    tail = spectrum.power[band].mean() / spectrum.rate
    assert tail == pytest.approx(stated, abs=0.002)
    assert abs(tail - 1) < 0.05
    assert abs(spectrum.tail_over_rate - 1) < 0.05
    assert spectrum.tail_over_rate_error < 0.005
    multitaper = power_spectrum(recording, unit=unit, method="multitaper")
    assert abs(multitaper.tail_over_rate - 1) < 0.05


def test_packaged_copy_is_the_original(recordings):
    path = recordings("hippocampus_synapticonn/all_unit.mat")
    assert path.read_bytes() == EXAMPLE_PATH.read_bytes()


def test_every_recording_has_its_licence_and_its_checksum(recordings):
    """And nothing else lies there: what a licence does not cover must not enter the repository."""
    # drawn spikes in files of other packages lie in formats/, see its README
    paths = [p for p in RECORDINGS.glob("*/*") if p.parent.name != "formats"]
    found = {p.relative_to(RECORDINGS).as_posix() for p in paths}
    papers = {name for name in found if Path(name).stem in ("LICENSE", "README")}
    assert found - papers == set(SETS) == set(checksums()) - {V4_NAME}
    for name in SETS:
        assert recordings(name).with_name("LICENSE").read_text().strip()


def test_truncated_copy_is_refused(recordings, tmp_path):
    path = recordings("postsubiculum_nwb/A8604-211122.nwb")
    copy = tmp_path / path.name
    copy.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(RecordingError, match=f"{path.name} cannot be read"):
        Recording.read(copy)


def test_truncated_responses_are_refused(tmp_path):
    path = tmp_path / "responses.npy"
    np.save(path, np.random.default_rng(1).poisson(4.0, (8, 60, 10)).astype(float))
    assert read_responses(path).shape == (8, 60, 10)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(RecordingError, match=r"responses\.npy.*damaged or incomplete"):
        read_responses(path)
