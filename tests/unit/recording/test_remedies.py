"""Every remedy that the readers can print is typed: in Python, on the command line, in a study.

A remedy is a set of options; where a reader refuses with remedies, each of them must read the
file.  The places in the source that offer remedies are counted, and all must have been reached.
"""

import ast
import importlib.util
import json
import pickle
import shlex
from pathlib import Path

import numpy as np
import pytest
from layouts import COUNTS, PLAIN, TIMES, TRAINS, UNITS, archive, array, rows, text
from layouts_binary import BINARY, hdf5, mat, phy
from typer.testing import CliRunner

import heavytail_snn as ht
from heavytail_snn.analysis.study.config import parse_config
from heavytail_snn.analysis.study.engine import read_recording
from heavytail_snn.cli.main import app
from heavytail_snn.core.errors import HeavytailError
from heavytail_snn.door.refusals import in_python, in_toml, on_command_line
from heavytail_snn.recording.recording import Recording

SOURCE = Path(ht.__file__).parent / "recording"
TWO = np.column_stack([np.arange(1, 41), np.tile([1, 2], 20)])


def neurosuite_without_xml(folder):
    path = next(x for x in BINARY if x.name == "Neurosuite file").write(folder)
    path.with_name("a.xml").unlink()
    return path


def spikeinterface_in_segments(folder):
    home = folder / "sorting"
    home.mkdir()
    kind = [("sample_index", "i8"), ("unit_index", "i8"), ("segment_index", "i8")]
    spikes = np.zeros(8, dtype=kind)
    spikes["sample_index"] = [1000, 2000, 3000, 4000] * 2
    spikes["segment_index"] = np.repeat([0, 1], 4)
    np.save(home / "spikes.npy", spikes)
    facts = {"sampling_frequency": 1000.0, "unit_ids": [0], "num_segments": 2}
    (home / "numpysorting_info.json").write_text(json.dumps(facts))
    return home


def phy_with(rate):
    def write(folder):
        home = phy()(folder)
        (home / "params.py").write_text(f"sample_rate = {rate}\n")
        return home

    return write


def neo_segments(folder):
    import neo
    import quantities as pq

    block = neo.Block()
    for _ in range(2):
        train = neo.SpikeTrain([0.1, 0.5] * pq.s, t_start=0 * pq.s, t_stop=1 * pq.s)
        block.segments.append(neo.Segment())
        block.segments[-1].spiketrains.append(train)
    writer = neo.io.NixIO(str(folder / "a.nix"), "ow")
    writer.write_block(block)
    writer.close()
    return folder / "a.nix"


def invalid_times(folder):
    def fill(file):
        file.attrs["nwb_version"] = "2.6.0"
        file["units/id"] = [0]
        file["units/spike_times"] = [0.5, 1.5, 2.5]
        file["units/spike_times_index"] = [3]
        file["intervals/invalid_times/start_time"] = [1.0]
        file["intervals/invalid_times/stop_time"] = [2.0]

    return hdf5("a.nwb", fill)(folder)


def no_spikes(file):
    file.attrs["nwb_version"] = "2.6.0"
    file["units/id"] = [0]
    file["units/spike_times"] = np.empty(0)
    file["units/spike_times_index"] = [0]


def kwik_without_rate(file):
    file["channel_groups/0/spikes/time_samples"] = COUNTS
    file["channel_groups/0/spikes/clusters/main"] = UNITS


def neo_pickle(folder):
    (folder / "a.pickle").write_bytes(pickle.dumps({"a": TRAINS[0], "b": TRAINS[1]}, protocol=0))
    return folder / "a.pickle"


