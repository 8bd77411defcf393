"""The one door for files of strangers: what is opened, believed, allocated and executed."""

import io
import json
import os
import pickle
import struct
import time
import zipfile

import numpy as np
import pytest
from layouts import TIMES, UNITS, text
from layouts_binary import phy
from scipy.io import savemat

import heavytail_snn as ht
from heavytail_snn.analysis.recorded import read_responses
from heavytail_snn.analysis.study.config import parse_config, read_config
from heavytail_snn.analysis.study.engine import read_study
from heavytail_snn.core.errors import (
    HeavytailError,
    MemoryLimitError,
    ParameterError,
    RecordingError,
)
from heavytail_snn.door import child
from heavytail_snn.door.literals import assignments, strict_json
from heavytail_snn.door.numbers import exact_ids, exact_times
from heavytail_snn.recording.recording import Recording


class Marked:
    """A pickle that leaves a mark where it is executed."""

    def __init__(self, place):
        self.place = place

    def __reduce__(self):
        return os.mkdir, (str(self.place),)


# ----------------------------------------------------------------------------- what is opened


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here: they were not refused")
def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "a.npz")
    os.mkfifo(tmp_path / "a.toml")
    os.mkfifo(tmp_path / "a.html")
    started = time.monotonic()
    for act in (Recording.read, read_responses):
        with pytest.raises(RecordingError, match=r"must be a regular file"):
            act(tmp_path / "a.npz")
    for name in ("a.toml", "a.html"):
        with pytest.raises(RecordingError, match=r"must be a regular file"):
            read_study(tmp_path / name)
    for device in ("/dev/zero", "/dev/random"):
        with pytest.raises(RecordingError, match=r"must be a regular file"):
            Recording.read(device, format="text")
    home = phy()(tmp_path)
    (home / "spike_times.npy").unlink()
    os.mkfifo(home / "spike_times.npy")
    with pytest.raises(RecordingError, match=r"must be a regular file"):
        Recording.read(home)
    with pytest.raises(RecordingError, match=r"no regular file and is not replaced"):
        Recording([0.1], [0], 1, 0, 1).write(tmp_path / "a.npz")
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("path", ["a\0b", "", 3, None])
def test_names_that_are_none(path):
    with pytest.raises(ParameterError, match=r"path must be the name of a file"):
        Recording.read(path)


# ------------------------------------------------------------------------------------- pickles


def test_no_pickle_is_executed_unless_it_is_asked_for(tmp_path):
    mark, evil = tmp_path / "executed", pickle.dumps(Marked(tmp_path / "executed"))
    for name in ("a.pkl", "a.pickle", "a.dat", "a.nix", "a.mat", "a.npy", "a.xyz"):
        (tmp_path / name).write_bytes(evil)
        with pytest.raises(HeavytailError):
            Recording.read(tmp_path / name)
        with pytest.raises(HeavytailError):
            Recording.read(tmp_path / name, format="neo")
    boxed = np.empty(1, dtype=object)
    boxed[0] = Marked(mark)
    np.save(tmp_path / "b.npy", boxed, allow_pickle=True)
    np.savez(tmp_path / "b.npz", times=boxed, ids=[1])
    for name in ("b.npy", "b.npz"):
        with pytest.raises(RecordingError, match=r"pickled Python objects"):
            Recording.read(tmp_path / name)
    with pytest.raises(RecordingError):
        read_responses(tmp_path / "b.npy")
    assert not mark.exists()


def test_no_study_and_no_report_can_ask_for_a_pickle(tmp_path):
    mark = tmp_path / "executed"
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(Marked(mark)))
    named = f'[recording]\nfile = "{tmp_path / "a.pkl"}"\n'
    with pytest.raises(ParameterError, match=r"format must not be asked for by a study"):
        parse_config(named + 'format = "pickle"\n')
    with pytest.raises(ParameterError, match=r"trusted is no key of \[recording\]"):
        parse_config(named + "trusted = true\n")
    stored = {"configuration": {"title": "x", "recording": {
        "file": str(tmp_path / "a.pkl"), "format": "pickle"}}}  # fmt: skip
    page = f'<script type="application/json" id="study">{json.dumps(stored)}</script>'
    (tmp_path / "report.html").write_text(page)
    with pytest.raises(HeavytailError):
        read_study(tmp_path / "report.html")
    assert not mark.exists()


