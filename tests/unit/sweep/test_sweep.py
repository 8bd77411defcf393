"""Sweeps: cases and keys, the store and what it refuses, failures, ensembles, own models."""

import errno
import json

import counted_model
import numpy as np
import pytest
import xarray as xr
from brian2 import ms, mV, second

import heavytail_snn as ht
from heavytail_snn.analysis.sweep import (
    ModelEntry,
    Sweep,
    measure_names,
    model_names,
    register_measure,
    register_model,
)
from heavytail_snn.analysis.sweep import case as case_module
from heavytail_snn.analysis.sweep import store as store_module
from heavytail_snn.analysis.sweep.ensemble import pooled_errors
from heavytail_snn.analysis.sweep.store import Store
from heavytail_snn.analysis.sweep.work import Work, compute
from heavytail_snn.core.errors import ParameterError, StoreError, UnitError

HERE = "synchronous"


@pytest.fixture
def log(tmp_path, monkeypatch):
    path = tmp_path / "log"
    path.write_text("")
    monkeypatch.setenv("COUNTED_LOG", str(path))
    return path


@pytest.fixture
def folder(tmp_path, log):
    return tmp_path


def counted(folder, leak=(0.2, 0.6), seed=range(3), name="grid", **more):
    given = {"measure": counted_model.MEASURE, "leak": list(leak), "seed": seed, **more}
    return ht.sweep(counted_model.MODEL, store=folder / f"{name}.zarr", **given)


def numbers(sweep):
    return sweep.dataset().drop_vars("error")


# ---------------------------------------------------------------- cases


def test_a_grid_is_all_combinations_with_the_seed_last(folder):
    grid = counted(folder, wait=[0, 1] * ms * 1000).grid
    assert grid.dims == ("leak", "wait", "seed")
    assert len(grid) == 12
    cases = grid.cases()
    assert [case.index for case in cases[:4]] == [(0, 0, 0), (0, 0, 1), (0, 0, 2), (0, 1, 0)]
    assert cases[-1].values == {"leak": 0.6, "wait": 1.0, "megabytes": 0}
    assert len({case.key for case in cases}) == 12


def test_the_key_of_a_case_stays_and_sees_everything_that_decides_numbers(folder, monkeypatch):
    def key(**more):
        return counted(folder, leak=[0.2], seed=[0], **more).grid.cases()[0].key

    first = key()
    assert first == "cfd605c5f69dd39529edbe0931148d02"  # else stores of old cannot go on
    assert key(wait=1 * second) != first
    assert counted(folder, leak=[0.2], seed=[1]).grid.cases()[0].key != first
    assert key(measure=[counted_model.MEASURE, "activity"]) != first
    monkeypatch.setattr(case_module, "SCIENTIFIC_VERSION", 2)
    assert key() != first


