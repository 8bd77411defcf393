"""Backends: the same network everywhere, one compile per topology, and named failures."""

import shutil
import subprocess
import sys

import brian2
import numpy as np
import pytest
from brian2 import ms, mV, second, volt

from heavytail_snn.brian.cache import cache_directory
from heavytail_snn.brian.device import preferences
from heavytail_snn.brian.simulation.cpp import Cpp
from heavytail_snn.brian.simulation.network import recording_of
from heavytail_snn.brian.simulation.prepare import prepare
from heavytail_snn.brian.simulation.project import fingerprint
from heavytail_snn.brian.simulation.run import check_sizes
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import (
    BackendError,
    ConvergenceError,
    MemoryLimitError,
    ParameterError,
    UnitError,
)
from heavytail_snn.models import BinaryNetwork, LIFNetwork, RateMap, WhiteNoise
from heavytail_snn.weights.coupling import Coupling, Dale
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree

COUPLING = Coupling(LevyStable(1.5), FixedInDegree(20), autapses=False)
needs_compiler = pytest.mark.skipif(
    shutil.which("make") is None or shutil.which("g++") is None, reason="needs make and g++"
)


def lif(n=100, **options):
    return LIFNetwork(COUPLING, n, **options)


def same_spikes(first, second):
    return np.array_equal(first.times, second.times) and np.array_equal(first.ids, second.ids)


# ---------------------------------------------------------------- the same network everywhere


@needs_compiler
@pytest.mark.standalone
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_free_network_is_the_same_on_all_targets(seed):
    runs = {
        name: simulate(lif(drive=24 * mV), 100 * ms, backend=name, seed=seed)
        for name in ("numpy", "cython", "cpp")
    }
    assert runs["numpy"].n_spikes > 200
    assert same_spikes(runs["numpy"], runs["cython"])
    assert same_spikes(runs["numpy"], runs["cpp"])


@needs_compiler
@pytest.mark.standalone
def test_synchronous_binary_network_is_the_same_on_all_targets():
    network = BinaryNetwork(COUPLING, 100, update="synchronous", threshold=0.1)
    runs = [
        simulate(network, 300 * ms, backend=name, seed=4, record=["state"])
        for name in ("numpy", "cython", "cpp")
    ]
    for run in runs:
        assert run.n_spikes > 200
        assert same_spikes(run, runs[0])
        assert np.array_equal(run.traces["state"].values, runs[0].traces["state"].values)


def test_topology_is_that_of_the_coupling():
    run = prepare(lif(), 1 * ms, seed=5)
    expected = COUPLING.sample(100, 5).toarray()
    found = np.zeros((100, 100))
    found[run.connectivity.targets, run.connectivity.sources] = run.connectivity.weights
    assert np.array_equal(found, expected)


# ---------------------------------------------------------------- one compile per topology


SECOND_PROCESS = """
from brian2 import ms, mV
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable
from heavytail_snn.models import LIFNetwork, WhiteNoise
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.weights.wiring import FixedInDegree
network = LIFNetwork(Coupling(LevyStable(1.9), FixedInDegree(20), autapses=False), 100,
                     drive=21*mV, noise=WhiteNoise(3*mV))
recording = simulate(network, 150*ms, backend="cpp", seed=9)
print(recording.n_spikes, repr(recording.times.sum()))
"""


