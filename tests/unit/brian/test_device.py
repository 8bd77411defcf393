"""Brian2's global state: threads wait for each other, and everything is given back."""

import threading
from concurrent.futures import ThreadPoolExecutor

import brian2
import numpy as np
import pytest
from brian2 import ms, mV

from heavytail_snn.brian.cache import cache_directory
from heavytail_snn.brian.device import exclusive, preferences
from heavytail_snn.brian.simulation.simulate import simulate
from heavytail_snn.core.errors import BackendError
from heavytail_snn.models import LIFNetwork, WhiteNoise

NETWORK = LIFNetwork(np.ones((20, 20)) - np.eye(20), drive=21 * mV, noise=WhiteNoise(3 * mV))


def spikes(seed):
    return simulate(NETWORK, 100 * ms, backend="numpy", seed=seed).times


def test_runs_in_threads_equal_runs_one_after_the_other():
    alone = [spikes(seed) for seed in range(6)]
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(spikes, range(6)))
    for one, other in zip(alone, together, strict=True):
        assert np.array_equal(one, other)
    assert alone[0].size > 20
    assert np.array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    assert brian2.prefs.codegen.target == "auto"


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
