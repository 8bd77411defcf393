"""Couplings: orientation, wiring statistics, normalisation, signs, seeds, refusals."""

import hashlib
import math
import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse, stats

from heavytail_snn.core.errors import MemoryLimitError, ParameterError
from heavytail_snn.weights.coupling import Coupling, Dale, Inhibitory
from heavytail_snn.weights.laws import Constant, Gaussian, LevyStable, LogNormal, Mixture
from heavytail_snn.weights.wiring import AllToAll, FixedInDegree, FixedProbability

KNOWN_INDICES = [1, 3, 0, 2, 1, 3, 0, 1]
KNOWN_WEIGHTS = [
    -2.383740449249067,
    0.9705080589367953,
    0.404843661144133,
    0.7090438134960989,
    -0.6488210598414713,
    1.0524271248388248,
    -0.1760036309557812,
    -0.711309345915954,
]
WIRINGS = [AllToAll(), FixedProbability(0.2), FixedInDegree(20), FixedInDegree(70)]


def dense(weights):
    return weights.toarray() if sparse.issparse(weights) else weights


@pytest.mark.parametrize("wiring", WIRINGS, ids=str)
@pytest.mark.parametrize("autapses", [True, False])
def test_autapses_are_there_or_not_and_rows_are_targets(wiring, autapses):
    weights = dense(Coupling(Constant(), wiring, autapses=autapses).sample(100, seed=1))
    assert weights.shape == (100, 100)
    assert np.diag(weights).any() == autapses
    if isinstance(wiring, FixedInDegree):
        assert ((weights != 0).sum(axis=1) == wiring.k).all()
        assert (weights != 0).sum(axis=0).std() > 0  # the out-degree is what varies


@pytest.mark.parametrize("wiring", WIRINGS[1:], ids=str)
def test_sparse_matrices_are_canonical(wiring):
    weights = Coupling(Gaussian(), wiring).sample(100, seed=2)
    copy = sparse.csr_array((weights.data, weights.indices, weights.indptr), shape=weights.shape)
    assert copy.has_canonical_format
    assert weights.nnz == copy.nnz


def test_each_source_is_chosen_equally_often():
    for wiring in (FixedInDegree(30), FixedInDegree(3), FixedInDegree(150), FixedProbability(0.15)):
        weights = Coupling(Constant(), wiring, autapses=False).sample(200, seed=3)
        out_degree = np.bincount(weights.indices, minlength=200)
        p = wiring.in_degree(200, False) / 199
        z = (out_degree - 199 * p) / math.sqrt(199 * p * (1 - p))
        assert stats.kstest(z, "norm").pvalue > 1e-4 or wiring == FixedInDegree(3)
        assert abs((z**2).mean() - 1) < 0.5


def test_fixed_probability_has_binomial_in_degrees():
    weights = Coupling(Constant(), FixedProbability(0.1)).sample(1000, seed=4)
    degree = np.diff(weights.indptr)
    assert degree.mean() == pytest.approx(100, abs=1.2)
    assert degree.var() == pytest.approx(90, rel=0.2)
    assert Coupling(Constant(), FixedProbability(1.0)).sample(30, seed=1).nnz == 900


@pytest.mark.parametrize(
    ("law", "wiring", "expected"),
    [
        (LevyStable(1.5), AllToAll(), 2 / 200 ** (1 / 1.5)),
        (LevyStable(1.5), FixedInDegree(50), 2 / 50 ** (1 / 1.5)),
        (Gaussian(), FixedProbability(0.25), 2 / math.sqrt(50)),
    ],
)
def test_auto_normalisation(law, wiring, expected):
    coupling = Coupling(law, wiring, gain=2.0)
    assert coupling.scale(200) == pytest.approx(expected)
    values = dense(coupling.sample(200, seed=5)).ravel()
    values = values[values != 0] / expected
    assert stats.kstest(values[:5000], law.cdf).pvalue > 1e-3


def test_explicit_normalisations():
    wiring = FixedInDegree(100)
    assert Coupling(LevyStable(1.5), wiring, 3.0, normalisation="sqrt").scale(500) == 0.3
    assert Coupling(LevyStable(1.5), wiring, 3.0, normalisation="none").scale(500) == 3.0
    balanced = Coupling(LogNormal(1.0, 5.0), wiring, 3.0, Inhibitory(), normalisation="balanced")
    values = balanced.sample(500, seed=6).data
    assert values.max() < 0
    assert values.mean() == pytest.approx(-0.3, rel=0.03)


def test_dale_signs_belong_to_sources_not_targets():
    weights = dense(Coupling(Gaussian(), AllToAll(), sign=Dale(0.75, g=3.0)).sample(80, seed=7))
    assert (weights[:, :60] > 0).all()
    assert (weights[:, 60:] < 0).all()
    ratio = -weights[:, 60:].mean() / weights[:, :60].mean()
    assert ratio == pytest.approx(3.0, rel=0.1)
    sparse_weights = Coupling(Gaussian(), FixedInDegree(20), sign=Dale(0.75)).sample(80, seed=7)
    assert (sparse_weights[:, :60].data > 0).all()
    assert (sparse_weights[:, 60:].data < 0).all()


