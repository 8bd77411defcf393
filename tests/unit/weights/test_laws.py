"""Weight laws: moments, scipy's distributions, scale rules, refusals."""

import math

import numpy as np
import pytest
from scipy import integrate, stats

from heavytail_snn.core.errors import HeavytailError, ParameterError
from heavytail_snn.weights.laws import (
    Constant,
    Exponential,
    Gaussian,
    LevyStable,
    LogNormal,
    Mixture,
    Pareto,
    StudentT,
)
from heavytail_snn.weights.stable import (
    sample_symmetric_stable,
    stable_from_uniform_and_exponential,
)

LIGHT = [
    Gaussian(0.3, 2.0),
    LogNormal(0.8, 2.0),
    Exponential(3.0),
    Pareto(5.0, 0.5),
    StudentT(7.0),
    LevyStable(2.0),
]
ALL = [*LIGHT, LevyStable(1.5), LevyStable(1.3, 0.5), LevyStable(1.0), Pareto(1.5), StudentT(1.5)]


@pytest.mark.parametrize("law", LIGHT, ids=str)
def test_sample_moments_are_the_stated_ones(law):
    x = law.sample(400_000, seed=1)
    assert abs(x.mean() - law.mean) < 5 * math.sqrt(law.variance / x.size)
    assert x.var() == pytest.approx(law.variance, rel=0.05)
    assert np.abs(x).mean() == pytest.approx(law.absolute_mean, rel=0.01)


@pytest.mark.parametrize("law", ALL, ids=str)
def test_samples_follow_the_stated_cdf(law):
    assert stats.kstest(law.sample(3000, seed=2), law.cdf).pvalue > 1e-3
    x = float(np.median(law.sample(1001, seed=3)))
    low, high = law.cdf([x - 0.01, x + 0.01])
    assert law.pdf([x])[0] == pytest.approx((high - low) / 0.02, rel=0.02)


@pytest.mark.parametrize(
    "law",
    [LevyStable(1.5), LevyStable(1.3, 0.5), LevyStable(1.6, 0.8, "S0"), LevyStable(2.0)],
    ids=str,
)
def test_absolute_mean_of_stable_laws_is_the_fourier_integral(law):
    """E|X| = (2 / pi) int_0^inf (1 - Re E exp(ikX)) / k^2 dk for any law with a mean."""
    tangent = law.beta * math.tan(math.pi * law.alpha / 2)

    def integrand(k):
        phase = k**law.alpha * tangent + k * law.mean
        return (1 - math.exp(-(k**law.alpha)) * math.cos(phase)) / k**2

    parts = [integrate.quad(integrand, a, b, limit=400)[0] for a, b in ((0, 1), (1, math.inf))]
    assert law.absolute_mean == pytest.approx(2 / math.pi * sum(parts), rel=1e-5)


@pytest.mark.parametrize("law", [LevyStable(1.8, 0.7), LevyStable(1.8, 0.7, "S0")], ids=str)
def test_skewed_means_are_those_of_the_samples(law):
    medians = [np.mean(law.sample(4000, seed=s)) for s in range(41)]
    assert np.median(medians) == pytest.approx(law.mean, abs=0.05)
    assert np.median(np.abs(law.sample(10**5, seed=1))) < law.absolute_mean


def test_alpha_two_has_variance_two_and_the_gaussian_one():
    assert LevyStable(2.0).variance == 2.0
    assert LevyStable(2.0).sample(400_000, seed=3).var() == pytest.approx(2.0, rel=0.01)
    assert Gaussian().variance == 1.0


@pytest.mark.parametrize("law", [LevyStable(1.5), Pareto(1.5), StudentT(1.5)], ids=str)
def test_infinite_moments_are_infinite_and_the_scale_follows_the_tail(law):
    assert law.variance == math.inf
    assert law.tail_exponent == 1.5
    assert law.scale(1000, gain=2.0) == pytest.approx(2.0 / 1000 ** (1 / 1.5))


