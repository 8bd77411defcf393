"""Every public object and every error arrives from another process as it was."""

import copy
import dataclasses
import pickle
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from brian2 import NeuronGroup, mV
from examples_of_classes import EXAMPLES, example
from public_names import error_classes
from scipy import sparse

import heavytail_snn as ht
from heavytail_snn.core.errors import (
    BackendError,
    HeavytailError,
    ParameterError,
    RecordingError,
    check_choice,
)

LIVE = {"analysis.BrianTangent": "holds a running Brian2 network: refuses by name"}
NAMES = sorted({*EXAMPLES} - {*LIVE})
ERRORS = error_classes()
WAYS = {
    "pickle": lambda thing: pickle.loads(pickle.dumps(thing)),
    "newest pickle": lambda thing: pickle.loads(pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)),
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
}
TIMEOUT = 120  # seconds; a pool that hangs fails


def made(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return example(name)


def same(left, right, path="object"):
    """Compare recursively: classes, values, dtypes, and which arrays are read-only."""
    assert type(left) is type(right), path
    if isinstance(left, np.ndarray):
        assert left.dtype == right.dtype, path
        assert left.flags.writeable == right.flags.writeable, path
        np.testing.assert_array_equal(left, right, err_msg=path)
    elif sparse.issparse(left):
        for part in ("data", "indices", "indptr"):
            same(getattr(left, part), getattr(right, part), f"{path}.{part}")
    elif isinstance(left, dict):
        assert list(left) == list(right), path
        for key in left:
            same(left[key], right[key], f"{path}[{key!r}]")
    elif isinstance(left, list | tuple):
        assert len(left) == len(right), path
        for place, (one, other) in enumerate(zip(left, right, strict=True)):
            same(one, other, f"{path}[{place}]")
    elif dataclasses.is_dataclass(left) or type(left).__module__.startswith("heavytail_snn"):
        same(vars(left), vars(right), path)
    elif hasattr(left, "func") and hasattr(left, "keywords"):  # a partial
        same([left.func, left.keywords], [right.func, right.keywords], path)
    else:
        assert left == right or (left != left and right != right), path


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", NAMES)
def test_objects_return_as_they_were(name, way):
    thing = made(name)
    same(thing, WAYS[way](thing))


def test_arrays_of_recordings_stay_read_only():
    recording = WAYS["pickle"](made("Recording"))
    for array in (recording.times, recording.ids, recording.traces["v"].values):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
    assert recording == made("Recording")


@pytest.mark.parametrize("name", LIVE)
@pytest.mark.parametrize("way", WAYS)
def test_what_holds_a_live_network_says_so(name, way):
    with pytest.raises(BackendError, match="running Brian2 network"):
        WAYS[way](made(name))


def test_networks_with_given_activations_travel():
    for phi in ("tanh", "erf", "relu", "threshold_linear"):
        network = WAYS["pickle"](ht.models.RateMap([[0.0, 2.0], [-2.0, 0.0]], phi=phi))
        assert network.run(2, seed=1).shape == (2, 2)


def matched_lif():
    model = ht.models.LIFNetwork(
        np.zeros((3, 3)), drive=24 * mV, noise=ht.models.WhiteNoise(2 * mV)
    )
    recording = ht.Recording.from_spike_trains([[0.1, 0.2, 0.25], [0.3], [0.4, 0.5]], 0, 1)
    return ht.analysis.match_rate_network(model, recording=recording, seed=1)


def test_matched_lif_networks_travel():
    match = matched_lif()
    x = np.array([10.0, 20.0])
    for part in ("function", "derivative"):
        there = getattr(WAYS["pickle"](match).network.activation, part)(x)
        assert np.array_equal(there, getattr(match.network.activation, part)(x))


# ----------------------------------------------------------------------------------- errors


def an_error(cls, value=3.0):
    """Return an error with what its class carries."""
    if issubclass(cls, ParameterError):
        return cls("alpha", value, "must lie in (0, 2]", "use LogNormal")
    return cls("something went wrong")


def fail(cls):
    raise an_error(cls)


def refuse():
    check_choice("method", lambda: None, ["welch", "multitaper"])


def open_value(kind):
    if kind == "lambda":
        return lambda: None
    if kind == "generator":
        return (n for n in range(3))
    if kind == "module":
        return np
    if kind == "lock":
        return threading.Lock()
    if kind == "Brian2 object":
        return NeuronGroup(1, "v : 1", name="arrives_as_text")
    return [lambda: None]


def test_all_error_classes_are_found():
    names = {cls.__name__ for cls in ERRORS}
    assert {"AvalancheError", "SaltationError", "WhiteNoiseError", "GridLockedError"} <= names
    assert len(ERRORS) >= 17


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_errors_return_as_they_were(cls, way):
    error = an_error(cls)
    error.add_note("while measuring")
    back = WAYS[way](error)
    assert type(back) is cls
    assert str(back) == str(error)
    assert back.args == error.args
    assert vars(back) == vars(error)


@pytest.mark.parametrize("cls", [ParameterError, HeavytailError], ids=lambda cls: cls.__name__)
@pytest.mark.parametrize(
    "kind", ["lambda", "generator", "module", "lock", "Brian2 object", "list of lambdas"]
)
def test_values_that_cannot_travel_arrive_as_text(cls, kind):
    error = an_error(cls, open_value(kind))
    error.extra = open_value(kind)
    back = WAYS["pickle"](error)
    assert type(back) is cls
    assert str(back) == str(error)
    assert isinstance(back.extra, str)
    if cls is ParameterError:
        assert isinstance(back.value, str)
        assert (back.argument, back.rule, back.remedy) == ("alpha", error.rule, error.remedy)


def test_a_value_that_pickles_but_does_not_return_arrives_as_text():
    class Treacherous(Exception):
        def __init__(self, one, two):
            super().__init__(one)

    error = ParameterError("alpha", Treacherous("a", "b"), "must be a number")
    assert isinstance(WAYS["pickle"](error).value, str)


@pytest.fixture(scope="module")
def pool():
    """One worker, started afresh: a fork of a process with threads may hang by itself."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("cls", ERRORS, ids=lambda cls: cls.__name__)
def test_errors_arrive_from_a_worker(pool, cls):
    with pytest.raises(cls) as caught:
        pool.submit(fail, cls).result(TIMEOUT)
    assert type(caught.value) is cls
    assert str(caught.value) == str(an_error(cls))


def test_an_open_value_arrives_from_a_worker(pool):
    with pytest.raises(ParameterError, match="method must be one of"):
        pool.submit(refuse).result(TIMEOUT)


def test_results_arrive_from_a_worker(pool):
    recording = made("Recording")
    found = pool.submit(ht.analysis.spike_statistics, recording).result(TIMEOUT)
    same(found, ht.analysis.spike_statistics(recording))
    with pytest.raises(RecordingError):
        pool.submit(ht.Recording.read, "absent.npz").result(TIMEOUT)


def test_a_multiprocessing_pool_does_not_hang():
    with get_context("spawn").Pool(1) as workers:
        with pytest.raises(ParameterError, match=r"alpha must lie in \(0, 2\]"):
            workers.apply_async(fail, (ParameterError,)).get(TIMEOUT)
