"""Threshold units +-1 and 0/1 in one form: what one update does to the overlap of two replicas.

A unit is set to the sign (or step) of field plus noise.  For two replicas whose total inputs have
correlation 1 - eps, the lost overlap is an integral over an angle, free of cancellation however
small eps is.  Everything in the binary theories follows from this one function.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from heavytail_snn.analysis.theory.numerics.self_consistency import largest_stable_root
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.core.errors import ParameterError, check_choice, check_real

UNITS = ("sign", "zero_one")
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)
_NODES, _WEIGHTS = (_NODES + 1.0) / 2.0, _WEIGHTS / 2.0
_SMALLEST = 1e-300
_LEAST_ACTIVITY = 1e-25


@dataclass(frozen=True)
class BinaryUnits:
    """Stationary input statistics of binary units, and their overlap map.

    Parameters
    ----------
    kind : {"sign", "zero_one"}
        Values +-1, or 0 and 1.
    amplitude : float
        4 for +-1 units, whose squared differences are four times those of 0/1 units, else 1.
    zeta : float
        Mean input minus threshold, in standard deviations of the input.
    weight : float
        Share of the input's variance that a unit of overlap carries, g^2 / variance.
    input_share, noise_share : float
        Shares of the variance due to the stimulus and to the threshold noise.
    input_sd : float
        Standard deviation of field, stimulus and noise together.
    mean_activity, mean_square : float
        <S> and <S^2> = Q(0).
    history : (m, 2) ndarray
        Iterations of the mean activity and its residual; empty for +-1 units.
    several : bool
        Whether further self-consistent mean activities exist (the largest is used).
    """

    kind: str
    amplitude: float
    zeta: float
    weight: float
    input_share: float
    noise_share: float
    input_sd: float
    mean_activity: float
    mean_square: float
    history: Floats
    several: bool = False

    def gap(self, eps: Floats | float) -> Floats:
        """Return the distance of the new states of two replicas with input correlation 1 - eps.

        Parameters
        ----------
        eps : array_like
            In [0, 2].
        """
        half_angle = np.arcsin(np.sqrt(np.asarray(eps, dtype=float) / 2.0))
        if self.zeta == 0.0:
            return self.amplitude / math.pi * half_angle
        angles = 2.0 * half_angle[..., None] * _NODES
        mean = np.exp(-(self.zeta**2) / (1.0 + np.cos(angles))) @ _WEIGHTS
        return self.amplitude / math.pi * half_angle * mean

    def product(self, low: float, rise: Floats) -> Floats:
        """Return f(low + rise) - f(low), f(Q) the mean product of new states for overlap Q.

        Without cancellation for small rises; `rise` is an array of any shape.
        """
        start, end = self.weight * low, self.weight * (low + rise)
        # the difference of two arcsines by the half-angle tangent; rounding may put `end` above 1
        cosines = math.sqrt(1.0 - start**2) + np.sqrt(np.maximum(1.0 - end**2, 0.0))
        angle = 2.0 * np.arctan(self.weight * rise / cosines)
        if self.zeta == 0.0:
            return self.amplitude / (2.0 * math.pi) * angle
        angles = math.asin(start) + angle[..., None] * _NODES
        mean = np.exp(-(self.zeta**2) / (1.0 + np.sin(angles))) @ _WEIGHTS
        return self.amplitude / (2.0 * math.pi) * angle * mean

    @property
    def kappa(self) -> float:
        """Coefficient of the square-root law gap = kappa sqrt(d) at small distance d."""
        return (
            self.amplitude
            / (math.pi * math.sqrt(2.0))
            * math.sqrt(self.weight)
            * math.exp(-(self.zeta**2) / 2.0)
        )

    @property
    def mean_slope(self) -> float:
        """Mean derivative <phi'> of the unit's transfer function with respect to its field."""
        step = 2.0 if self.kind == "sign" else 1.0
        density = math.exp(-(self.zeta**2) / 2.0) / math.sqrt(2.0 * math.pi)
        return step * density / self.input_sd

    def distance_of_flips(self, n_flips: float, n_neurons: int) -> float:
        """Return the distance of two replicas that differ in `n_flips` of `n_neurons` units."""
        return self.amplitude * n_flips / (2.0 * n_neurons)


def binary_units(
    g: float,
    s: float,
    *,
    kind: str = "sign",
    mean_coupling: float = 0.0,
    threshold: float = 0.0,
    stimulus_sd: float = 0.0,
) -> BinaryUnits | None:
    """Return the stationary units, or None where no active state exists (0/1 units only).

    Parameters
    ----------
    g, s : float
        Standard deviation scale of the weights (variance g^2/N, Gaussian convention) and of the
        threshold noise.
    kind : {"sign", "zero_one"}
    mean_coupling, threshold : float
        J0 (weights have mean J0/N) and threshold of 0/1 units; must be 0 for +-1 units.
    stimulus_sd : float
        Standard deviation over neurons of a frozen external input.

    Raises
    ------
    ParameterError
        For negative g, s or stimulus_sd, all three zero, J0 or threshold with +-1 units, or a
        threshold that leaves less activity than the overlaps of replicas resolve.
    """
    g, s = check_real("g", g, low=0, high=1e100), check_real("s", s, low=0, high=1e100)
    stimulus_sd = check_real("stimulus_sd", stimulus_sd, low=0)
    remedy = "give the noise s a positive value; a unit needs some input"
    check_real("g + s + stimulus_sd", g + s + stimulus_sd, low=0, open_low=True, remedy=remedy)
    if check_choice("units", kind, UNITS) == "sign":
        remedy = 'sign units are symmetric; use units="zero_one"'
        check_real("mean_coupling", mean_coupling, low=0, high=0, remedy=remedy)
        check_real("threshold", threshold, low=0, high=0, remedy=remedy)
        return _units(kind, g, s, stimulus_sd, 0.0, 1.0, 0.0)
    mean_coupling = check_real("mean_coupling", mean_coupling)
    threshold = check_real("threshold", threshold)

    def zeta(activity: Floats | float) -> Floats | float:
        return (mean_coupling * activity - threshold) / np.sqrt(
            s**2 + stimulus_sd**2 + g**2 * activity
        )

    grid = np.concatenate([np.geomspace(_SMALLEST, 1e-3, 300), np.linspace(1e-3, 1.0, 1000)[1:]])
    found = largest_stable_root(lambda m: float(special.ndtr(zeta(m)) - m), grid, tolerance=1e-15)
    if found is None:
        return None
    excess = special.ndtr(zeta(grid)) - grid
    several = np.count_nonzero((excess[:-1] > 0) & (excess[1:] <= 0)) > 1
    m, history = found
    if m < _LEAST_ACTIVITY:
        raise ParameterError(
            "threshold", threshold,
            f"must leave a mean activity above {_LEAST_ACTIVITY:g}, and leaves {m:.2g}",
            "lower the threshold, or raise g or s",
        )  # fmt: skip
    return _units(kind, g, s, stimulus_sd, m, m, float(zeta(m)), history, bool(several))


def _units(
    kind: str,
    g: float,
    s: float,
    stimulus_sd: float,
    mean_activity: float,
    mean_square: float,
    zeta: float,
    history: Floats | None = None,
    several: bool = False,
) -> BinaryUnits:
    variance = s**2 + stimulus_sd**2 + g**2 * mean_square
    return BinaryUnits(
        kind=kind,
        amplitude=4.0 if kind == "sign" else 1.0,
        zeta=zeta,
        weight=g**2 / variance,
        input_share=stimulus_sd**2 / variance,
        noise_share=s**2 / variance,
        input_sd=math.sqrt(variance),
        mean_activity=mean_activity,
        mean_square=mean_square,
        history=np.empty((0, 2)) if history is None else history,
        several=several,
    )
