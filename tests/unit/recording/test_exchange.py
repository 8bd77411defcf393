"""Objects and files of other packages: in and out, with names, labels and support kept.

SpikeInterface and pynapple are played by small classes with their protocol; files that pynapple
and SpikeInterface wrote themselves are read in `test_formats`.
"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import quantities as pq
from layouts import COUNTS, LABELS, NAMES, NUMBERS, SAMPLES, TIMES, TRAINS, UNITS

import heavytail_snn as ht
from heavytail_snn.core.errors import ParameterError, RecordingError
from heavytail_snn.data import example_recording
from heavytail_snn.recording.inputs import as_recording

NAMED = [str(name) for name in NAMES]


class Group(dict):
    """A TsGroup: trains by number, a time support, metadata."""

    time_support = pd.DataFrame({"start": [0.0, 10.5], "end": [9.5, 20.0]})
    metadata = pd.DataFrame({"rate": [1.0] * 4, "label": LABELS}, index=NAMES)


class Sorting:
    """A sorting of SpikeInterface."""

    def get_num_segments(self):
        return 1

    def get_unit_ids(self):
        return np.array(NAMES)

    def get_unit_spike_train(self, unit_id, segment_index=None):
        return SAMPLES[NAMES.index(unit_id)]

    def get_sampling_frequency(self):
        return 30_000.0

    def get_property_keys(self):
        return ["quality"]

    def get_property(self, key):
        return np.array(LABELS)


def same_trains(recording, trains=TRAINS):
    assert recording.n_units == len(trains)
    for read, true in zip(recording.spike_trains(), trains, strict=True):
        np.testing.assert_allclose(read, true, rtol=0, atol=1e-11)


OBJECTS = {
    "dictionary": (dict(zip(NAMES, TRAINS, strict=True)), {}, NAMED),
    "dictionary of lists": ({f"u{n}": t.tolist() for n, t in zip(NAMES, TRAINS, strict=True)}, {},
                            [f"u{n}" for n in NAMES]),
    "vectors": ({"spike_times_ms": 1e3 * TIMES, "cluster": UNITS}, {}, NAMED),
    "quantities": ({n: 1e3 * t * pq.ms for n, t in zip(NAMES, TRAINS, strict=True)}, {}, NAMED),
    "DataFrame": (pd.DataFrame({"time_s": TIMES, "unit": UNITS}), {}, NAMED),
    "DataFrame of samples": (pd.DataFrame({"time": COUNTS, "unit": UNITS}),
                             {"sampling_rate": 30000}, NAMED),
    "DataFrame with a column a unit": (pd.DataFrame({f"u{n}": pd.Series(t) for n, t in
                                       zip(NAMES, TRAINS, strict=True)}), {},
                                       [f"u{n}" for n in NAMES]),
    "Series of trains": (pd.Series(TRAINS, index=NAMES), {}, NAMED),
    "list of trains": (list(TRAINS), {}, ["0", "1", "2", "3"]),
    "Sorting": (Sorting(), {}, NAMED),
}  # fmt: skip


@pytest.mark.parametrize("kind", OBJECTS)
def test_objects_are_read_rightly(kind):
    data, options, names = OBJECTS[kind]
    recording = ht.Recording.from_data(data, **options)
    same_trains(recording)
    assert recording.attrs["unit_names"] == names
    if not options:
        assert ht.Recording(data) == recording
        limited = ht.Recording(data, t_start=0.0, t_stop=20.0)
        assert (limited.t_start, limited.t_stop) == (0.0, 20.0)


def test_a_ts_group_keeps_support_and_metadata():
    inside = [t[(t <= 9.5) | (t >= 10.5)] for t in TRAINS]
    trains = [SimpleNamespace(t=train) for train in inside]
    recording = ht.Recording(Group(zip(NAMES, trains, strict=True)))
    same_trains(recording, inside)
    assert recording.support.intervals(0).tolist() == [[0.0, 9.5], [10.5, 20.0]]
    assert recording.units.column("label").tolist() == list(LABELS)
    alone = SimpleNamespace(t=inside[0], time_support=Group.time_support)
    same_trains(ht.Recording(alone), inside[:1])


def test_states_of_a_brian_monitor():
    from brian2 import second

    states = {"t": TIMES * second, "i": NUMBERS, "N": np.array(TIMES.size),
              "count": np.array([t.size for t in TRAINS])}  # fmt: skip
    same_trains(ht.Recording(states))


def test_a_sorting_keeps_its_properties():
    assert ht.Recording(Sorting()).units.column("label").tolist() == list(LABELS)


def test_objects_without_unit_are_asked_for_it_and_others_refused():
    with pytest.raises(RecordingError, match=r"whole numbers.*time_unit='ms'"):
        ht.Recording({"a": [100, 200], "b": [150]})
    timed = ht.Recording.from_data({"a": [100, 200], "b": [150]}, time_unit="ms")
    assert timed.times.tolist() == [0.1, 0.15, 0.2]
    for bad in (3, "text", {1, 2}, object()):
        with pytest.raises(ParameterError, match=r"data must be a dictionary"):
            ht.Recording(bad)
    with pytest.raises(ParameterError, match=r"is no option of Recording.from_data"):
        ht.Recording.from_data({"a": [0.1, 0.2]}, trusted=True)


def test_analyses_take_them_too():
    assert as_recording("spikes", dict(zip(NAMES, TRAINS, strict=True))).n_units == 4
    assert ht.analysis.spike_statistics(Sorting()).rate == pytest.approx(
        ht.analysis.spike_statistics(ht.Recording(Sorting())).rate
    )


# ----------------------------------------------------------------------------------------- out


@pytest.fixture
def full():
    inside = [t[(t <= 9.5) | (t >= 10.5)] for t in TRAINS]
    return ht.Recording.from_spike_trains(
        inside, 0.0, 20.0,
        support=[[0.0, 9.5], [10.5, 20.0]],
        units={"name": NAMED, "label": list(LABELS), "depth": [1.0, 2.0, 3.0, 4.0]},
        trials={"start": [1.0, 3.0], "stop": [2.0, 4.0], "stimulus": [5, 6]},
        epochs={"start": [0.0], "stop": [5.0]},
        attrs={"unit_names": NAMED},
    )  # fmt: skip


@pytest.mark.parametrize("suffix", [".npz", ".nix"])
def test_own_files_keep_support_and_tables(full, tmp_path, suffix):
    if suffix == ".nix":
        pytest.importorskip("nixio", reason="nixio is not installed: .nix was not checked")
    full.write(tmp_path / f"a{suffix}")
    assert ht.Recording.read(tmp_path / f"a{suffix}") == full


def test_neo_keeps_names_support_and_tables(full):
    segment = full.to_neo(lazy=False)
    assert [train.name for train in segment.spiketrains] == NAMED
    assert ht.Recording.from_neo(segment) == full


def test_nwb_round_trip(full, tmp_path):
    pytest.importorskip("pynwb", reason="pynwb is not installed: NWB was not written")
    full.write(tmp_path / "a.nwb")
    back = ht.Recording.read(tmp_path / "a.nwb")
    same_trains(back, full.spike_trains())
    assert back.support == full.support
    assert back.units.column("label").tolist() == list(LABELS)
    assert back.units.column("unit_name").tolist() == NAMED
    assert back.trials.column("stimulus").tolist() == [5, 6]
    assert back.epochs.intervals.tolist() == [[0.0, 5.0]]


def test_pynapple_round_trip(full, tmp_path):
    full.write(tmp_path / "a.npz", format="pynapple")
    back = ht.Recording.read(tmp_path / "a.npz")
    same_trains(back, full.spike_trains())
    assert back.support == full.support
    assert back.units.column("label").tolist() == list(LABELS)


def test_csv_and_pandas_round_trip(full, tmp_path):
    with pytest.raises(ParameterError, match=r"recording with gaps in its support"):
        full.write(tmp_path / "a.csv")
    columns = dict(full.units.columns)
    plain = ht.Recording.from_spike_trains(TRAINS, 0.0, 20.0, units=columns)
    plain.write(tmp_path / "a.csv")
    back = ht.Recording.read(tmp_path / "a.csv")
    same_trains(back)
    assert (back.t_start, back.t_stop) == (0.0, 20.0)
    assert back.units.column("label").tolist() == list(LABELS)
    frame = pd.read_csv(tmp_path / "a.csv", comment="#")
    assert frame["time_s"].to_numpy() == pytest.approx(TIMES, abs=1e-12)
    same_trains(ht.Recording(plain.to_pandas()))


def test_silent_units_survive_text_and_csv(tmp_path):
    recording = ht.Recording([0.1, 0.2], [1, 3], 5, 0.0, 1.0)
    for name in ("a.txt", "a.csv"):
        recording.write(tmp_path / name)
        assert ht.Recording.read(tmp_path / name) == recording


@pytest.mark.parametrize("name", ["a.npz", "a.txt", "a.csv"])
def test_half_a_file_is_never_read_as_whole(tmp_path, name):
    recording = example_recording().slice(1.0, 40.0)
    bare = ht.Recording(recording.times, recording.ids, recording.n_units, 1.0, 40.0)
    bare.write(tmp_path / name)
    whole = (tmp_path / name).read_bytes()
    for keep in np.linspace(1, len(whole) - 2, 25).astype(int):
        (tmp_path / name).write_bytes(whole[:keep])
        with pytest.raises(ht.HeavytailError):
            ht.Recording.read(tmp_path / name)


def test_a_write_that_fails_leaves_the_old_file(full, tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    path.write_text("old")
    monkeypatch.setattr(np, "savez_compressed", lambda *a, **k: (_ for _ in ()).throw(OSError))
    with pytest.raises(OSError):  # noqa: PT011
        full.write(path)
    assert path.read_text() == "old"
    assert [item.name for item in tmp_path.iterdir()] == ["a.npz"]
