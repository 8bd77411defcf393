"""Every layout of every format: units, spikes, span, labels and support, against the drawn truth.

The files follow the public descriptions of their formats, or are written by their libraries
(scipy, h5py, pynwb, neo, pandas) or by their tools (`tests/data/formats`).
"""

import importlib.util

import numpy as np
import pytest
from layouts import LABELS, PLAIN
from layouts_binary import BINARY

from heavytail_snn.core.errors import HeavytailError
from heavytail_snn.recording.formats.registry import FORMATS, format_of
from heavytail_snn.recording.recording import Recording

LAYOUTS = (*PLAIN, *BINARY)


def written(layout, folder):
    if layout.needs and importlib.util.find_spec(layout.needs) is None:
        pytest.skip(f"{layout.needs} is not installed: {layout.name} was not checked")
    return layout.write(folder)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_layouts_are_read_rightly(layout, tmp_path):
    path = written(layout, tmp_path)
    recording = Recording.read(path, **layout.options)
    assert recording.n_units == len(layout.trains)
    for read, true in zip(recording.spike_trains(), layout.trains, strict=True):
        np.testing.assert_allclose(read, true, rtol=0, atol=1e-11)
    if layout.names is not None:
        assert recording.attrs["unit_names"] == list(layout.names)
        assert recording.units.column("name").tolist() == list(layout.names)
    if layout.labels:
        assert recording.units.column("label").tolist() == list(LABELS)
    if layout.span is not None:
        assert (recording.t_start, recording.t_stop) == layout.span
    else:
        edges = np.concatenate(layout.trains)
        assert recording.t_start == pytest.approx(edges.min(), abs=1e-11)
        assert recording.t_stop == pytest.approx(edges.max(), abs=1e-11)
    assert recording.attrs["time_unit_from"] in ("file", "given", "assumed")


@pytest.mark.parametrize(
    "layout", [item for item in LAYOUTS if item.options], ids=lambda layout: layout.name
)
def test_what_a_file_does_not_say_is_asked_for_and_never_guessed(layout, tmp_path):
    path = written(layout, tmp_path)
    with pytest.raises(HeavytailError) as caught:
        Recording.read(path)
    assert any(name in str(caught.value) for name in layout.options)


def test_there_are_layouts_of_every_format(tmp_path):
    missing = {"lines"}  # what `text` recognises by itself; see test_remedies
    seen = set()
    for number, layout in enumerate(LAYOUTS):
        if layout.needs and importlib.util.find_spec(layout.needs) is None:
            missing.add(layout.name)
            continue
        folder = tmp_path / str(number)
        folder.mkdir()
        path = layout.write(folder)
        seen.add(layout.options.get("format") or format_of(path))
    by_contents = {"sonata", "kwik", "mea", "circus", "mat73"}  # found within HDF5
    assert set(FORMATS) - seen - by_contents <= missing


def test_support_labels_and_trials_come_along(tmp_path):
    by_name = {layout.name: layout for layout in LAYOUTS}
    group = Recording.read(by_name["pynapple TsGroup"].write(tmp_path))
    assert group.support.intervals(0).tolist() == [[0.0, 9.5], [10.5, 20.0]]
    alf = Recording.read(by_name["ALF"].write(tmp_path))
    assert alf.trials.intervals.tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert alf.trials.column("feedbackType").tolist() == [1, -1]
    assert alf.units.column("depth").tolist() == [100.0, 200.0, 300.0, 400.0]
    cells = Recording.read(by_name["CellExplorer spikes"].write(tmp_path))
    assert cells.units.column("area").tolist() == ["CA1"] * 4
    info = Recording.read(by_name["Phy with cluster_info"].write(tmp_path))
    assert info.units.column("depth").tolist() == [1200.0] * 4


def test_nwb_as_pynwb_reads_it(tmp_path):
    pynwb = pytest.importorskip("pynwb", reason="pynwb is not installed: NWB was not compared")
    path = next(layout for layout in LAYOUTS if layout.name == "NWB").write(tmp_path)
    recording = Recording.read(path)
    with pynwb.NWBHDF5IO(str(path), "r") as io:
        units = io.read().units
        for unit, train in enumerate(recording.spike_trains()):
            assert train.tolist() == units.get_unit_spike_times(unit).tolist()
            np.testing.assert_array_equal(
                recording.support.intervals(unit), units.get_unit_obs_intervals(unit)
            )
    assert recording.trials.column("stimulus").tolist() == [4]
    assert recording.units.column("area").tolist() == ["CA1"] * 4


def test_a_unit_of_10_hz_has_10_hz_though_the_file_has_gaps(tmp_path):
    layout = next(item for item in LAYOUTS if item.name == "NIX of neo, two segments")
    recording = Recording.read(written(layout, tmp_path))
    assert recording.support.observed.tolist() == pytest.approx([18.0] * 4)
    counts = np.array([train.size for train in layout.trains])
    assert recording.rates().tolist() == pytest.approx((counts / 18.0).tolist())
