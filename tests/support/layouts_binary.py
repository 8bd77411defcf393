"""The recording of `layouts` in MATLAB, HDF5, the folders of sorters, and neo.

Sources of the layouts stand beside the readers, in the docstrings of their modules.
"""

import pickle

import numpy as np
from layouts import (
    COUNTS,
    LABELS,
    NAMES,
    NUMBERS,
    RATE,
    SAMPLES,
    TIMES,
    TRAINS,
    UNITS,
    Layout,
    stored,
)
from scipy.io import savemat

CODES = {"noise": 0, "mua": 1, "good": 2}


def cells(items):
    """Return a MATLAB cell array."""
    found = np.empty((1, len(items)), dtype=object)
    for i, item in enumerate(items):
        found[0, i] = item[:, None] if isinstance(item, np.ndarray) else item
    return found


def mat(**variables):
    """Return a writer of a MATLAB file of version 5."""

    def write(folder):
        savemat(folder / "a.mat", variables)
        return folder / "a.mat"

    return write


def named(writer, name):
    """Return a writer whose file gets another name."""

    def write(folder):
        return writer(folder).rename(folder / name)

    return write


# --------------------------------------------------------------------------------------- HDF5


def hdf5(name, fill):
    """Return a writer of an HDF5 file."""

    def write(folder):
        import h5py

        with h5py.File(folder / name, "w") as file:
            fill(file)
        return folder / name

    return write


def _nwb(folder):
    """Write through pynwb, with labels, areas and observed intervals."""
    from datetime import UTC, datetime

    from pynwb import NWBHDF5IO, NWBFile

    file = NWBFile("drawn", "drawn", datetime(2020, 1, 1, tzinfo=UTC))
    file.add_unit_column("quality", "label of the sorter")
    file.add_unit_column("brain_area", "where")
    for name, train, label in zip(NAMES, TRAINS, LABELS, strict=True):
        file.add_unit(id=name, spike_times=train, quality=label, brain_area="CA1",
                      obs_intervals=[[0.0, 20.0]])  # fmt: skip
    file.add_trial_column("stimulus", "number")
    file.add_trial(1.0, 2.0, stimulus=4)
    with NWBHDF5IO(str(folder / "a.nwb"), "w") as writer:
        writer.write(file)
    return folder / "a.nwb"


def _sonata(file):
    group = file.create_group("spikes/cortex")
    group.attrs["sorting"] = np.uint8(2)
    group["timestamps"] = 1e3 * TIMES
    group["timestamps"].attrs["units"] = "milliseconds"
    group["node_ids"] = UNITS.astype(np.uint64)


def _sonata_two(file):
    for population, chosen in (("a", [0, 1]), ("b", [2, 3])):
        group = file.create_group(f"spikes/{population}")
        group["timestamps"] = np.concatenate([1e3 * TRAINS[i] for i in chosen])
        group["timestamps"].attrs["units"] = "ms"
        group["node_ids"] = np.repeat([5, 6], [TRAINS[i].size for i in chosen])


def _kwik(file):
    group = file.create_group("channel_groups/1")
    group["spikes/time_samples"] = COUNTS.astype(np.uint64)
    group["spikes/clusters/main"] = UNITS.astype(np.uint32)
    for name, label in zip(NAMES, LABELS, strict=True):
        group.create_group(f"clusters/main/{name}").attrs["cluster_group"] = CODES[label]
    file.create_group("application_data/spikedetekt").attrs["sample_rate"] = float(RATE)


def _mea(file):
    file["spikes"] = np.concatenate(TRAINS)
    file["sCount"] = np.array([t.size for t in TRAINS], dtype=np.int32)
    file["names"] = np.array([f"ch_{n}".encode() for n in NAMES])
    file["epos"] = np.zeros((2, 4))


def _circus(file):
    for name, samples in zip(NAMES, SAMPLES, strict=True):
        file[f"spiketimes/temp_{name}"] = samples.astype(np.uint32)
        file[f"amplitudes/temp_{name}"] = np.ones((samples.size, 2))


def _anybody(file):
    file["results/spike_times_ms"] = 1e3 * TIMES
    file["results/unit_id"] = UNITS
    file["results/amplitude"] = np.ones(TIMES.size)