def test_a_unit_makes_the_number_that_a_file_states():
    lif = ht.sweep("lif", measure="rate", gain=np.arange(1, 40) * mV, store="absent.zarr")
    assert lif.grid.axes["gain"] == [float(n) for n in range(1, 40)]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"model": "lit"}, ParameterError, "did you mean 'lif'"),
        ({"measure": "rates"}, ParameterError, "did you mean 'rate'"),
        ({"measure": []}, ParameterError, "must name different measures"),
        ({"measure": "activity"}, ParameterError, "needs states, and 'lif' has recording"),
        ({"gian": 3 * mV}, ParameterError, "did you mean 'gain'"),
        ({"gain": 20.0}, UnitError, r"gain=20.0\*mV"),
        ({"gain": [1 * mV, 2 * ms]}, UnitError, "dimension of mV"),
        ({"gain": [] * mV}, ParameterError, "at least one value"),
        ({"gain": [1, 1] * mV}, ParameterError, "must not repeat a value"),
        ({"gain": -1 * mV}, ParameterError, r"gain must be a finite number in \(0"),
        ({"alpha": [1.5, 2.5]}, ParameterError, r"alpha must be a finite number in \[0.5, 2\]"),
        ({"n_neurons": 50.5}, ParameterError, "must be an integer"),
        ({"in_degree": 2000}, ParameterError, "below n_neurons = 1000"),
        ({"probability": 0.1}, ParameterError, "excludes in_degree"),
        ({"synapse": "dalta"}, ParameterError, "did you mean 'delta'"),
        ({"seed": 1.5}, ParameterError, "seed must be"),
        ({"seed": [1, 1]}, ParameterError, "different whole numbers"),
        ({"store": "grid.nc"}, ParameterError, "ends in .zarr"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_runs(given, error, message):
    given = {"model": "lif", "measure": "rate", "store": "absent.zarr", **given}
    with pytest.raises(error, match=message):
        ht.sweep(given.pop("model"), **given)


# ---------------------------------------------------------------- the store


def test_a_sweep_measures_what_a_user_would(folder):
    sweep = ht.sweep(
        "rate", gain=[1.5, 2.5], n_neurons=40, duration=100, seed=[3], k=4, transient=50,
        measure=["lyapunov", "activity", "autocorrelation"], store=folder / "rate.zarr",
    )  # fmt: skip
    sweep.run(HERE, progress=False)
    weights = ht.Coupling(ht.LevyStable(1.5), ht.AllToAll()).sample(40, 3)
    model = ht.models.RateMap(weights, gain=2.5)
    options = {"k": 4, "seed": 3, "n_steps": 100, "state_warmup": 50}
    spectrum = ht.analysis.lyapunov_spectrum(model, **options)
    found = sweep.dataset().sel(gain=2.5, seed=3)
    assert np.array_equal(found["exponents"], spectrum.exponents)
    assert float(found["largest_exponent_error"]) == spectrum.standard_error[0]
    states = model.run(100, seed=3, warmup=50)
    assert float(found["mean_square_activity"]) == pytest.approx(np.mean(states**2), rel=1e-12)
    assert float(found["autocorrelation"][0]) == pytest.approx(np.mean(states**2), rel=1e-12)
    assert found["largest_exponent"].attrs["unit"] == "1/step"


def test_the_store_is_one_dataset_that_xarray_opens(folder):
    sweep = counted(folder)
    sweep.run(HERE, progress=False)
    with xr.open_zarr(sweep.store, consolidated=False) as plain:
        assert plain["mean_square"].dims == ("leak", "seed")
        assert plain["course"].dims == ("leak", "seed", "step")
        assert np.array_equal(plain["course"], sweep.dataset()["course"])
        assert json.loads(bytes(plain["record"].values[0, 0]).rstrip(b"\0"))["state"] == "done"


def test_a_second_run_goes_on_and_computes_nothing_twice(folder, monkeypatch):
    whole = counted(folder, name="whole")
    whole.run(HERE, progress=False)
    lines = counted_model.noted()
    assert len(lines) == 6
    sweep = counted(folder)
    work = Work(sweep.grid.entry, sweep.grid.measures, str(sweep.store), "first")
    store_module.create(sweep.store, sweep.grid, store_module.grid_facts(sweep.grid))
    for case in sweep.grid.cases()[1:4]:
        compute(work, case)
        compute(work, case)  # finds its record
    status = sweep.status()
    assert (status.done, status.failed, status.left) == (3, 0, 3)
    assert status.seconds_left >= 0
    assert list(sweep.dataset()["state"].values.ravel()) == ["left"] + ["done"] * 3 + ["left"] * 2
    sweep.run(HERE, progress=False)
    assert sorted(counted_model.noted()[6:]) == sorted(lines)
    xr.testing.assert_identical(numbers(sweep), numbers(whole))


def test_two_writers_share_a_store(folder):
    sweep = counted(folder)
    facts = store_module.grid_facts(sweep.grid)
    for name, part in (("one", slice(0, None, 2)), ("two", slice(1, None, 2))):
        store_module.create(sweep.store, sweep.grid, facts)  # the second opens what is there
        for case in sweep.grid.cases()[part]:
            compute(Work(sweep.grid.entry, sweep.grid.measures, str(sweep.store), name), case)
    assert sweep.status().done == 6
    assert not list(folder.glob(".grid*"))


def test_a_store_opens_by_its_path_alone(folder, monkeypatch):
    sweep = counted(folder)
    sweep.run(HERE, progress=False)
    with pytest.raises(ParameterError, match="model must be one of"):
        Sweep.open(sweep.store)
    register_model(counted_model.MODEL)
    register_measure(counted_model.MEASURE)
    assert "counted" in model_names()
    assert "squares" in measure_names()
    xr.testing.assert_identical(Sweep.open(sweep.store).dataset(), sweep.dataset())
    other = ModelEntry(**{**vars(counted_model.MODEL), "version": 2})
    with pytest.raises(ParameterError, match="is taken by another"):
        register_model(other)
    with pytest.raises(ParameterError, match="is taken by another"):
        register_model(ModelEntry(**{**vars(counted_model.MODEL), "name": "lif"}))


def test_another_sweep_or_science_is_never_mixed_in(folder, monkeypatch):
    counted(folder).run(HERE, progress=False)
    with pytest.raises(StoreError, match=r"other axes.*name another store"):
        counted(folder, leak=[0.2, 0.7])
    with pytest.raises(StoreError, match=r"other fixed.*'wait': 0.0.*there.*'wait': 1.0.*here"):
        counted(folder, wait=1 * second)
    with pytest.raises(StoreError, match="other measures"):
        counted(folder, measure="activity")
    monkeypatch.setattr(store_module, "SCIENTIFIC_VERSION", 2)
    with pytest.raises(StoreError, match=r"scientific version 1 .*never mixed"):
        counted(folder)


def test_a_folder_that_is_no_store_is_named(folder):
    (folder / "grid.zarr").mkdir()
    with pytest.raises(StoreError, match=r"grid\.zarr is not the store of a sweep; name another"):
        counted(folder)
    (folder / "file.zarr").write_text("")
    with pytest.raises(StoreError, match="is not the store of a sweep; name another"):
        counted(folder, name="file")
    with pytest.raises(StoreError, match="run\\(\\) makes it"):
        counted(folder, name="absent").status()


# ---------------------------------------------------------------- what it survives


def test_a_failed_case_is_named_and_does_not_stop_the_others(folder):
    sweep = counted(folder, leak=[0.2, 1.5], seed=range(2))
    status = sweep.run(HERE, progress=False)
    assert (status.done, status.failed, status.left) == (2, 2, 0)
    assert status.errors == {"ConvergenceError: a leak of 1.5 grows without end": 2}
    found = sweep.dataset()
    assert found["error"].values[1, 0] == "a leak of 1.5 grows without end"
    assert np.isnan(found["mean_square"].values[1]).all()
    assert np.isfinite(found["mean_square"].values[0]).all()
    assert sweep.run(HERE, progress=False).failed == 2
    assert len(counted_model.noted()) == 4
    sweep.run(HERE, progress=False, retry_failed=True)
    assert len(counted_model.noted()) == 6


def test_a_measure_that_fails_leaves_the_others_their_numbers(folder):
    sweep = counted(
        folder, leak=[0.2], measure=[counted_model.MEASURE, "autocorrelation"], n_lags=70
    )
    status = sweep.run(HERE, progress=False)
    assert status.failed == 3
    assert "autocorrelation: n_lags must be below the 60 samples" in next(iter(status.errors))
    assert np.isfinite(sweep.dataset()["mean_square"]).all()
    assert len(counted_model.noted()) == 3


class Full:
    """An array on a disk that is full from some write on."""

    def __init__(self, array, left):
        self.array, self.left = array, left

    def __setitem__(self, place, value):
        if not self.left[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.left[0] -= 1
        self.array[place] = value

    def __getitem__(self, place):
        return self.array[place]


@pytest.mark.parametrize("writes", [0, 1, 2, 3, 5])
def test_a_full_disk_is_named_and_loses_nothing(folder, monkeypatch, writes):
    whole = counted(folder, name="whole")
    whole.run(HERE, progress=False)
    left, array = [writes], Store.array
    sweep = counted(folder)
    with monkeypatch.context() as patch:
        patch.setattr(Store, "array", lambda self, name: Full(array(self, name), left))
        with pytest.raises(StoreError, match=r"No space left on device.*are kept.*run the same"):
            sweep.run(HERE, progress=False)
    assert sweep.status().done == writes // 4  # three arrays and the record
    before = len(counted_model.noted())
    sweep.run(HERE, progress=False)
    assert len(counted_model.noted()) - before == 6 - writes // 4
    xr.testing.assert_identical(numbers(sweep), numbers(whole))


def test_a_place_that_cannot_be_written_is_named(folder):
    (folder / "file").write_text("")
    with pytest.raises(StoreError, match=r"could not be written"):
        counted(folder / "file").run(HERE, progress=False)


def test_a_long_message_fits_its_record(folder):
    sweep = counted(folder, leak=[0.2], seed=[0])
    store = store_module.create(sweep.store, sweep.grid, store_module.grid_facts(sweep.grid))
    texts = [f"é{n} " * 100 for n in range(30)]
    store.write(sweep.grid.cases()[0], {}, {"state": "failed", "message": "ü" * 9999,
                                            "error": "E", "warnings": texts, "finished": 1,
                                            "run": "a"})  # fmt: skip
    found = store.record(sweep.grid.cases()[0])
    assert found["message"].endswith("ü ...")
    assert found["state"] == "failed"


# ---------------------------------------------------------------- ensembles


def test_errors_within_and_between_networks():
    values = np.array([[1.0, 3.0, np.nan], [2.0, np.nan, np.nan], [np.nan] * 3])
    errors = np.array([[0.3, 0.4, 9.0], [0.1, np.nan, np.nan], [np.nan] * 3])
    mean, within, between, number, error = pooled_errors(values, errors, axis=1)
    assert number.tolist() == [2, 1, 0]
    np.testing.assert_allclose(mean, [2.0, 2.0, np.nan])
    np.testing.assert_allclose(within, [np.sqrt(0.125), 0.1, np.nan])
    np.testing.assert_allclose(between, [np.sqrt(2.0), np.nan, np.nan])
    np.testing.assert_allclose(error, [1.0, np.nan, np.nan])  # one network: no spread, no error


def test_an_ensemble_knows_its_axes_and_a_figure_shows_it(folder, tmp_path):
    sweep = counted(folder, leak=[0.2, 0.6, 0.9], seed=range(4))
    sweep.run(HERE, progress=False)
    found = sweep.ensemble("mean_square")
    each = sweep.dataset()["mean_square"].values
    np.testing.assert_allclose(found.between, each.std(axis=1, ddof=1))
    assert found.to_xarray()["within"].dims == ("leak",)
    assert found.n_networks.tolist() == [4, 4, 4]
    axes = sweep.plot("mean_square", x="leak")
    assert axes.get_xlabel() == "leak"
    with pytest.raises(ParameterError, match="did you mean 'mean_square'"):
        sweep.ensemble("mean_sqare")
    with pytest.raises(ParameterError, match="x must be one of"):
        sweep.plot("mean_square", x="seed")