# ------------------------------------------------------------------------------ sizes and claims


def npy(shape, dtype="<f8", data=b""):
    """Return a .npy file that claims a shape."""
    header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def test_what_a_file_claims_is_compared_with_what_it_is(tmp_path):
    for number, shape in enumerate([(10**15,), (-1,), (10**9, 10**9), (3,)]):
        path = tmp_path / f"{number}.npy"
        path.write_bytes(npy(shape))
        with pytest.raises(RecordingError):
            Recording.read(path)
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("times.npy", "w", force_zip64=True) as file:
            file.write(npy((125_000_000,)))
            for _ in range(1000):
                file.write(bytes(1_000_000))
        archive.writestr("ids.npy", npy((1,), "<i8", bytes(8)))
    with pytest.raises(MemoryLimitError, match=r"bomb.npz.*claim"):
        Recording.read(tmp_path / "bomb.npz")
    with zipfile.ZipFile(tmp_path / "unneeded.npz", "a") as archive:
        for name, array in (("times", TIMES), ("ids", UNITS)):
            stream = io.BytesIO()
            np.save(stream, array)
            archive.writestr(f"{name}.npy", stream.getvalue())
        with pytest.warns(UserWarning, match=r"Duplicate"):
            archive.writestr("times.npy", b"another")
    with pytest.raises(RecordingError, match=r"two arrays of one name"):
        Recording.read(tmp_path / "unneeded.npz")


