"""Files: every format opens, round trips are the identity, and damaged copies are refused."""

import sys

import numpy as np
import pytest
import quantities as pq
from scipy.io import savemat

from heavytail_snn.core.errors import BackendError, ParameterError, RecordingError
from heavytail_snn.data import EXAMPLE_PATH, example_recording
from heavytail_snn.recording.recording import Recording, Trace


@pytest.fixture
def small():
    trace = Trace(np.arange(8.0).reshape(4, 2), dt=0.25, unit="V", ids=[0, 2])
    return Recording(
        [0.1, 1 / 3, 0.5, 0.7],
        [1, 0, 1, 2],
        4,
        -1.0,
        1.0,
        {"v": trace},
        {"source": "test", "unit_names": list("abcd")},
    )


def cell(*trains):
    """Return a MATLAB cell array of column vectors."""
    array = np.empty((1, len(trains)), dtype=object)
    for index, train in enumerate(trains):
        array[0, index] = np.array(train, dtype=float)[:, None]
    return array


@pytest.mark.parametrize("suffix", [".npz", ".nix"])
def test_round_trip_keeps_everything(small, tmp_path, suffix):
    if suffix == ".nix":
        pytest.importorskip("nixio", reason="nixio is not installed: .nix was not checked")
    path = tmp_path / f"small{suffix}"
    small.write(path)
    back = Recording.read(path)
    assert back == small
    assert back.attrs["unit_names"] == small.attrs["unit_names"]


def test_text_round_trip_keeps_spikes_limits_and_silent_units(small, tmp_path):
    with pytest.raises(ParameterError, match=r"with traces"):
        small.write(tmp_path / "a.txt")
    spikes = Recording(small.times, small.ids, 4, -1.0, 1.0)
    spikes.write(tmp_path / "a.txt")
    assert Recording.read(tmp_path / "a.txt") == spikes
    Recording([], [], 2, 0.0, 1.0).write(tmp_path / "silent.txt")
    assert Recording.read(tmp_path / "silent.txt") == Recording([], [], 2, 0.0, 1.0)


def test_write_refuses_other_suffixes(small, tmp_path):
    with pytest.raises(ParameterError, match=r"must end in .npz, .nix, .nwb, .csv or .txt"):
        small.write(tmp_path / "a.xyz")


# ------------------------------------------------------------------------------ text


def test_text_with_one_column_and_its_time_unit(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("# a header\n6700\n9900\n\n")
    recording = Recording.read(path, time_unit="us")
    assert recording.times.tolist() == pytest.approx([0.0067, 0.0099], rel=1e-14)
    assert recording.attrs["t_start_from"] == recording.attrs["t_stop_from"] == "spikes"
    with pytest.raises(RecordingError, match=r"whole numbers from 6700 to 9900.*time_unit='ms'"):
        Recording.read(path)  # not guessed
    assert Recording.read(path, time_unit="s").times.tolist() == [6700, 9900]
    limited = Recording.read(path, time_unit="us", t_start=0, t_stop=10 * pq.ms)
    assert (limited.t_start, limited.t_stop) == (0.0, 0.01)
    assert limited.attrs["t_stop_from"] == "given"
    with pytest.raises(ParameterError, match=r"time_unit must be one of.*did you mean 'us'"):
        Recording.read(path, time_unit="uss")


def test_text_with_labels_or_unit_numbers(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("0.1,7\n0.2,3\n0.3,7\n")
    labelled = Recording.read(path)
    assert labelled.n_units == 2
    assert labelled.attrs["unit_names"] == ["3", "7"]
    assert labelled.ids.tolist() == [1, 0, 1]
    assert Recording.read(path, n_units=9).ids.tolist() == [7, 3, 7]
    with pytest.raises(RecordingError, match=r"n_units - 1 = 4, got 3 to 7"):
        Recording.read(path, n_units=5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no spike times"),
        ("# only a header\n", "no spike times"),
        ("0.1 0\n0.2", "cannot be read as text"),
        ("0.1\nabc\n", "cannot be read as text"),
        ("0.1 0 3\n", "3 columns that can be read in several ways.*time_column=0, id_column=1"),
        ("0.1\nnan\n0.3\n", "finite, got nan"),
        ("0.3\n0.1\n", "sorted.*sort=True"),
        ("0.3 0\n0.3 0\n0.4 0\n", "twice at one time"),
        ("0.3 0.5\n0.4 0\n", "none of whole numbers that could be unit numbers"),
        ("0.3\n", "needs a duration"),
    ],
)
def test_bad_text_is_refused(tmp_path, text, words):
    path = tmp_path / "a.txt"
    path.write_text(text)
    with pytest.raises(RecordingError, match=words):
        Recording.read(path)


def test_repair_options_of_read(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("0.3 0\n0.1 0\n0.1 0\n")
    recording = Recording.read(path, sort=True, drop_duplicates=True)
    assert recording.times.tolist() == [0.1, 0.3]
    assert recording.attrs["duplicates_dropped"] == 1


# ------------------------------------------------------------------------------ mat


def test_mat_cell_array_and_vector(tmp_path):
    path = tmp_path / "a.mat"
    savemat(path, {"units": cell([0.1, 0.4], [], [0.2])})
    recording = Recording.read(path)
    assert recording.n_units == 2
    assert recording.attrs["unit_names"] == ["units[0]", "units[2]"]
    assert recording.attrs["empty_cells"] == 1
    assert any("1 empty cells" in text for text in recording.quality().warnings)
    savemat(path, {"a": np.array([0.1, 0.2]), "b": np.array([1.0, 2.0])})
    assert Recording.read(path, variable="b", time_unit="s").times.tolist() == [1, 2]
    with pytest.raises(ParameterError, match=r"variable must be one of \['a', 'b'\], got None"):
        Recording.read(path)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.ones((3, 2)), "2 columns that can be read in several ways"),
        (np.ones((3, 20)), "raster of 0 and 1.*sampling_rate=1000.0"),
        ("text", "holds no spike times; it has x"),
        (cell([]), "holds no spike times"),
        ({"rate": 1.0}, "holds no spike times; it has x .a struct with"),
    ],
)
def test_bad_mat_is_refused(tmp_path, value, words):
    path = tmp_path / "a.mat"
    savemat(path, {"x": value})
    with pytest.raises(RecordingError, match=words):
        Recording.read(path)


