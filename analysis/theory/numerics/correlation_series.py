"""E[phi(x) phi(y)] for a Gaussian pair, as a power series in the covariance (Hermite expansion).

With cov(x, y) = D and equal variances D0, f(D) = sum_n a_n^2 (D/D0)^n; its derivative is
E[phi' phi'] (Price's theorem) and its integral is the potential of the rate-flow theory.
"""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from heavytail_snn.analysis.theory.numerics.gaussian import mean_square, mean_square_slope
from heavytail_snn.analysis.theory.numerics.transfer import Floats, Transfer


@lru_cache(maxsize=2)
def _hermite_functions(n_max: int, step: float) -> tuple[Floats, Floats]:
    """Return z and the odd Hermite functions he_n(z) npdf(z) / sqrt(npdf(z)), n = 1, 3, ..., n_max.

    The recurrence runs on he_n sqrt(npdf), since the bare polynomials overflow.
    """
    # the functions reach out to 2 sqrt(n), but meet a factor sqrt(npdf(z)) in every integral
    z = np.arange(0.0, 14.0, step)
    previous = np.zeros_like(z)
    current = np.exp(-(z**2) / 4.0) / (2.0 * math.pi) ** 0.25
    table = np.empty(((n_max + 1) // 2, len(z)))
    for n in range(n_max):
        following = (z * current - math.sqrt(n) * previous) / math.sqrt(n + 1.0)
        previous, current = current, following
        if n % 2 == 0:
            table[n // 2] = current
    return z, table


@dataclass(frozen=True)
class CorrelationSeries:
    """The functions f, f' and F = int_0 f of an odd phi at one variance.

    Parameters
    ----------
    variance : float
        D0.
    coefficients : (n,) ndarray
        a_m of the odd orders m = 1, 3, 5, ...
    rest : float
        <phi^2> less the sum of a_m^2: one more term, of twice the highest order, carries it.
    error : float
        Of the slope at D0, where the series converges most slowly, relative to <phi'^2>, which is
        known without it.  Values are better, by about the square of the highest order.
    """

    variance: float
    coefficients: Floats
    rest: float
    error: float = 0.0

    @property
    def orders(self) -> Floats:
        """The orders m, the last one standing for all that were left out."""
        orders = 2.0 * np.arange(len(self.coefficients)) + 1.0
        return np.append(orders, 2.0 * orders[-1])

    @property
    def squares(self) -> Floats:
        """The terms a_m^2, ending with the rest; their sum is <phi^2>."""
        return np.append(self.coefficients**2, self.rest)

    def value(self, covariance: Floats) -> Floats:
        """Return f(D) = E[phi(x) phi(y)]."""
        return self._sum(self.squares, covariance, 0)

    def slope(self, covariance: Floats) -> Floats:
        """Return f'(D) = E[phi'(x) phi'(y)]."""
        return self._sum(self.squares * self.orders / self.variance, covariance, -1)

    def integral(self, covariance: Floats) -> Floats:
        """Return F(D), the integral of f from 0."""
        return self._sum(self.variance * self.squares / (self.orders + 1.0), covariance, 1)

    def variance_response(self, covariance: Floats) -> Floats:
        """Return h(D) = E[phi(x) phi''(y)] / 2, the change of f with the variance of y alone."""
        odd = self.orders[:-1]
        # phi'' has the coefficients a_(m+2) sqrt((m+1)(m+2)) / D0
        second = self.coefficients[1:] * np.sqrt(odd[1:] * (odd[1:] - 1.0)) / self.variance
        terms = np.append(self.coefficients[:-1] * second, 0.0) / 2.0
        return self._sum(np.append(terms, 0.0), covariance, 0)

    def missing_integral(self, log_ratio: Floats) -> Floats:
        """Return F(D0) - F(D) at D = D0 exp(log_ratio), without cancellation near D = D0."""
        powers = self.orders + 1.0
        terms = self.variance * self.squares / powers
        return -np.expm1(powers * log_ratio[:, None]) @ terms

    def _sum(self, terms: Floats, covariance: Floats, shift: int) -> Floats:
        """Sum terms * (D/D0)^(order + shift): Horner in the square, the last term on its own."""
        ratio = np.asarray(covariance, dtype=float) / self.variance
        series = np.polynomial.polynomial.polyval(ratio**2, terms[:-1], tensor=False)
        tail = terms[-1] * np.sign(ratio) * np.abs(ratio) ** self.orders[-1]
        if shift == -1:
            return series + terms[-1] * np.abs(ratio) ** (self.orders[-1] - 1.0)
        if shift == 1:
            return series * ratio**2 + ratio * tail
        return series * ratio + tail


def series_order(variance: float) -> int:
    """Return the highest order worth computing: a_n^2 ~ exp(-pi sqrt(2n / D0)) for tanh."""
    needed = 40.0 * variance
    # beyond, even 1200 orders do not converge near D = D0, and the remainder carries the rest
    return 300 if needed <= 300 else 600 if needed <= 600 or variance > 400 else 1200


def correlation_series(
    transfer: Transfer, variance: float, *, n_max: int | None = None
) -> CorrelationSeries:
    """Expand E[phi(x) phi(y)] of an odd phi at the given variance.

    Parameters
    ----------
    transfer : Transfer
        Odd.
    variance : float
        D0 > 0.
    n_max : int, optional
        Highest order; default `series_order`.
    """
    n_max = series_order(variance) if n_max is None else n_max
    step = 2.0 ** min(-7, math.floor(math.log2(0.2 / math.sqrt(variance))))
    z, table = _hermite_functions(n_max, step)
    density = np.exp(-(z**2) / 4.0) / (2.0 * math.pi) ** 0.25
    # phi is odd: the half line counts twice and z = 0 does not count
    coefficients = 2.0 * step * (table @ (density * transfer.value(math.sqrt(variance) * z)))
    rest = mean_square(transfer, variance) - float(coefficients @ coefficients)
    series = CorrelationSeries(variance, coefficients, max(rest, 0.0))
    exact = mean_square_slope(transfer, variance)
    error = abs(float(series.slope(np.array(variance))) / exact - 1.0)
    return replace(series, error=error)
