"""What a sweep must not do without a word: ignore, overwrite, count what does not count."""

import dataclasses
import os
import re

import numba
import numpy as np
import pytest
from brian2 import ms, second
from typer.testing import CliRunner

import heavytail_snn as ht
from heavytail_snn.analysis.sweep import read_sweep
from heavytail_snn.analysis.sweep.entry.measure import Measure, Output
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.cli.main import app
from heavytail_snn.core.errors import ParameterError

HERE = "synchronous"
SMALL = """
model = "rate"
measure = "activity"
store = "small.zarr"
{seed}
[grid]
gain = [1.0, 2.0]
n_neurons = 20
duration = 50
"""


def small(tmp_path, **more):
    given = {"measure": "activity", "n_neurons": 20, "duration": 50, "seed": range(2)} | more
    return ht.sweep("rate", store=tmp_path / "grid.zarr", **given)


def test_a_seed_in_the_grid_of_a_file_is_refused_and_above_it_heard(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text(SMALL.format(seed="") + "seed = [0, 1, 2]\n")
    with pytest.raises(ParameterError, match=r"seed = \.\.\. above \[grid\]"):
        read_sweep(file)
    file.write_text(SMALL.format(seed="seed = [0, 1, 2]"))
    assert read_sweep(file).grid.seeds == [0, 1, 2]
    file.write_text(SMALL.format(seed=""))
    assert read_sweep(file).grid.seeds == small(tmp_path, seed=range(5)).grid.seeds


def test_a_parameter_without_effect_is_refused(tmp_path):
    """States have no bins; spikes have."""
    with pytest.raises(ParameterError, match="bin_size"):
        small(tmp_path, measure="participation_ratio", bin_size=[10, 50] * ms)
    ht.sweep("theta", measure="participation_ratio", bin_size=[10, 50] * ms,
             store=tmp_path / "theta.zarr")  # fmt: skip


def test_the_transient_of_theta_networks_is_left_out_of_their_exponents(tmp_path):
    sweep = ht.sweep(
        "theta", measure="lyapunov", n_neurons=12, in_degree=4, k=1, duration=1 * second,
        transient=[0.5, 2] * second, seed=[1], store=tmp_path / "theta.zarr",
    )  # fmt: skip
    sweep.run(HERE, progress=False)
    first, second_one = sweep.dataset()["largest_exponent"].values.ravel()
    assert first != second_one


def test_numbers_without_a_record_do_not_count(tmp_path):
    sweep = small(tmp_path, gain=[1.0, 2.0])
    sweep.run(HERE, progress=False)
    (record,) = (tmp_path / "grid.zarr/record/c/0/0").glob("*")
    whole = record.read_bytes()
    for damaged in (whole[: len(whole) // 2], b""):
        record.write_bytes(damaged)
        assert sweep.status().left == 1
        found = sweep.dataset()
        assert np.isnan(found["mean_absolute_activity"].values[0, 0])
        assert sweep.ensemble("mean_absolute_activity").n_networks.tolist() == [1, 2]
    assert sweep.run(HERE, progress=False).done == 4


@pytest.mark.parametrize("name", ["state", "error", "record", "gain"])
def test_a_measure_cannot_take_a_name_of_the_store_or_the_grid(tmp_path, name):
    taken = Measure(
        name="own", needs=("states",), outputs=lambda entry, values: (Output(name),),
        take=lambda sample: {name: 1.0},
    )  # fmt: skip
    with pytest.raises(ParameterError, match=f"must not have an output '{name}'"):
        small(tmp_path, measure=taken, gain=[1.0, 2.0])


def test_one_network_has_no_error_of_the_mean(tmp_path):
    sweep = small(tmp_path, seed=[0])
    sweep.run(HERE, progress=False)
    found = sweep.ensemble("mean_absolute_activity")
    assert np.isfinite(found.within)
    assert np.isnan(found.standard_error)


def test_coordinates_that_differ_over_the_grid_are_refused_before_anything_runs(tmp_path):
    with pytest.raises(ParameterError, match="same coordinates"):
        ht.sweep("theta", measure="spectrum", segment=[512, 1024], store=tmp_path / "s.zarr")


def test_cheap_mistakes_have_sentences(tmp_path):
    with pytest.raises(ParameterError, match="plain list of values"):
        small(tmp_path, gain=[[1, 2], [3]])
    with pytest.raises(ParameterError, match='"synchronous" for this process'):
        small(tmp_path).run("sync")
    with pytest.raises(ParameterError, match="which is one process"):
        small(tmp_path).run(HERE, workers=3)
    with pytest.raises(ParameterError, match="default of i"):
        Parameter("i", -1.0)
    assert dataclasses.asdict(Parameter("i", 1))["default"] == 1.0


def test_the_command_says_with_its_exit_code_that_cases_failed(tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text(SMALL.format(seed="seed = 1").replace('"activity"', '"spectrum"'))
    assert CliRunner().invoke(app, ["sweep", str(file)]).exit_code != 0
    file.write_text(
        'model = "theta"\nmeasure = "spectrum"\nstore = "t.zarr"\nseed = 1\n[grid]\n'
        "n_neurons = 12\nin_degree = 4\nduration = 0.02\n"
    )
    before = dict(os.environ)
    found = CliRunner().invoke(app, ["sweep", str(file), "--workers", "1"])
    assert dict(os.environ) == before
    assert numba.njit(lambda x: x + 1)(1) == 2  # numba reads its variables again as it compiles
    assert found.exit_code == 1
    assert re.search(r"failed +1\b", found.output)
