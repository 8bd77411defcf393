"""A study of each recorded set ends well; a damaged copy of it ends in a named error.

Sets and their time units: tests/data/README.md, where their origins are cited.
"""

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from heavytail_snn.analysis.study.config import parse_config
from heavytail_snn.analysis.study.engine import run_study
from heavytail_snn.core.errors import HeavytailError, RecordingError

SETS = {
    "hippocampus_linear_track/spikes.mat": None,
    "hippocampus_w_maze/spikes.mat": None,
    "hippocampus_synapticonn/all_unit.mat": None,
    "postsubiculum_nwb/A8604-211122.nwb": None,
    "grasshopper/grasshopper_spike_times1.txt": "us",
    "grasshopper/grasshopper_spike_times2.txt": "us",
}


def configuration(path, unit):
    text = f'title = "{path.name}"\n[recording]\nfile = "{path}"\n'
    return parse_config(text + (f'time_unit = "{unit}"\n' if unit else ""))


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_study_of_each_recording_ends_well(recordings, tmp_path, name):
    study = run_study(configuration(recordings(name), SETS[name]), tmp_path)
    page = study.report.read_text()
    assert np.isfinite(study.description.statistics.rate)
    assert "The recording" in page
    assert page.count("<img") == 1
    if "w_maze" in name:
        assert "89% of all spikes" in page  # the unit with 89 % of all spikes must not go unmarked


@pytest.mark.parametrize("name", SETS)
def test_truncated_file_ends_in_a_named_error(recordings, tmp_path, name):
    source = recordings(name)
    content = source.read_bytes()
    copy = tmp_path / source.name
    if (
        source.suffix == ".txt"
    ):  # a text cut between lines is a shorter recording: cut in the header
        copy.write_bytes(content[:200])
    else:
        copy.write_bytes(content[: len(content) // 2])
    with pytest.raises(HeavytailError, match=source.name):
        run_study(configuration(copy, SETS[name]))


def test_nan_time_ends_in_a_named_error(recordings, tmp_path):
    cells = loadmat(recordings("hippocampus_synapticonn/all_unit.mat"))["unit_t"]
    cells[0, 3][17, 0] = np.nan
    savemat(tmp_path / "nan.mat", {"unit_t": cells})
    with pytest.raises(RecordingError, match="nan"):
        run_study(configuration(tmp_path / "nan.mat", None))
    text = recordings("grasshopper/grasshopper_spike_times1.txt").read_text().rstrip()
    (tmp_path / "nan.txt").write_text(text + "\nnan\n")
    with pytest.raises(RecordingError, match="nan"):
        run_study(configuration(tmp_path / "nan.txt", "us"))


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("hippocampus_synapticonn/all_unit.mat", "ms"),
        ("hippocampus_linear_track/spikes.mat", "us"),
        ("postsubiculum_nwb/A8604-211122.nwb", "us"),
        ("grasshopper/grasshopper_spike_times1.txt", "s"),
        ("grasshopper/grasshopper_spike_times2.txt", "ms"),
    ],
)
def test_swapped_units_end_in_a_named_error(recordings, name, unit):
    with pytest.raises(HeavytailError, match="unit"):
        run_study(configuration(recordings(name), unit))