def _mat73(file):
    """Write a cell array as MATLAB does: references into #refs#."""
    import h5py

    references = file.create_group("#refs#")
    cell = file.create_dataset("spikes", (4, 1), dtype=h5py.ref_dtype)
    cell.attrs["MATLAB_class"] = np.bytes_("cell")
    for i, train in enumerate(TRAINS):
        references[f"r{i}"] = train[None, :]
        references[f"r{i}"].attrs["MATLAB_class"] = np.bytes_("double")
        cell[i, 0] = references[f"r{i}"].ref


def _mat73_struct(file):
    """Write a struct with two vectors and its sampling rate."""
    for name, values in (("spike_times", COUNTS), ("cluster_id", UNITS), ("fs", [float(RATE)])):
        file[f"data/{name}"] = np.asarray(values, dtype=float)[None, :]
        file[f"data/{name}"].attrs["MATLAB_class"] = np.bytes_("double")
    file["data"].attrs["MATLAB_class"] = np.bytes_("struct")


# ------------------------------------------------------------------------------------ folders


def phy(*, params=True, times=COUNTS, tables=("group",)):
    """Return a writer of a Phy folder."""

    def write(folder):
        home = folder / "phy"
        home.mkdir()
        np.save(home / "spike_times.npy", times[:, None])
        np.save(home / "spike_clusters.npy", UNITS.astype(np.int32))
        if params:
            text = "dat_path = ['a.dat']\nn_channels_dat = 4\nsample_rate = 30_000.0\n"
            (home / "params.py").write_text(text)
        lines = "".join(f"{n}\t{label}\n" for n, label in zip(NAMES, LABELS, strict=True))
        if "group" in tables:
            (home / "cluster_group.tsv").write_text("cluster_id\tgroup\n" + lines)
        if "info" in tables:
            more = lines.replace("\n", "\t1200.0\n")
            (home / "cluster_info.tsv").write_text("cluster_id\tgroup\tdepth\n" + more)
        return home

    return write


def _alf(folder):
    home = folder / "alf"
    home.mkdir()
    np.save(home / "spikes.times.npy", TIMES[:, None])
    np.save(home / "spikes.clusters.npy", NUMBERS.astype(np.uint32))
    np.save(home / "clusters._phy_annotation.npy", np.array([CODES[label] for label in LABELS]))
    np.save(home / "clusters.depths.npy", np.array([100.0, 200.0, 300.0, 400.0]))
    np.save(home / "trials.intervals.npy", np.array([[0.0, 1.0], [2.0, 3.0]]))
    np.save(home / "trials.feedbackType.npy", np.array([1, -1]))
    return home


def _neurosuite(folder):
    home = folder / "neurosuite"
    home.mkdir()
    (home / "a.res.2").write_text("".join(f"{t}\n" for t in COUNTS))
    (home / "a.clu.2").write_text("4\n" + "".join(f"{u}\n" for u in UNITS))
    rate = "<acquisitionSystem><samplingRate>30000</samplingRate></acquisitionSystem>"
    (home / "a.xml").write_text(f"<?xml version='1.0'?><parameters>{rate}</parameters>")
    return home


# ---------------------------------------------------------------------------------------- neo


def _neo_block(limits=((0.0, 20.0),)):
    import neo
    import quantities as pq

    block = neo.Block()
    for low, high in limits:
        segment = neo.Segment()
        for name, train, label in zip(NAMES, TRAINS, LABELS, strict=True):
            inside = train[(train >= low) & (train <= high)]
            segment.spiketrains.append(neo.SpikeTrain(
                1e3 * inside * pq.ms, t_start=low * pq.s, t_stop=high * pq.s, name=str(name),
                label=label))  # fmt: skip
        block.segments.append(segment)
    return block


def _nix(folder, limits=((0.0, 20.0),)):
    import neo

    writer = neo.io.NixIO(str(folder / "a.nix"), "ow")
    writer.write_block(_neo_block(limits))
    writer.close()
    return folder / "a.nix"


def _neo_pickle(folder):
    (folder / "a.pkl").write_bytes(pickle.dumps(_neo_block()))
    return folder / "a.pkl"


def _dict_pickle(folder):
    (folder / "a.pkl").write_bytes(pickle.dumps(dict(zip(NAMES, TRAINS, strict=True))))
    return folder / "a.pkl"


def _gapped():
    return [train[(train <= 9.0) | (train >= 11.0)] for train in TRAINS]