@pytest.mark.parametrize("law", LIGHT, ids=str)
def test_finite_variance_scales_with_the_square_root(law):
    assert law.scale(100) == pytest.approx(0.1)


def test_the_sum_of_scaled_stable_weights_keeps_its_law():
    law = LevyStable(1.5)
    sums = law.scale(400) * law.sample((5000, 400), seed=4).sum(axis=1)
    assert stats.kstest(sums, law.cdf).pvalue > 1e-3


def test_the_cached_sampler_is_the_general_map():
    rng = np.random.default_rng(5)
    u, w = rng.random(100), rng.standard_exponential(100)
    for alpha in (0.4, 1.0, 1.7, 1.9999):
        fast = sample_symmetric_stable(alpha, 100, np.random.default_rng(5))
        general = stable_from_uniform_and_exponential(alpha, 0.0, u, w)
        np.testing.assert_allclose(fast, general, rtol=1e-12)


def test_large_samples_do_not_depend_on_the_number_of_threads(monkeypatch):
    many = LevyStable(1.5).sample(600_000, seed=6)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert (LevyStable(1.5).sample(600_000, seed=6) == many).all()
    assert np.unique(many).size == many.size  # no stream is used twice


def test_the_general_map_broadcasts_alpha():
    u, w = np.full(3, 0.8), np.ones(3)
    each = stable_from_uniform_and_exponential(np.array([0.8, 1.0, 1.5]), 0.3, u, w)
    single = [stable_from_uniform_and_exponential(a, 0.3, 0.8, 1.0) for a in (0.8, 1.0, 1.5)]
    np.testing.assert_allclose(each, single, rtol=1e-14)


def test_equal_seeds_give_equal_samples_and_different_seeds_do_not():
    law = LevyStable(1.5)
    assert (law.sample(50, seed=1) == law.sample(50, seed=1)).all()
    assert (law.sample(50, seed=1) != law.sample(50, seed=2)).all()
    generator = np.random.default_rng(1)
    assert (law.sample(50, generator) != law.sample(50, generator)).all()


def test_constant_and_mixture_moments():
    assert (Constant(-2.0).sample((2, 3)) == -2.0).all()
    mixture = Mixture((Gaussian(0.0, 1.0), Constant(4.0)), (0.75, 0.25))
    assert mixture.mean == 1.0
    assert mixture.variance == pytest.approx(0.75 * 1 + 0.25 * 16 - 1)
    assert Mixture((LevyStable(1.2), Gaussian())).tail_exponent == 1.2
    with pytest.raises(ParameterError, match="connect"):
        mixture.brian_expression()


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: LevyStable(0.0), r"alpha must be a finite number in \(0, 2\], got 0.0"),
        (lambda: LevyStable(2.1), "got 2.1; for alpha > 2 use LogNormal"),
        (lambda: LevyStable(float("nan")), "alpha.*got nan"),
        (lambda: LevyStable("1.5"), "alpha.*got '1.5'"),
        (lambda: LevyStable(1.5, 1.2), "beta"),
        (lambda: LevyStable(1.5, 0.5, "S2"), "did you mean|must be one of"),
        (lambda: LogNormal(0.0), "use Constant"),
        (lambda: Pareto(-1.0), "alpha"),
        (lambda: StudentT(math.inf), "nu"),
        (lambda: Mixture((Gaussian(),), (0.5,)), "probabilities"),
        (lambda: Mixture(()), "non-empty"),
        (lambda: Gaussian().sample(-1), "size"),
        (lambda: Gaussian().sample(3, seed=-1), "seed must be a non-negative integer"),
        (lambda: Gaussian().scale(0), "n must"),
        (lambda: LevyStable(0.01).sample(10_000, seed=1), "float64"),
    ],
)
def test_bad_arguments_are_named(build, message):
    with pytest.raises(ParameterError, match=message) as error:
        build()
    assert isinstance(error.value, HeavytailError)
    assert isinstance(error.value, ValueError)
