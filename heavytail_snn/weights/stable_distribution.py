"""Density and distribution function of stable laws: closed forms, scipy, and the tail series.

scipy's integrals return 0 some hundred scales from the centre, where a stable law still has its
power-law tail; there the series in 1/x takes over.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

# Scales from the centre where the series takes over; its terms fall by x^-alpha each.
_FAR = 50.0
_TERMS = np.arange(1, 31)


class StableDistribution:
    """A stable law at unit scale, parametrisation S1 shifted by `location`.

    Parameters
    ----------
    alpha, beta : float
        Checked by the caller.
    location : float
    """

    def __init__(self, alpha: float, beta: float, location: float = 0.0) -> None:
        self.alpha, self.beta, self.location = alpha, beta, location
        self.closed: Any = None
        if alpha == 2:
            self.closed = stats.norm(scale=math.sqrt(2))
        elif alpha == 1 and beta == 0:
            self.closed = stats.cauchy()

    def pdf(self, x: Floats) -> Floats:
        """Probability density at `x`."""
        y = np.asarray(x, dtype=float) - self.location
        if self.closed is not None:
            return self.closed.pdf(y)
        far = self._far(y)
        values = np.empty_like(y)
        values[~far] = stats.levy_stable.pdf(y[~far], self.alpha, self.beta)
        values[far] = self._series(y[far], derivative=True)
        return values

    def cdf(self, x: Floats) -> Floats:
        """Cumulative probability at `x`."""
        y = np.asarray(x, dtype=float) - self.location
        if self.closed is not None:
            return self.closed.cdf(y)
        far = self._far(y)
        values = np.empty_like(y)
        values[~far] = stats.levy_stable.cdf(y[~far], self.alpha, self.beta)
        tail = self._series(y[far], derivative=False)
        values[far] = np.where(y[far] > 0, 1 - tail, tail)
        return values

    def _far(self, y: Floats) -> NDArray[np.bool_]:
        # the series has no limit at alpha = 1 with skewness, where scipy has the tail right
        return np.zeros(y.shape, bool) if self.alpha == 1 else np.abs(y) > _FAR

    def _series(self, y: Floats, *, derivative: bool) -> Floats:
        """Return P(X > y) for y > 0 and P(X < y) for y < 0, or the density.

        P(X > x) = (1/pi) sum_k (-1)^(k+1) Gamma(k alpha) / k! (1 + z^2)^(k/2)
        sin(k (pi alpha / 2 + atan z)) x^(-k alpha), z = beta tan(pi alpha / 2) (Nolan 2020,
        section 3.6); for x < 0 with -beta.
        """
        z = np.sign(y)[:, None] * self.beta * math.tan(math.pi * self.alpha / 2)
        order = _TERMS * self.alpha
        log_size = special.gammaln(order + derivative) - special.gammaln(_TERMS + 1)
        log_size = log_size + 0.5 * _TERMS * np.log1p(z * z)
        log_size = log_size - (order + derivative) * np.log(np.abs(y)[:, None])
        phase = np.sin(_TERMS * (math.pi * self.alpha / 2 + np.arctan(z)))
        terms = -((-1.0) ** _TERMS) * phase * np.exp(log_size)
        return terms.sum(axis=1) / math.pi
