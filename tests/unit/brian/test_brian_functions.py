"""Stable numbers in Brian2 strings: one formula on all targets, one law, obeying seeds."""

import subprocess
import sys

import brian2
import numpy as np
import pytest
from brian2 import Network, NeuronGroup, Synapses, defaultclock, ms
from brian2.core.functions import DEFAULT_FUNCTIONS
from scipy import stats

from heavytail_snn.brian.functions import normal_cdf, register, stable_ug
from heavytail_snn.brian.simulation.runtime import preferences
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.weights.laws import (
    Constant,
    Exponential,
    Gaussian,
    LevyStable,
    LogNormal,
    Pareto,
    StudentT,
)
from heavytail_snn.weights.stable import stable_from_uniform_and_exponential

VARIABLES = "alpha : 1\nbeta : 1\nu : 1\ng : 1\nx : 1"


@pytest.fixture
def on_numpy():
    with preferences(codegen__target="numpy"):
        yield


def run_once(target, code, n=10_000, seed=1, **values):
    """Return x after running `code` once in a group of n."""
    with preferences(codegen__target=target):
        group = NeuronGroup(n, VARIABLES, name="group*")
        for name, value in values.items():
            setattr(group, name, value)
        group.run_regularly(code)
        brian2.seed(seed)
        Network(group).run(defaultclock.dt)
        return np.array(group.x)


def grid():
    alpha = [0.3, 0.6, 0.999999, 1.0, 1.000001, 1.2, 1.5, 1.9, 2.0]
    beta, u, g = [-1, -0.4, 0, 1], [0.0, 1e-12, 0.2, 0.5, 0.97, 1.0], [-8.0, -0.6, 1e-9, 0.3, 2.0]
    mesh = np.meshgrid(alpha, beta, u, g)
    axes = dict(zip(("alpha", "beta", "u", "g"), (axis.ravel() for axis in mesh), strict=True))
    # at |beta| = 1, and for beta != 0 at alpha = 2, where beta means nothing, the formula itself
    # loses its digits within 1e-10 of the ends of u
    harmless = (np.abs(axes["beta"]) < 1) & ((axes["alpha"] < 2) | (axes["beta"] == 0))
    kept = harmless | (np.abs(axes["u"] - 0.5) < 0.49)
    return {name: axis[kept] for name, axis in axes.items()}


LAWS = [
    LevyStable(1.5),
    LevyStable(1.0),
    LevyStable(2.0),
    LevyStable(1.3, 0.8),
    LevyStable(0.7, -0.5, "S0"),
    Gaussian(0.5, 2.0),
    LogNormal(0.8, 3.0),
    Pareto(1.5, 0.5),
    StudentT(1.7),
    Exponential(0.4),
]


@pytest.mark.parametrize("law", LAWS, ids=str)
def test_the_brian_expression_of_a_law_draws_from_the_law(law):
    """Against `law.cdf`, which is scipy's and shares nothing with the expression."""
    drawn = run_once("numpy", f"x = {law.brian_expression()}", n=4000)
    assert stats.kstest(drawn, law.cdf).pvalue > 1e-3


def test_the_brian_expression_of_a_constant_is_its_value():
    assert (run_once("numpy", f"x = {Constant(-2.5).brian_expression()}", n=3) == -2.5).all()


def test_registering_twice_changes_nothing():
    before = DEFAULT_FUNCTIONS["levy_stable"]
    register()
    assert DEFAULT_FUNCTIONS["levy_stable"] is before


def test_normal_becomes_the_exponential_of_equal_rank():
    g = np.array([0.1, 0.7, -0.8, 3.0, -8.0])
    w = -(np.log(2) + stats.norm.logsf(np.abs(g)))  # P(W > w) = P(|G| > |g|)
    expected = stable_from_uniform_and_exponential(1.5, 0.3, 0.3, w)
    assert stable_ug(1.5, 0.3, 0.3, g) == pytest.approx(expected, rel=1e-9)


def test_small_exponentials_keep_their_digits():
    # for alpha < 1 the tail is made by small w = |g| sqrt(2/pi): log(1 - erf) would lose it
    g = 1e-12
    expected = stable_from_uniform_and_exponential(0.6, 0, 0.7, g * np.sqrt(2 / np.pi))
    assert stable_ug(0.6, 0, 0.7, g) == pytest.approx(float(expected), rel=1e-9)


def test_cython_equals_numpy_everywhere():
    values = grid()
    n = values["u"].size
    code = "x = stable_ug(alpha, beta, u, g)"
    on_numpy = run_once("numpy", code, n, **values)
    on_cython = run_once("cython", code, n, **values)
    assert np.isfinite(on_numpy).all()
    assert on_cython == pytest.approx(on_numpy, rel=1e-11, abs=1e-14)