def test_a_broken_matlab_73_file_is_named(tmp_path):
    path = tmp_path / "a.mat"
    header = b"MATLAB 7.3 MAT-file".ljust(124) + (0x0200).to_bytes(2, "little") + b"IM"
    path.write_bytes(header + bytes(400))
    with pytest.raises(RecordingError, match=r"a.mat cannot be read as HDF5"):
        Recording.read(path)


# ------------------------------------------------------------------------------ npz, phy, nwb


def test_plain_npz(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, times=np.array([0.1, 0.2]), ids=np.array([4, 2]))
    assert Recording.read(path).attrs["unit_names"] == ["2", "4"]
    np.savez(path, times=[100.0, 200.0], ids=[1, 0], n_units=3, t_start=0.0, t_stop=1000.0)
    assert Recording.read(path, time_unit="ms") == Recording([0.1, 0.2], [1, 0], 3, 0, 1)
    np.savez(path, spikes=[1.0])
    with pytest.raises(RecordingError, match=r"holds no spike times; it has spikes"):
        Recording.read(path)
    np.savez(path, times=np.array([{}]), ids=[0])
    with pytest.raises(RecordingError, match=r"pickled Python objects, which are not loaded"):
        Recording.read(path)  # pickled objects are never loaded


def test_own_npz_states_its_limits(small, tmp_path):
    small.write(tmp_path / "a.npz")
    with pytest.raises(ParameterError, match=r"slice"):
        Recording.read(tmp_path / "a.npz", t_stop=2)


def test_phy_folder(tmp_path):
    np.save(tmp_path / "spike_times.npy", np.array([[30], [60], [90]], dtype=np.uint64))
    np.save(tmp_path / "spike_clusters.npy", np.array([12, 5, 12], dtype=np.int32))
    with pytest.raises(RecordingError, match=r"sampling_rate"):
        Recording.read(tmp_path)
    recording = Recording.read(tmp_path, sampling_rate=30_000)
    assert recording.times.tolist() == pytest.approx([0.001, 0.002, 0.003])
    assert recording.attrs["unit_names"] == ["5", "12"]
    (tmp_path / "params.py").write_text("dat_path = 'x'\nsample_rate = 30000.\n")
    assert Recording.read(tmp_path) == recording


def write_nwb(path, *, intervals):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: NWB was not checked")
    with h5py.File(path, "w") as file:
        units = file.create_group("units")
        units["id"] = [7, 9]
        units["spike_times"] = [0.5, 0.75, 0.25]
        units["spike_times_index"] = np.array([2, 3], dtype=np.uint8)
        if intervals:
            units["obs_intervals"] = [[0.0, 0.9], [0.1, 2.0]]
            units["obs_intervals_index"] = np.array([1, 2], dtype=np.uint8)


def test_nwb_needs_no_pynwb(tmp_path):
    write_nwb(tmp_path / "a.nwb", intervals=False)
    recording = Recording.read(tmp_path / "a.nwb")
    assert recording.times.tolist() == [0.25, 0.5, 0.75]
    assert recording.ids.tolist() == [1, 0, 0]
    assert recording.attrs["unit_names"] == recording.units.column("name").tolist() == ["7", "9"]
    write_nwb(tmp_path / "b.nwb", intervals=True)
    limited = Recording.read(tmp_path / "b.nwb")
    assert (limited.t_start, limited.t_stop) == (0.0, 2.0)
    assert limited.attrs["t_stop_from"] == "file"
    assert limited.support.intervals(1).tolist() == [[0.1, 2.0]]
    assert limited.rates().tolist() == pytest.approx([2 / 0.9, 1 / 1.9])


