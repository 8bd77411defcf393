"""Nonsense arguments: each call ends in a named error or in the documented, finite result.

Twenty public functions, twenty-one values.  The oracle knows for each function which of the values
are legal; all others must raise a `HeavytailError` that names the argument.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import brian2
import numpy as np
import pytest
from scipy import sparse

import heavytail_snn as ht
from heavytail_snn import analysis
from heavytail_snn.brian.functions import stable_ug
from heavytail_snn.core.errors import HeavytailError


def read_only() -> np.ndarray:
    """Return an array that nobody may write to."""
    array = np.array([0.1, 0.2, 0.3])
    array.flags.writeable = False
    return array


VALUES: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "empty text": lambda: "",
    "empty list": lambda: [],
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "-1": lambda: -1,
    "0": lambda: 0,
    "complex": lambda: 1 + 2j,
    "bool array": lambda: np.array([True, False, True]),
    "object array": lambda: np.array([1, "a", None], dtype=object),
    "wrong unit": lambda: np.array([0.1, 0.2, 0.3]) * brian2.amp,
    "unsorted": lambda: [3.0, 1.0, 2.0],
    "duplicated": lambda: [1.0, 1.0, 2.0],
    "containing nan": lambda: [1.0, float("nan"), 2.0],
    "0-d": lambda: np.array(2.5),
    "3-d": lambda: np.ones((2, 2, 2)),
    "empty units": lambda: [[], []],
    "single spike": lambda: [0.5],
    "1e300": lambda: 1e300,
    "read-only": read_only,
    "generator": lambda: (x for x in [1.0, 2.0]),
}

RECORDING = ht.Recording(0.05 * np.arange(1, 199), np.arange(198) % 3, 3, 0.0, 10.0)
WEIGHTS = ht.Coupling(ht.LevyStable(1.5), ht.FixedInDegree(10)).sample(30, seed=1)
GAUSSIAN = ht.Coupling(ht.Gaussian(), ht.AllToAll())
LIF = ht.models.LIFNetwork(WEIGHTS)
RUN = {"t_start": 0.0, "t_stop": 10.0}


def connect(weights: Any) -> Any:
    neurons = brian2.NeuronGroup(3, "v : 1", name="nonsense_neurons*")
    synapses = brian2.Synapses(neurons, neurons, "w : 1", name="nonsense_synapses*")
    return ht.connect(synapses, weights).weights


def recorded(times: Any) -> Any:
    """Return a Recording whose ids fit the times, so that only the times can be at fault."""
    return ht.Recording(times, np.zeros(np.size(times), dtype=int), 2, **RUN)


@dataclass
class Case:
    """A function of one argument; `call` returns the numbers of its result."""

    argument: str
    """What the error must say: a regular expression."""
    call: Callable[[Any], Any]
    legal: tuple[str, ...] = ()


CASES = {
    "LevyStable": Case("alpha", lambda v: ht.LevyStable(v).sample(3, seed=1)),
    "sample of a law": Case("size", lambda v: [ht.Gaussian().sample(v, seed=1).size], ("0",)),
    "FixedInDegree": Case("k", lambda v: ht.FixedInDegree(v).k),
    "gain": Case(
        "gain",
        lambda v: ht.Coupling(ht.Gaussian(), ht.AllToAll(), v).sample(3, seed=1),
        ("0", "0-d", "1e300"),
    ),
    "sample of a coupling": Case("n_neurons", lambda v: GAUSSIAN.sample(v, seed=1)),
    "max_memory": Case(
        "max_memory", lambda v: GAUSSIAN.sample(3, seed=1, max_memory=v), ("inf", "1e300")
    ),
    "Recording": Case(
        "time",
        lambda v: [recorded(v).n_spikes],
        ("empty list", "single spike", "read-only"),
    ),
    "from_spike_trains": Case(
        "trains",
        lambda v: [ht.Recording.from_spike_trains(v, **RUN).n_units],
        ("empty units",),
    ),
    "read": Case("path", lambda v: ht.Recording.read(v).n_spikes),
    "binned": Case("bin_size", RECORDING.binned, ("0-d", "1e300")),
    "select": Case("units", lambda v: RECORDING.select(v).counts(), ("0", "bool array")),
    "power_spectrum": Case(
        "spikes|times", lambda v: analysis.power_spectrum(v, **RUN).power, ("read-only",)
    ),
    "cross_spectrum": Case(
        "units", lambda v: analysis.cross_spectrum(RECORDING, units=v).cross, ("None",)
    ),
    "spike_statistics": Case(
        "spikes|times",
        lambda v: analysis.spike_statistics(v, **RUN).rates,
        ("single spike", "read-only"),
    ),
    "participation_ratio": Case("x", lambda v: analysis.participation_ratio(v).standard_error),
    "kaplan_yorke_dimension": Case(
        "exponents",
        lambda v: analysis.kaplan_yorke_dimension(v, complete=True),
        ("unsorted", "duplicated", "single spike", "read-only"),
    ),
    "weight_tail": Case("weights", lambda v: analysis.weight_tail(v).exponent),
    "connect": Case("weights", connect),
    "drive": Case("drive", lambda v: ht.models.LIFNetwork(WEIGHTS, drive=v).drive),
    "duration": Case("duration", lambda v: ht.simulate(LIF, v).n_units),
}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", CASES)
@pytest.mark.filterwarnings("error")
def test_nonsense_is_named_or_has_its_documented_result(name, value):
    case, argument = CASES[name], VALUES[value]()
    before = repr(argument)
    if value in case.legal:
        result = np.asarray(case.call(argument))
        assert result.size > 0
        assert np.isfinite(result).all()
    else:
        with pytest.raises(HeavytailError, match=rf"\b({case.argument})"):
            case.call(argument)
    assert repr(argument) == before


OTHER_ARGUMENTS = {
    "mu of the wrong unit": ("mu", lambda: analysis.theory.siegert(22 * brian2.ms, 0.0)),
    "tau of the wrong unit": (
        "tau",
        lambda: analysis.theory.siegert(22 * brian2.mV, 0.0, tau=20 * brian2.mV),
    ),
    "mu without a unit": ("mu", lambda: analysis.theory.siegert(22.0, 0.0)),
    "tau without a unit": ("tau", lambda: analysis.theory.siegert(22 * brian2.mV, 0.0, tau=20)),
    "gain without a unit": (
        "gain",
        lambda: analysis.theory.lif_heavy_tailed(2.0, 20.0, drive=22 * brian2.mV),
    ),
    "drive without a unit": (
        "drive",
        lambda: analysis.theory.lif_heavy_tailed(2.0, 20 * brian2.mV, drive=22.0),
    ),
    "weight without a unit": (
        "weight",
        lambda: analysis.theory.LIFCircuit(in_degree=9, weight=1e-3, drive=22 * brian2.mV),
    ),
    "theta without a unit": (
        "theta",
        lambda: analysis.match_statistics(ht.example_recording(), theta=20.0),
    ),
    "limits without a unit beside times with one": (
        "t_stop",
        lambda: ht.Recording([1, 2] * brian2.ms, [0, 0], 1, 0, 1000),
    ),
    "gains of the wrong unit": (
        "gains",
        lambda: analysis.largest_exponent_curve(WEIGHTS, [1.0, 2.0] * brian2.amp, n_steps=20),
    ),
    "gain beyond all numbers": ("g", lambda: analysis.theory.rate_map(1e300)),
    "gain of the flow beyond all numbers": ("g", lambda: analysis.theory.rate_flow(1e300)),
    "sigma beyond all numbers": ("sigma", lambda: ht.LogNormal(1e300)),
    "laws that are no sequence": ("laws", lambda: ht.Mixture(ht.Gaussian())),
    "weights that are no sequence": ("weights", lambda: ht.Mixture((ht.Gaussian(),), 1.0)),
    "autapses as text": (
        "autapses",
        lambda: ht.Coupling(ht.Gaussian(), ht.AllToAll(), autapses=""),
    ),
    "an array for a choice": (
        "normalisation",
        lambda: ht.Coupling(ht.Gaussian(), ht.AllToAll(), normalisation=np.ones(2)),
    ),
    "an array for a unit": ("unit", lambda: analysis.power_spectrum(RECORDING, unit=np.ones(3))),
    "one number for a band": ("tail_band", lambda: analysis.power_spectrum(RECORDING, tail_band=9)),
    "too many tapers": (
        "nw",
        lambda: analysis.power_spectrum(RECORDING, method="multitaper", nw=1e300),
    ),
    "bins longer than the run": (
        "bin_size",
        lambda: analysis.participation_ratio(RECORDING, bin_size=11.0),
    ),
    "n_bins of nothing": ("bin_size", lambda: RECORDING.n_bins(0)),
    "traces that are no mapping": ("traces", lambda: ht.Recording([], [], 1, 0, 1, [1.0])),
    "attrs that are no mapping": ("attrs", lambda: ht.Recording([], [], 1, 0, 1, {}, "rat 3")),
    "trace of text": ("trace", lambda: ht.Trace([["a"]], dt=0.1)),
    "density at text": ("x", lambda: ht.LevyStable(1.5).pdf("")),
    "alpha as text": ("alpha", lambda: stable_ug("a", 0.0, 0.5, 0.5)),
    "writing to nothing": ("path", lambda: RECORDING.write(None)),
}


@pytest.mark.parametrize("case", OTHER_ARGUMENTS)
def test_other_nonsense_is_named(case):
    argument, call = OTHER_ARGUMENTS[case]
    with pytest.raises(HeavytailError, match=rf"\b{argument}\b"):
        call()


def test_matrices_of_the_wrong_kind_are_no_weights():
    for weights in (sparse.coo_array(np.ones((3, 4))), np.ones((3, 4)), np.full((3, 3), np.nan)):
        with pytest.raises(HeavytailError, match="weights"):
            connect(weights)
