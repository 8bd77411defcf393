"""Brian2's global state: threads wait for each other, and everything is given back."""

import os
import sys
import threading
import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import brian2
import numpy as np
import pytest
from brian2 import ms, mV

from heavytail_snn.analysis.lyapunov import lyapunov_spectrum
from heavytail_snn.brian.cache import cache_directory
from heavytail_snn.brian.device import exclusive, preferences
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import BackendError
from heavytail_snn.models import LIFNetwork, WhiteNoise

NETWORK = LIFNetwork(np.ones((20, 20)) - np.eye(20), drive=21 * mV, noise=WhiteNoise(3 * mV))


def spikes(seed, backend="numpy"):
    return simulate(NETWORK, 100 * ms, backend=backend, seed=seed).times


def descriptors():
    """Return what the open files of this process are, by number."""
    return {n: os.readlink(f"/proc/self/fd/{n}") for n in ("0", "1", "2")}


def surroundings():
    """Return what Brian2 and the process have once for all threads."""
    return {
        "generator": np.random.get_state()[1].tolist(),  # noqa: NPY002
        "preferences": brian2.prefs.as_file,
        "device": brian2.get_device(),
        "descriptors": descriptors() if os.path.isdir("/proc/self/fd") else None,
        "streams": (sys.stdout, sys.stderr),
        "filters": list(warnings.filters),
    }


@pytest.mark.parametrize(
    "backend", ["numpy", "cython", pytest.param("cpp", marks=pytest.mark.standalone)]
)
def test_runs_in_threads_equal_runs_one_after_the_other(backend):
    run = partial(spikes, backend=backend)
    alone = [run(seed) for seed in range(8)]
    before = surroundings()
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(run, range(8)))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)
    assert alone[0].size > 20
    assert surroundings() == before


def spectrum(seed):
    """Return exponents of the user's own Brian2 objects, made and run in a thread."""
    with exclusive():  # the objects themselves are the user's
        clock = brian2.Clock(0.1 * ms)
        group = brian2.NeuronGroup(
            5, "dv/dt = (2 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", clock=clock,
            method="exact",
        )  # fmt: skip
        group.v = np.random.default_rng(seed).uniform(0, 1, 5)
        synapses = brian2.Synapses(group, group, on_pre="v_post -= 0.1", delay=1 * ms, clock=clock)
        synapses.connect(condition="i != j")
        network = brian2.Network(group, synapses)
    return lyapunov_spectrum(network, duration=0.2, k=2, seed=seed, state_warmup=0.05,
                             tangent_warmup=0.05).exponents  # fmt: skip


@pytest.mark.slow
def test_spectra_of_brian_networks_in_threads_equal_those_one_after_the_other():
    brian2.prefs.codegen.target = "numpy"  # not by `preferences`, which holds the lock
    try:
        alone = [spectrum(seed) for seed in range(3)]
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(spectrum, range(3)))
    finally:
        brian2.prefs.codegen.target = "auto"
    for one, other in zip(alone, found, strict=True):
        assert np.array_equal(one, other)


def test_another_thread_waits_for_the_lock():
    entered = threading.Event()

    def enter():
        with exclusive():
            entered.set()

    with exclusive():
        thread = threading.Thread(target=enter)
        thread.start()
        assert not entered.wait(0.1)
    assert entered.wait(5)
    thread.join()


def test_the_cache_moves_where_home_is_missing_or_read_only(tmp_path, monkeypatch):
    for name in ("HEAVYTAIL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_directory() == tmp_path / ".cache" / "heavytail_snn"
    monkeypatch.setattr("os.access", lambda path, mode: False)
    elsewhere = cache_directory()
    assert elsewhere.name.startswith("heavytail_snn-")
    assert tmp_path not in elsewhere.parents


def test_a_cache_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        preferences(heavytail_snn__cache_directory=str(tmp_path / "file")),
        pytest.raises(BackendError, match=r"HEAVYTAIL_CACHE to a folder that can be"),
    ):
        simulate(NETWORK, 1 * ms, backend="cpp")
