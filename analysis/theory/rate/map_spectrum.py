"""The whole Lyapunov spectrum of the Gaussian rate map, by free probability.

For odd phi the field is white in time, so the Jacobians' diagonal factors at different times are
asymptotically free of the random matrix; the spectrum follows from one average per exponent.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import interpolate, optimize, special, stats

from heavytail_snn.analysis.theory.numerics import gaussian
from heavytail_snn.analysis.theory.numerics.transfer import (
    Floats,
    Function,
    Phi,
    Transfer,
    as_transfer,
)
from heavytail_snn.analysis.theory.rate.map import RateMapTheory, gaussian_gain, rate_map
from heavytail_snn.core.errors import check_integer
from heavytail_snn.core.results import Estimate, Result, field_of


@dataclass(frozen=True, kw_only=True)
class RateMapSpectrumTheory(Result):
    """Lyapunov spectrum of the rate map for N to infinity, as a function of rank / N.

    Parameters
    ----------
    rank_fraction : (n,) ndarray
        Fraction p of exponents that are larger; the i-th of N sits at p = (i - 1/2) / N.
    exponents : (n,) ndarray
        Exponents at these ranks, per step, in descending order; minus infinity where phi is
        flat (a fraction P(phi' = 0) of all).
    largest_exponent : float
        Per step.
    kaplan_yorke_dimension_per_neuron, entropy_rate_per_neuron, positive_fraction : float
        Divided by N; the entropy rate in nats per step and neuron.
    residual : float
        Of the mean field: returned minus assumed field variance.
    mean_field : RateMapTheory
        The stationary state the spectrum belongs to, with the iteration's history.
    """

    rank_fraction: Floats = field_of(dims=("rank",), repr=False)
    exponents: Floats = field_of(unit="1/step", dims=("rank",), repr=False)
    largest_exponent: float = field_of(unit="1/step", quantity="largest_exponent")
    kaplan_yorke_dimension_per_neuron: float = field_of(
        quantity="kaplan_yorke_dimension_per_neuron"
    )
    entropy_rate_per_neuron: float = field_of(unit="1/step", quantity="entropy_rate_per_neuron")
    positive_fraction: float = field_of(quantity="positive_fraction")
    residual: float = field_of()
    mean_field: RateMapTheory = field_of(repr=False)

    def of_network(self, n_neurons: int) -> tuple[Estimate, ...]:
        """Return the predictions for a network of `n_neurons`, extensive numbers multiplied by N.

        The theory itself has no finite-size corrections.
        """
        n_neurons = check_integer("n_neurons", n_neurons, low=1)
        source = type(self).__name__
        extensive = {
            "kaplan_yorke_dimension": (self.kaplan_yorke_dimension_per_neuron, ""),
            "entropy_rate": (self.entropy_rate_per_neuron, "1/step"),
        }
        return (
            Estimate("largest_exponent", self.largest_exponent, unit="1/step", source=source),
            Estimate("positive_fraction", self.positive_fraction, source=source),
            *(
                Estimate(name, n_neurons * value, unit=unit, source=source)
                for name, (value, unit) in extensive.items()
            ),
        )


def rate_map_spectrum(
    g: float,
    *,
    n_exponents: int = 1000,
    noise: float = 0.0,
    phi: Phi = "tanh",
    derivative: Function | None = None,
    convention: str = "gaussian",
    refine: int = 1,
) -> RateMapSpectrumTheory:
    """Return the Lyapunov spectrum of the rate map in the limit of many neurons.

    Parameters
    ----------
    g : float
        Gain, in the Gaussian convention (variance g^2/N) unless `convention` says "stable".
    n_exponents : int
        Number of ranks p = (i - 1/2) / n_exponents returned; a network of this size has its
        exponents there.
    noise, phi, derivative, convention, refine :
        As for `rate_map`.

    Returns
    -------
    RateMapSpectrumTheory

    Raises
    ------
    ParameterError
        As `rate_map`.

    Notes
    -----
    With D = phi'(x)^2 over the field: lambda(p) = (1/2) ln(g^2 p / y), E[y D / (1 + y D)] = p.
    For D = 1 this is Newman's law (1/2) ln(g^2 (1 - p)) for products of Gaussian matrices
    (Commun. Math. Phys. 103, 121 (1986)).

    Examples
    --------
    >>> round(rate_map_spectrum(2.0).kaplan_yorke_dimension_per_neuron, 3)
    0.258
    """
    n_exponents = check_integer("n_exponents", n_exponents, low=1)
    refine = check_integer("refine", refine, low=1)
    transfer = as_transfer(phi, derivative)
    mean_field = rate_map(g, noise=noise, phi=transfer, convention=convention, refine=refine)
    log_gain = math.log(gaussian_gain(g, convention))
    log_y, log_p, log_q = _rank_equation(transfer, mean_field.field_variance, n_exponents, refine)
    exponents = log_gain + 0.5 * (log_p - log_y)
    ranks = (np.arange(n_exponents) + 0.5) / n_exponents
    # ln y against ln(p / (1 - p)) is nearly a straight line
    inverse = interpolate.PchipInterpolator(log_p - log_q, log_y, extrapolate=False)
    log_y_at_rank = inverse(np.log(ranks) - np.log1p(-ranks))
    at_rank = log_gain + 0.5 * (np.log(ranks) - log_y_at_rank)
    dimension, entropy, positive = _summary(log_y, np.exp(log_p), exponents)
    return RateMapSpectrumTheory(
        rank_fraction=ranks,
        exponents=np.where(np.isnan(at_rank), -np.inf, at_rank),
        largest_exponent=mean_field.largest_exponent,
        residual=mean_field.residual,
        mean_field=mean_field,
        parameters=mean_field.parameters | {"n_exponents": n_exponents},
        kaplan_yorke_dimension_per_neuron=dimension,
        entropy_rate_per_neuron=entropy,
        positive_fraction=positive,
    )


def _rank_equation(
    transfer: Transfer, variance: float, n_exponents: int, refine: int
) -> tuple[Floats, Floats, Floats]:
    """Return ln y, ln p(y) and ln(1 - p(y)) on a grid that reaches the last rank.

    p(y) = E[y D / (1 + y D)] rises from 0 to P(D > 0).
    """
    x, weights = gaussian.gaussian_nodes(variance, refine=refine)
    # phi is odd, so D is even: half of the nodes do
    half = x >= 0
    x, weights = x[half], weights[half] * np.where(x[half] > 0, 2.0, 1.0)
    slope = np.abs(transfer.derivative(x))
    with np.errstate(divide="ignore"):
        log_d = 2.0 * np.log(slope)
    # D among the n draws of a network is hardly ever below its value at this quantile
    seen = np.abs(x) <= math.sqrt(variance) * stats.norm.isf(0.05 / n_exponents)
    last = 10.0 + math.log(n_exponents) - np.min(log_d[seen & np.isfinite(log_d)])
    fine = np.arange(-25.0, 20.0, 0.05 / refine)
    coarse = 20.0 + max(last - 20.0, 1.0) * np.linspace(0.0, 1.0, 600 * refine)[1:] ** 2
    log_y = np.concatenate([fine, fine[-1] - 20.0 + coarse])
    log_p, log_q = np.empty_like(log_y), np.empty_like(log_y)
    for index, value in enumerate(log_y):
        above = special.expit(value + log_d)
        log_p[index], log_q[index] = math.log(weights @ above), math.log(weights @ (1.0 - above))
    return log_y, log_p, log_q


def _summary(log_y: Floats, p: Floats, exponents: Floats) -> tuple[float, float, float]:
    """Return dimension, entropy rate and positive fraction, all divided by N.

    Integrals over p run over ln y, where everything is smooth.
    """
    if exponents[0] <= 0:
        return 0.0, 0.0, 0.0
    rank = interpolate.CubicSpline(log_y, p)
    spectrum = interpolate.CubicSpline(log_y, exponents)
    density = exponents * rank.derivative()(log_y)
    # before the first point all exponents equal the largest
    partial_sum = interpolate.CubicSpline(log_y, density).antiderivative()
    start = exponents[0] * p[0]
    zero = optimize.brentq(spectrum, log_y[0], log_y[-1])
    dimension = 1.0
    if partial_sum(log_y[-1]) + start < 0:
        edge = optimize.brentq(lambda t: partial_sum(t) + start, zero, log_y[-1])
        dimension = float(rank(edge))
    return dimension, float(partial_sum(zero) + start), float(rank(zero))