@pytest.mark.parametrize(("by", "axis"), [("source", 0), ("target", 1)])
@pytest.mark.parametrize("wiring", [AllToAll(), FixedInDegree(150)], ids=str)
def test_mixture_gives_each_cell_one_law(by, axis, wiring):
    law = Mixture((Constant(1.0), Constant(2.0)), by=by)
    weights = dense(Coupling(law, wiring, normalisation="none").sample(200, seed=8))
    largest = weights.max(axis=axis)
    assert ((weights == largest[:, None] if axis else weights == largest) | (weights == 0)).all()
    assert 60 < (largest == 1.0).sum() < 140


def test_different_seeds_differ_in_wiring_and_in_weights():
    first, other = (Coupling(Gaussian(), FixedInDegree(10)).sample(50, seed) for seed in (1, 2))
    assert (first.indices != other.indices).any()
    assert not np.isin(first.data, other.data).any()
    dense = [Coupling(Gaussian(), AllToAll()).sample(5, seed) for seed in (1, 2, None, None)]
    assert np.unique(np.concatenate([matrix.ravel() for matrix in dense])).size == 4 * 25


def test_changing_the_law_or_the_gain_keeps_the_wiring():
    first = Coupling(Gaussian(), FixedInDegree(10)).sample(100, seed=9)
    second = Coupling(LevyStable(1.2), FixedInDegree(10), gain=3.0).sample(100, seed=9)
    assert (first.indices == second.indices).all()
    double = Coupling(Gaussian(), FixedInDegree(10), gain=2.0).sample(100, seed=9)
    np.testing.assert_array_equal(double.data, 2 * first.data)


def test_the_same_seed_gives_the_same_matrix_in_another_process():
    code = (
        "import hashlib; from heavytail_snn.weights.coupling import *;"
        "from heavytail_snn.weights.laws import *;"
        "from heavytail_snn.weights.wiring import *;"
        "w = Coupling(LevyStable(1.5), FixedInDegree(7), autapses=False).sample(50, seed=10);"
        "print(hashlib.sha256(w.indices.tobytes() + w.data.tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    here = Coupling(LevyStable(1.5), FixedInDegree(7), autapses=False).sample(50, seed=10)
    digest = hashlib.sha256(here.indices.tobytes() + here.data.tobytes()).hexdigest()
    assert other.stdout.strip() == digest


def test_a_known_matrix_is_reproduced_on_every_platform():
    """A change detector, not a truth: wiring exactly, weights to rounding."""
    weights = Coupling(LevyStable(1.5), FixedInDegree(2), autapses=False).sample(4, seed=1)
    assert weights.indices.tolist() == KNOWN_INDICES
    np.testing.assert_allclose(weights.data, KNOWN_WEIGHTS, rtol=1e-10)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: Coupling(Gaussian(), AllToAll(), gain=-1.0), ParameterError, "gain.*got -1.0"),
        (lambda: Coupling(Gaussian(), AllToAll(), gain=math.nan), ParameterError, "gain"),
        (lambda: Coupling(1.5, AllToAll()), ParameterError, "law must be a weight law"),
        (lambda: Coupling(Gaussian(), 0.1), ParameterError, "wiring must be"),
        (lambda: Coupling(Gaussian(), AllToAll(), sign="dale"), ParameterError, "Dale"),
        (
            lambda: Coupling(Gaussian(), AllToAll(), normalisation="ballanced"),
            ParameterError,
            "did you mean 'balanced'",
        ),
        (lambda: FixedProbability(1.2), ParameterError, "p must"),
        (lambda: FixedInDegree(0), ParameterError, "k must"),
        (lambda: FixedInDegree(2.5), ParameterError, "k must be an integer"),
        (
            lambda: Coupling(Gaussian(), FixedInDegree(11)).sample(10),
            ParameterError,
            "must not exceed the 10 possible sources.*got 11",
        ),
        (
            lambda: Coupling(Gaussian(), FixedInDegree(10), autapses=False).sample(10),
            ParameterError,
            "must not exceed the 9",
        ),
        (lambda: Coupling(Gaussian(), AllToAll()).sample(0), ParameterError, "n_neurons"),
        (
            lambda: Coupling(Gaussian(), AllToAll()).sample(10**6),
            MemoryLimitError,
            r"1.6e\+04 GB.*max_memory = 8 GB",
        ),
        (
            lambda: Coupling(LevyStable(0.9), AllToAll(), normalisation="balanced").sample(10),
            ParameterError,
            "finite mean",
        ),
    ],
)
def test_bad_arguments_are_named(build, error, message):
    with pytest.raises(error, match=message):
        build()