@needs_compiler
@pytest.mark.standalone
def test_a_sweep_compiles_once_and_a_second_process_not_at_all(counted_compiler):
    noisy = WhiteNoise(3 * mV)

    def run(seed=1, duration=100 * ms, weights=None, **options):
        network = lif(**{"drive": 21 * mV, "noise": noisy, **options})
        return simulate(network, duration, backend="cpp", seed=seed, weights=weights)

    first = run()
    calls = counted_compiler()
    assert sum("-o main " in call for call in calls) == 1
    assert same_spikes(first, run())
    others = [
        run(seed=2),
        run(drive=23 * mV),
        run(drive=np.linspace(20, 24, 100) * mV),
        run(weights=Coupling(LevyStable(1.9), FixedInDegree(20), autapses=False)),
        run(delay=0.5 * ms),
        run(t_ref=5 * ms),
        run(tau=10 * ms),
        run(initial=np.linspace(0, 20, 100) * mV),
    ]
    assert not any(same_spikes(first, other) for other in others)
    fixed = {"weights": COUPLING.sample(100, 1), "initial": 0 * mV}
    frozen = [run(seed=k, noise=WhiteNoise(3 * mV, seed=k // 2), **fixed) for k in (2, 3, 4)]
    assert same_spikes(frozen[0], frozen[1])  # the noise of seed 1, twice
    assert not same_spikes(frozen[0], frozen[2])  # and that of seed 2
    longer = run(duration=200 * ms)
    assert same_spikes(longer.slice(0, 0.1), first)
    assert longer.t_stop == 0.2
    again = subprocess.run(
        [sys.executable, "-c", SECOND_PROCESS], capture_output=True, text=True, check=True
    ).stdout.split()
    here = run(
        seed=9, duration=150 * ms,
        weights=Coupling(LevyStable(1.9), FixedInDegree(20), autapses=False),
    )  # fmt: skip
    assert [here.n_spikes, repr(here.times.sum())] == [int(again[0]), again[1]]
    assert counted_compiler() == calls


def test_structure_holds_sizes_and_options_and_no_values():
    base = prepare(lif(), 10 * ms, seed=1).structure()
    same = prepare(lif(drive=30 * mV, tau=5 * ms, delay=1 * ms), 20 * ms, seed=2).structure()
    assert base == same
    for changed in (
        prepare(lif(n=101), 10 * ms),
        prepare(lif(synapse="alpha"), 10 * ms),
        prepare(lif(noise=WhiteNoise(1 * mV)), 10 * ms),
        prepare(lif(), 10 * ms, record=["v"]),
        prepare(lif(), 10 * ms, dt=0.05 * ms),
    ):
        assert changed.structure() != base


def test_fingerprint_sees_the_source_and_ignores_accidents(tmp_path):
    def project(name, text, code_object="x_codeobject"):
        folder = tmp_path / name
        (folder / "static_arrays").mkdir(parents=True)
        (folder / f"{code_object}.cpp").write_text(text)
        (folder / "static_arrays" / "w").write_text(name)
        return fingerprint(folder, "g++ 12")

    base = project("a", "one\ntwo x_codeobject\n")
    assert project("b", "two x_codeobject_1\none\n", "x_codeobject_1") == base
    assert project("c", "one\nthree x_codeobject\n") != base
    assert fingerprint(tmp_path / "a", "g++ 13") != base


# ---------------------------------------------------------------- seeds and global state


def test_equal_seeds_repeat_and_global_state_is_untouched():
    network = lif(n=30, noise=WhiteNoise(5 * mV))
    np.random.seed(7)  # noqa: NPY002
    expected = np.random.random_sample(3)  # noqa: NPY002
    np.random.seed(7)  # noqa: NPY002
    first = simulate(network, 100 * ms, backend="numpy", seed=1)
    assert np.array_equal(np.random.random_sample(3), expected)  # noqa: NPY002
    assert same_spikes(first, simulate(network, 100 * ms, backend="numpy", seed=1))
    assert not same_spikes(first, simulate(network, 100 * ms, backend="numpy", seed=2))
    assert brian2.prefs.codegen.target == "auto"


def test_frozen_noise_is_the_same_in_runs_with_other_weights():
    def potentials(weights, noise_seed, seed):
        network = LIFNetwork(
            weights, drive=0 * mV, noise=WhiteNoise(2 * mV, seed=noise_seed), initial=0 * mV
        )
        run = simulate(network, 20 * ms, backend="numpy", seed=seed, record=["v"])
        return run.traces["v"].values

    one, two = np.eye(5), 3 * np.eye(5)[::-1]
    assert np.array_equal(potentials(one, 4, seed=1), potentials(two, 4, seed=2))
    assert not np.array_equal(potentials(one, 4, seed=1), potentials(one, 5, seed=1))
    assert not np.array_equal(potentials(one, None, seed=1), potentials(one, None, seed=2))


def test_seed_none_is_recorded_so_that_the_run_can_be_repeated():
    network = lif(n=30, drive=30 * mV)
    first = simulate(network, 50 * ms, backend="numpy")
    again = simulate(network, 50 * ms, backend="numpy", seed=first.attrs["seed"])
    assert same_spikes(first, again)


# ---------------------------------------------------------------- what a recording says


def test_recording_carries_the_run():
    run = simulate(
        lif(drive=0 * mV), 50 * ms, backend="numpy", seed=3, record=["v"], record_dt=1 * ms
    )
    assert run.n_spikes == 0
    assert (run.t_start, run.t_stop, run.n_units) == (0.0, 0.05, 100)
    assert run.traces["v"].values.shape == (50, 100)
    assert run.traces["v"].dt == 1e-3
    assert run.attrs["seed"] == 3
    assert run.attrs["model"] == "LIFNetwork"
    assert run.attrs["parameters"]["tau"] == "20. ms"
    assert run.attrs["brian2"] == brian2.__version__
    assert run.attrs["dt"] == 1e-4
    assert run.attrs["n_synapses"] == 2000


def test_models_without_brian2_go_their_own_way():
    network = RateMap(np.array([[0.0, 2.0], [-2.0, 0.0]]))
    run = simulate(network, 30, seed=1)
    assert run.n_spikes == 0
    assert run.traces["state"].values.shape == (30, 2)
    with pytest.raises(ParameterError, match="does not apply to RateMap"):
        simulate(network, 30, backend="cpp")


# ---------------------------------------------------------------- named failures


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        ({"duration": 0 * ms}, ParameterError, "duration must be a finite number in .*got 0"),
        ({"duration": -1 * ms}, ParameterError, "duration must be"),
        ({"duration": 5 * mV}, UnitError, "duration must be a Brian2 quantity"),
        ({"duration": 5}, UnitError, r"duration=5\*s"),
        ({"duration": [1, 2] * ms}, ParameterError, "duration must be a single value"),
        ({"duration": np.nan * ms}, ParameterError, "duration must be"),
        ({"duration": 1.05 * ms}, ParameterError, "whole number of steps"),
        ({"dt": 0.1}, UnitError, "dt must be"),
        ({"dt": 0.7 * ms, "duration": 7 * ms}, ParameterError, "t_ref must be a whole number"),
        ({"backend": "cp"}, ParameterError, "did you mean 'cpp'"),
        ({"backend": None}, ParameterError, "backend must be one of"),
        ({"record": ["u"]}, ParameterError, "record must be one of"),
        ({"record": "eta"}, ParameterError, "record must be one of"),
        (
            {"record_dt": 0.25 * ms, "record": ["v"]},
            ParameterError,
            "record_dt must be a whole number",
        ),
        ({"seed": -1}, ParameterError, "seed must be"),
        ({"weights": np.ones((2, 3))}, ParameterError, "square matrix"),
        ({"max_memory": 1e3}, MemoryLimitError, "max_memory"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    arguments = {"duration": 5 * ms, "backend": "numpy", **call}
    with pytest.raises(error, match=message):
        simulate(LIFNetwork(np.eye(2)), arguments.pop("duration"), **arguments)


def test_a_model_is_required():
    with pytest.raises(ParameterError, match="must be a model"):
        simulate("lif", 1 * second)


def test_a_state_that_leaves_the_numbers_is_named_with_its_first_time():
    weights = np.array([[0.0, 0.0], [1e300, 0.0]])
    network = LIFNetwork(
        weights, drive=[40, 0] * mV, initial=0 * mV, unit_weight=-1e30 * volt, delay=1 * ms
    )
    # neuron 0 spikes at 13.8 ms, its inhibition of -inf arrives 1 ms later
    with pytest.raises(ConvergenceError, match=r"v of neuron 1 first at t = 0.0148 s of 0.03 s"):
        simulate(network, 30 * ms, backend="numpy")


def test_a_run_that_stops_early_is_noticed():
    run = prepare(lif(n=30, drive=0 * mV), 10 * ms)
    finite, zeros = np.full(30, 40), np.zeros(30)
    with pytest.raises(ConvergenceError, match=r"stopped at t = 0.004 s of 0.01 s"):
        recording_of(run, lambda key: finite if "finite" in key else zeros, "cpp")


def test_counts_beyond_32_bits_are_refused():
    run = prepare(lif(n=30), 1 * ms)
    object.__setattr__(run, "n_steps", 2**31)
    with pytest.raises(BackendError, match="number of steps must stay below"):
        check_sizes(run)


def test_missing_compiler_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HEAVYTAIL_CACHE", str(tmp_path))
    with pytest.raises(BackendError, match=r"needs 'make'.*backend='runtime'"):
        simulate(lif(), 1 * ms, backend="cpp")


def test_a_failing_build_shows_what_the_compiler_said(tmp_path):
    (tmp_path / "makefile").write_text("main:\n\t@echo no such luck >&2; exit 3\n")
    with pytest.raises(BackendError, match="no such luck"):
        Cpp().build(tmp_path)


def test_simulate_inside_a_standalone_script_is_refused(tmp_path):
    brian2.set_device("cpp_standalone", directory=str(tmp_path), build_on_run=False)
    try:
        with pytest.raises(BackendError, match=r"set_device\('runtime'\)"):
            simulate(lif(), 1 * ms, backend="numpy")
    finally:
        brian2.get_device().reinit()
        brian2.set_device("runtime")


def test_cache_directory_follows_preference_then_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("HEAVYTAIL_CACHE", str(tmp_path / "environment"))
    assert cache_directory() == tmp_path / "environment"
    with preferences(heavytail_snn__cache_directory=str(tmp_path / "preference")):
        assert cache_directory() == tmp_path / "preference"


def test_dense_coupling_without_autapses_and_with_dale_runs():
    network = BinaryNetwork(
        Coupling(LevyStable(1.5), AllToAll(), sign=Dale(), autapses=False), 20, noise=0.5
    )
    run = simulate(network, 20 * ms, backend="numpy", seed=1)
    assert run.attrs["n_synapses"] == 380


@needs_compiler
@pytest.mark.standalone
def test_an_uncoupled_network_fires_as_its_neurons_do():
    interval = 2e-3 + 20e-3 * np.log(24 / 4)  # refractory, then from reset to threshold
    network = LIFNetwork(np.zeros((5, 5)), drive=24 * mV, initial=0 * mV)
    for backend in ("numpy", "cython", "cpp"):
        run = simulate(network, 200 * ms, backend=backend)
        assert run.attrs["n_synapses"] == 0
        assert run.n_spikes == 5 * 5
        assert np.diff(run.times[run.ids == 0]) == pytest.approx(interval, abs=1e-4)