@pytest.mark.parametrize("target", ["numpy", "cython"])
@pytest.mark.parametrize(
    "draw", ["levy_stable(alpha, beta)", "stable_ug(alpha, beta, rand(), randn())"]
)
@pytest.mark.parametrize(
    ("alpha", "beta", "law"),
    [(1.0, 0.0, stats.cauchy()), (0.5, 1.0, stats.levy()), (2.0, 0.0, stats.norm(0, np.sqrt(2)))],
)
def test_law_where_it_is_known(target, draw, alpha, beta, law):
    x = run_once(target, f"x = {draw}", alpha=alpha, beta=beta)
    assert stats.kstest(x, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize("target", ["numpy", "cython"])
def test_characteristic_function_with_one_alpha_a_neuron(target):
    alpha = np.repeat([0.8, 1.5], 100_000)
    x = run_once(target, "x = levy_stable(alpha, beta)", n=alpha.size, alpha=alpha)
    for value in (0.8, 1.5):
        k = np.array([0.3, 1.0, 2.0])
        empirical = np.cos(np.outer(x[alpha == value], k)).mean(axis=0)
        assert np.abs(empirical - np.exp(-(k**value))).max() < 4 / np.sqrt(2e5)


def test_seed_repeats_and_neurons_differ():
    code = "x = levy_stable(alpha, beta)"
    first, again = (run_once("cython", code, 100, seed=4, alpha=1.5) for _ in range(2))
    other = run_once("cython", code, 100, seed=5, alpha=1.5)
    assert np.array_equal(first, again)
    assert not np.any(first == other)
    assert np.unique(first).size == 100


def test_normal_cdf_is_uniform_on_normals():
    x = run_once("cython", "x = normal_cdf(randn())")
    assert stats.kstest(x, "uniform").pvalue > 1e-3
    assert normal_cdf([0.0, 1.96])[1] == pytest.approx(0.9750021, abs=1e-7)


@pytest.mark.parametrize("target", ["numpy", "cython"])
@pytest.mark.parametrize("alpha", [0.0, 2.1, np.nan])
def test_bad_alpha_raises_and_says_so(target, alpha):
    with pytest.raises(brian2.BrianObjectException) as caught:
        run_once(target, "x = levy_stable(alpha, beta)", n=3, alpha=alpha)
    cause = caught.value.__cause__
    assert isinstance(cause, ValueError)
    assert "alpha must lie in (0, 2]" in str(cause)


def test_bad_beta_raises():
    with pytest.raises(ParameterError, match="beta must lie in"):
        stable_ug(1.5, 1.2, 0.5, 0.5)


def test_shared_variable_and_synaptic_weights(on_numpy):
    group = NeuronGroup(50, "s : 1 (shared)")
    group.s = "levy_stable(1.5, 0)"
    synapses = Synapses(group, group, "w : 1")
    synapses.connect(i=np.repeat(np.arange(50), 50), j=np.tile(np.arange(50), 50))
    synapses.w = "0.1*stable_ug(1.5, 0.0, rand(), randn())"
    assert np.size(group.s) == 1
    assert np.unique(synapses.w).size == 2500


def test_brian_refuses_the_documented_forms(on_numpy):
    exact = NeuronGroup(2, "dv/dt = levy_stable(1.5, 0)/ms : 1", method="exact")
    with pytest.raises(brian2.BrianObjectException):
        Network(exact).run(1 * ms)
    plain = NeuronGroup(2, "v = levy_stable(1.5, 0) : 1\nw : 1")
    plain.run_regularly("w = v")
    with pytest.raises(brian2.BrianObjectException):
        Network(plain).run(1 * ms)


def test_stable_noise_has_the_same_law_at_half_the_step(on_numpy):
    """Ornstein-Uhlenbeck with stable noise: scale^alpha -> 1/alpha; sqrt(dt) scaling would not."""

    def final(dt):
        group = NeuronGroup(
            20_000,
            "dv/dt = (-v + (dt/tau)**(1/1.5)*levy_stable(1.5, 0)*tau/dt)/tau : 1",
            method="euler",
            namespace={"tau": 10 * ms},
            dt=dt,
        )
        brian2.seed(3)
        Network(group).run(80 * ms)
        return np.array(group.v)

    coarse, fine = final(0.4 * ms), final(0.2 * ms)
    assert stats.ks_2samp(coarse, fine).pvalue > 1e-3
    k = np.array([0.3, 0.7, 1.5])
    expected = np.exp(-(k**1.5) / 1.5)
    assert np.abs(np.cos(np.outer(fine, k)).mean(axis=0) - expected).max() < 0.02


SCRIPT = """
import sys
from brian2 import *
import heavytail_snn
if sys.argv[1:]:
    set_device("cpp_standalone", directory=sys.argv[1])
seed(2)
group = NeuronGroup(20000, "x : 1\\ny : 1\\nz : 1")
group.x = "levy_stable(0.5, 1)"
group.y = "stable_ug(0.5, 1, rand(), randn())"
group.run_regularly("z = levy_stable(0.5, 1)")
run(defaultclock.dt)
for name in "xyz":
    values = array(getattr(group, name))
    print(name, mean(values < 1), mean(values > 2))
"""


def check_levy_law(output):
    """alpha = 1/2, beta = 1 is the law of 1/Z^2, Z normal; it needs both random numbers."""
    rows = [line.split() for line in output.splitlines() if line[:1] in "xyz"]
    assert [row[0] for row in rows] == ["x", "y", "z"]
    below, above = 2 * stats.norm.sf(1), 1 - 2 * stats.norm.sf(np.sqrt(0.5))
    for _, low, high in rows:
        assert float(low) == pytest.approx(below, abs=4 * 0.5 / np.sqrt(20000))
        assert float(high) == pytest.approx(above, abs=4 * 0.5 / np.sqrt(20000))


def test_an_ordinary_script_needs_nothing_but_the_import():
    command = [sys.executable, "-c", SCRIPT]
    check_levy_law(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


@pytest.mark.standalone
def test_an_ordinary_script_in_cpp_standalone(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "project")]
    check_levy_law(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