STRUCTS = cells([{"time": train[:, None], "meanrate": 1.0} for train in TRAINS])
CELLINFO = {
    "UID": np.array(NAMES), "cluID": np.array([1, 2, 3, 4]), "times": cells(TRAINS),
    "ts": cells(SAMPLES), "region": cells(["CA1"] * 4), "sr": float(RATE),
}  # fmt: skip
METRICS = {
    "UID": np.array(NAMES), "spikes": {"times": cells(TRAINS)}, "brainRegion": cells(["CA1"] * 4),
    "putativeCellType": cells(["Pyramidal Cell"] * 4),
}  # fmt: skip
ST3 = np.column_stack([COUNTS, UNITS, np.ones((COUNTS.size, 2))]).astype(float)
CELLED = tuple(f"units[{i}]" for i in range(4))

BINARY = (
    Layout("MAT cells", mat(units=cells(TRAINS)), names=CELLED),
    Layout("MAT cells of structs", mat(units=STRUCTS), names=CELLED),
    Layout("MAT (id, time)", mat(data=np.column_stack([UNITS, TIMES]))),
    Layout("MAT two vectors", mat(spiketimes=TIMES, clusters=UNITS)),
    Layout("MAT other fields", mat(units=cells([{"ts": t[:, None], "id": 1} for t in TRAINS])),
           names=CELLED),
    Layout("MAT by variable", mat(units=cells(TRAINS), lfp=np.arange(9) + 0.5),
           {"variable": "units"}, names=CELLED),
    Layout("CellExplorer spikes", named(mat(spikes=CELLINFO), "a.spikes.cellinfo.mat")),
    Layout("CellExplorer cell_metrics",
           named(mat(cell_metrics=METRICS), "a.cell_metrics.cellinfo.mat")),
    Layout("Kilosort rez", mat(rez={"st3": ST3, "ops": {"fs": float(RATE)}})),
    Layout("wave_clus", mat(cluster_class=np.column_stack([UNITS, 1e3 * TIMES]),
                            spikes=np.ones((TIMES.size, 32)))),
    Layout("MAT 7.3 cells", hdf5("a.mat", _mat73), names=tuple(f"spikes[{i}]" for i in range(4))),
    Layout("MAT 7.3 struct", hdf5("a.mat", _mat73_struct), {"sampling_rate": 30000.0}),
    Layout("NWB", _nwb, labels=True, span=(0.0, 20.0), needs="pynwb"),
    Layout("SONATA", hdf5("a.h5", _sonata)),
    Layout("SONATA, two populations", hdf5("a.h5", _sonata_two),
           names=("a:5", "a:6", "b:5", "b:6")),
    Layout("kwik", hdf5("a.kwik", _kwik), labels=True, names=tuple(f"1:{n}" for n in NAMES)),
    Layout("MEA", hdf5("a.h5", _mea), names=tuple(f"ch_{n}" for n in NAMES)),
    Layout("SpyKING Circus", hdf5("a.result.hdf5", _circus), {"sampling_rate": 30000.0}),
    Layout("HDF5 of anybody", hdf5("a.h5", _anybody)),
    Layout("Phy", phy(), labels=True),
    Layout("Phy with cluster_info", phy(tables=("info",)), labels=True),
    Layout("Phy without params.py", phy(params=False), {"sampling_rate": 30000.0}, labels=True),
    Layout("Phy in seconds", phy(times=TIMES), {"time_unit": "s"}, labels=True),
    Layout("ALF", _alf, names=None, labels=True),
    Layout("Neurosuite folder", _neurosuite, names=tuple(f"2:{n}" for n in NAMES)),
    Layout("Neurosuite file", lambda folder: _neurosuite(folder) / "a.res.2",
           names=tuple(f"2:{n}" for n in NAMES)),
    Layout("SpikeInterface numpy_folder", stored("spikeinterface_numpy"), labels=True),
    Layout("SpikeInterface npz_folder", stored("spikeinterface_npz"), labels=True),
    Layout("NIX of neo", _nix, labels=True, span=(0.0, 20.0), needs="nixio"),
    Layout("NIX of neo, two segments",
           lambda folder: _nix(folder, ((0.0, 9.0), (11.0, 20.0))), labels=True,
           span=(0.0, 20.0), trains=_gapped(), needs="nixio"),
    Layout("pickle of neo", _neo_pickle, {"format": "pickle"}, labels=True, span=(0.0, 20.0)),
    Layout("pickle of a dictionary", _dict_pickle, {"format": "pickle"}),
)  # fmt: skip