SLOW = "".join(f"{t!r},{i}\n" for t, i in zip((2e5 * TIMES).tolist(), UNITS.tolist(), strict=True))
CASES = {
    "lines that could be a table": text("a.txt", "0.1 0.2\n0.3 0.4\n0.5\n"),
    "gdf with three columns": text("a.gdf", rows("{i} {t} 1\n", 1e3 * TIMES)),
    "pickle": neo_pickle,
    "neo with trials": neo_segments,
    "columns without names": text("a.csv", "a,b,c\n" + rows("{t},{i},1\n")),
    "matrix of three columns": array("a.npy", np.column_stack([TIMES, UNITS, 2.0 * TIMES])),
    "no whole numbers": array("a.npy", np.column_stack([TIMES, TIMES + 0.5])),
    "all whole numbers": array("a.npy", TWO),
    "raster": array("a.npy", np.eye(5, 40)),
    "several variables": archive("a.npz", one=TRAINS[0], two=TRAINS[1]),
    "neurosuite": neurosuite_without_xml,
    "segments of SpikeInterface": spikeinterface_in_segments,
    "Phy with a rate of 0": phy_with(0),
    "Phy with a rate that is computed": phy_with("30000 * 2"),
    "kwik": hdf5("a.kwik", kwik_without_rate),
    "milliseconds without a word": text("a.csv", "time,unit\n" + SLOW),
    "samples of JSON": text("a.json", json.dumps({"samples": COUNTS.tolist(),
                                                  "unit": UNITS.tolist()})),
    "rate of 0": text("a.json", json.dumps({"samples": COUNTS.tolist(), "fs": 0.0,
                                            "unit": UNITS.tolist()})),
    "fractions of samples": text("a.json", json.dumps({"times": TIMES.tolist()})),
    "no spikes": hdf5("a.nwb", no_spikes),
    "invalid times": invalid_times,
    "unsorted": text("a.txt", "0.3 0\n0.2 0\n0.4 0\n0.1 0\n"),
    "duplicates": text("a.txt", "0.3 0\n0.3 0\n0.4 0\n"),
    "columns of times and samples": text("a.txt", rows("{t!r} {i}\n", TIMES, COUNTS)),
    "clock that restarts": text("a.txt", "".join(f"{t + 0.001 * k:.3f} 0\n" for k in range(3)
                                                for t in (0.1, 0.2, 0.31, 0.42))),
    "times on a grid": text("a.csv", "time_s,unit\n" + "".join(f"{t},0\n" for t in
                            np.repeat(np.arange(1, 81) / 100, 2))),
    "MAT with two cells": mat(a=TRAINS[0][:, None], b=TRAINS[1][:, None]),
    **{layout.name: layout.write for layout in (*PLAIN, *BINARY)
       if layout.options and not layout.needs and "pickle" not in layout.name},
}  # fmt: skip
GIVEN = {"fractions of samples": {"sampling_rate": 30000.0}}
reached, ran = set(), set()


def place_of(error):
    """Return file and function in which a refusal was raised."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return Path(trace.tb_frame.f_code.co_filename).name, trace.tb_frame.f_code.co_name


@pytest.mark.parametrize("case", CASES)
def test_each_remedy_reads_the_file(case, tmp_path):
    if "neo" in case:
        pytest.importorskip("nixio", reason="nixio is not installed: segments were not checked")
    ran.add(case)
    path, given = CASES[case](tmp_path), GIVEN.get(case, {})
    with pytest.raises(HeavytailError) as caught:
        Recording.read(path, trusted=True, **given)
    remedies = caught.value.remedies
    assert remedies, caught.value
    reached.add(place_of(caught.value))
    for remedy in remedies:
        assert in_python(remedy) in str(caught.value)
        call = f"Recording.read({str(path)!r}, trusted=True, {in_python(remedy)})"
        recording = eval(call, {"Recording": Recording})  # typed as it is printed
        assert recording.n_units >= 1


FAST = ("all whole numbers", "several variables", "unsorted", "duplicates", "raster")


@pytest.mark.parametrize("case", FAST)
def test_remedies_are_words_of_the_command_line_and_keys_of_a_study(case, tmp_path, monkeypatch):
    import heavytail_snn.cli.analyze  # noqa: F401

    path, seen = CASES[case](tmp_path), []
    monkeypatch.setattr("heavytail_snn.analysis.description.describe", _stop(seen))
    refused = CliRunner().invoke(app, ["analyze", str(path)])
    assert refused.exit_code == 1
    with pytest.raises(HeavytailError) as caught:
        Recording.read(path)
    for remedy in caught.value.remedies:
        words = on_command_line(remedy)
        assert words in refused.output.replace("\n", " ")
        CliRunner().invoke(app, ["analyze", str(path), *shlex.split(words)])
        assert seen.pop() == Recording.read(path, **remedy)
        study = f'[recording]\nfile = "{path}"\n' + in_toml(remedy).replace(", ", "\n")
        config = parse_config(study)
        assert config.reading == remedy
    with pytest.raises(HeavytailError) as caught:
        read_recording(parse_config(f'[recording]\nfile = "{path}"\n'))
    assert in_toml(remedy) in str(caught.value)


def _stop(seen):
    def describe(recording, **options):
        seen.append(recording)
        raise ht.ParameterError("case", 1, "is over")

    return describe


def test_every_place_that_offers_a_remedy_was_reached():
    if ran != set(CASES):
        pytest.skip("the cases were not run in this process: places were not counted")
    offering = set()
    for path in SOURCE.rglob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for node in ast.walk(function):
                called = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "refusal"
                if called and len(node.args) > 1:
                    offering.add((path.name, function.name))
    objects = {("python_objects.py", "_of_sorting")}  # no file; see test_exchange
    through = {("registry.py", "_pickle"), ("neo_files.py", "read_neo")}  # raised by their callers
    core = {("checks.py", "check_support")}  # readers look at the support before
    missing = offering - reached - objects - through - core
    if importlib.util.find_spec("nixio") is None:
        missing -= {("neo_files.py", "_joined")}
    assert not missing