def test_hdf5_that_claims_too_much_or_leads_elsewhere(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py is not installed: HDF5 was not checked")
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file.create_dataset("spikes/a/timestamps", (10**12,), "f8", chunks=(1000,))
        file.create_dataset("spikes/a/node_ids", (10**12,), "i8", chunks=(1000,))
    with pytest.raises(MemoryLimitError, match=r"timestamps.*claims"):
        Recording.read(tmp_path / "huge.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["times"], file["ids"] = TIMES, UNITS
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["times"] = h5py.ExternalLink("other.h5", "times")
        file["ids"] = UNITS
    with h5py.File(tmp_path / "virtual.h5", "w") as file:
        layout = h5py.VirtualLayout(shape=TIMES.shape, dtype="f8")
        layout[:] = h5py.VirtualSource("other.h5", "times", shape=TIMES.shape)
        file.create_virtual_dataset("times", layout)
        file["ids"] = UNITS
    for name in ("link.h5", "virtual.h5"):
        with pytest.raises(RecordingError, match=r"which is not opened"):
            Recording.read(tmp_path / name)
    with h5py.File(tmp_path / "circle.h5", "w") as file:
        file["times"], file["ids"] = h5py.SoftLink("/ids2"), UNITS
        file["ids2"] = h5py.SoftLink("/times")
    with pytest.raises(RecordingError):
        Recording.read(tmp_path / "circle.h5")


def test_texts_that_grow_or_run(tmp_path):
    started = time.monotonic()
    home = phy()(tmp_path)
    (home / "params.py").write_text("sample_rate = 9**9**9**9\n")
    with pytest.raises(RecordingError, match=r"no params.py with sample_rate"):
        Recording.read(home)
    (home / "params.py").write_text("import os\nos.mkdir('x')\nsample_rate = 30_000.\n")
    assert Recording.read(home).attrs["sampling_rate"] == 30_000
    (tmp_path / "deep.json").write_text("[" * 100_000 + "]" * 100_000)
    with pytest.raises(RecordingError, match=r"nest at most"):
        Recording.read(tmp_path / "deep.json")
    (tmp_path / "digits.json").write_text('{"times": [' + "9" * 100_000 + "]}")
    with pytest.raises(RecordingError):
        Recording.read(tmp_path / "digits.json")
    entities = '<!DOCTYPE a [<!ENTITY b "' + "c" * 1000 + '">]><a>' + "&b;" * 1000 + "</a>"
    (tmp_path / "s.res.1").write_text("1\n2\n")
    (tmp_path / "s.clu.1").write_text("1\n2\n2\n")
    (tmp_path / "s.xml").write_text(entities)
    with pytest.raises(RecordingError, match=r"defines entities"):
        Recording.read(tmp_path / "s.res.1")
    (tmp_path / "a.toml").write_text("a = " + "[" * 50_000)
    with pytest.raises(ParameterError, match=r"valid TOML"):
        read_config(tmp_path / "a.toml")
    assert not (tmp_path / "x").exists()
    assert time.monotonic() - started < 30


def test_units_come_from_a_list():
    assert assignments("a = 30_000.0\nb = 30000*2\nc = 'x'") == {"a": 30_000.0, "c": "x"}
    with pytest.raises(RecordingError, match=r"no Python text"):
        assignments("a = (")
    for bad in ('{"a": NaN}', '{"a": 1, "a": 2}'):
        with pytest.raises(RecordingError):
            strict_json(bad)


# ------------------------------------------------------------------------------------- numbers


@pytest.mark.parametrize(
    "bad",
    [
        np.array([2**63], dtype=np.uint64),
        np.array([1e300]),
        np.array([2.0**53 + 2]),
        np.array([0.5]),
        np.array([np.nan]),
        np.array([True]),
        np.array([1 + 2j]),
        np.array(["2020-01-01"], dtype="M8[s]"),
        np.ma.masked_array([1, 2], [True, False]),
        np.array([None]),
        np.array(["1"]),
    ],
)
def test_ids_that_are_not_exact_are_refused(bad):
    with pytest.raises(RecordingError):
        exact_ids("ids", bad)
    if bad.dtype.kind not in "f":
        with pytest.raises(RecordingError):
            exact_times("times", bad)


def test_large_ids_are_neither_renamed_nor_merged(tmp_path):
    large = [2**53, 2**53 + 1, 2**63 - 1]
    np.savez(tmp_path / "a.npz", times=[0.1, 0.2, 0.35], ids=large)
    assert Recording.read(tmp_path / "a.npz").attrs["unit_names"] == [str(i) for i in large]
    path = text("a.csv", "time_s,unit\n0.1,9223372036854775808\n0.2,1\n0.35,1\n")(tmp_path)
    with pytest.raises(RecordingError, match=r"exact whole numbers"):
        Recording.read(path)
    for bad in (2**63, 1e300, 2.0**60):
        with pytest.raises(RecordingError, match=r"exact whole numbers"):
            Recording([0.1], [bad], 3, 0, 1)


# --------------------------------------------------------------------------------------- child


def test_a_reader_that_crashes_hangs_or_eats_ends_in_a_named_error(tmp_path, monkeypatch):
    path = tmp_path / "a.mat"
    savemat(path, {"x": np.arange(5) + 0.5})
    place = f"{__name__}:"
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    for name, words in (("crash", "signal"), ("eat", "needs more than"), ("leave", "exit code 7")):
        with pytest.raises(HeavytailError, match=words):
            child.in_child(place + name, path, {})
    monkeypatch.setattr(child, "SECONDS", 1.5)
    with pytest.raises(RecordingError, match=r"took the reader longer"):
        child.in_child(place + "hang", path, {})


def crash(path):
    os.abort()


def leave(path):
    os._exit(7)


def eat(path):
    return {}, {"a": np.ones(10**11)}


def hang(path):
    time.sleep(60)
    return {}, {}


def test_the_child_says_what_the_parent_would_have_said(tmp_path):
    savemat(tmp_path / "a.mat", {"a": np.arange(5) + 0.5, "b": np.arange(5) + 0.5})
    said = []
    for trusted in (True, False):
        with pytest.raises(ParameterError) as caught:
            Recording.read(tmp_path / "a.mat", trusted=trusted)
        said.append((str(caught.value), caught.value.remedies))
    assert said[0] == said[1]
    one = Recording.read(tmp_path / "a.mat", variable="a", trusted=True)
    assert one == Recording.read(tmp_path / "a.mat", variable="a")
    assert isinstance(one, ht.Recording)