def test_nwb_without_any_reader_names_the_remedy(tmp_path, monkeypatch):
    write_nwb(tmp_path / "a.nwb", intervals=False)
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(BackendError, match=r"pip install 'heavytail_snn\[hdf5\]'"):
        Recording.read(tmp_path / "a.nwb", trusted=True)
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(BackendError, match=r"pip install 'heavytail_snn\[nwb\]'"):
        Recording([0.1], [0], 1, 0, 1).write(tmp_path / "b.nwb")


def test_nix_without_nixio_names_the_remedy(small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "nixio", None)
    with pytest.raises(BackendError, match=r"pip install 'neo\[nixio\]'"):
        small.write(tmp_path / "a.nix")


def test_pickles_of_neo_are_read_where_they_are_asked_for(small, tmp_path):
    import neo

    block = neo.Block()
    block.segments += [small.to_neo(lazy=False), Recording([0.1], [0], 1, 0, 1).to_neo(lazy=False)]
    neo.io.PickleIO(str(tmp_path / "a.pkl")).write_block(block)
    with pytest.raises(RecordingError, match=r"is a pickle.*pass format='pickle'"):
        Recording.read(tmp_path / "a.pkl")
    named = {"format": "pickle"}
    assert Recording.read(tmp_path / "a.pkl", segment=0, **named) == small
    with pytest.raises(RecordingError, match=r"exactly one Segment, got 2.*segment=0"):
        Recording.read(tmp_path / "a.pkl", **named)
    with pytest.raises(ParameterError, match=r"segment must be an integer in \[0, 1\]"):
        Recording.read(tmp_path / "a.pkl", segment=5, **named)
    (tmp_path / "a.unknown").write_text("?")
    with pytest.raises(RecordingError, match=r"cannot be read as a file that neo knows"):
        Recording.read(tmp_path / "a.unknown")


# ------------------------------------------------------------------------------ options, damage


def test_options_are_checked(small, tmp_path):
    small.write(tmp_path / "a.npz")
    with pytest.raises(ParameterError, match=r"variable must not be given for a file that the"):
        Recording.read(tmp_path / "a.npz", variable="x")
    with pytest.raises(ParameterError, match=r"variable is no option of .* for lines files"):
        Recording.read(tmp_path / "a.npz", variable="x", format="lines")
    with pytest.raises(ParameterError, match=r"format must be one of.*did you mean 'text'"):
        Recording.read(tmp_path / "a.npz", format="texts")
    with pytest.raises(ParameterError, match=r"time_unit must not be given for nwb"):
        Recording.read(tmp_path / "a.npz", format="nwb", time_unit="s")
    with pytest.raises(RecordingError, match=r"does not exist"):
        Recording.read(tmp_path / "b.npz")


@pytest.mark.parametrize("keep", [0, 10, 200, 3000, -100])
def test_truncated_copies_are_refused(tmp_path, keep):
    binary = EXAMPLE_PATH.read_bytes()
    (tmp_path / "a.mat").write_bytes(binary[:keep])
    with pytest.raises(RecordingError, match=r"a.mat"):
        Recording.read(tmp_path / "a.mat")
    example_recording().write(tmp_path / "whole.npz")
    (tmp_path / "a.npz").write_bytes((tmp_path / "whole.npz").read_bytes()[:keep])
    with pytest.raises(RecordingError, match=r"a.npz"):
        Recording.read(tmp_path / "a.npz")
    (tmp_path / "a.nwb").write_bytes(binary[:keep])
    with pytest.raises(RecordingError, match=r"a.nwb"):
        Recording.read(tmp_path / "a.nwb")


def test_copies_with_nan_or_shuffled_are_refused(tmp_path):
    trains = example_recording().spike_trains()
    holed = [train.copy() for train in trains]
    holed[3][5] = np.nan
    savemat(tmp_path / "nan.mat", {"unit_t": cell(*holed)})
    with pytest.raises(RecordingError, match=r"finite, got nan at spike 5 of unit 3"):
        Recording.read(tmp_path / "nan.mat")
    rng = np.random.default_rng(1)
    savemat(tmp_path / "shuffled.mat", {"unit_t": cell(*(rng.permutation(t) for t in trains))})
    with pytest.raises(RecordingError, match=r"times of unit 0 must be sorted"):
        Recording.read(tmp_path / "shuffled.mat")
    assert Recording.read(tmp_path / "shuffled.mat", sort=True) == example_recording()
    doubled = [np.repeat(train, 2) for train in trains]
    savemat(tmp_path / "doubled.mat", {"unit_t": cell(*doubled)})
    with pytest.raises(RecordingError, match=r"35112 of 70224 spikes repeat a time of their unit"):
        Recording.read(tmp_path / "doubled.mat")


def test_example_recording():
    recording = example_recording()
    assert (recording.n_units, recording.n_spikes) == (16, 35_112)
    assert (EXAMPLE_PATH.parent / "LICENSE.hippocampus").read_text().startswith("MIT License")


def test_a_folder_that_is_none_of_phy_is_named(tmp_path):
    with pytest.raises(RecordingError, match=r"folder without spike_times.npy"):
        Recording.read(tmp_path)
