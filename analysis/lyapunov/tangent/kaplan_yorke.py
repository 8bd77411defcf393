"""Numbers derived from a list of Lyapunov exponents: dimension, entropy, the neutral exponent.

The rules at the edges (no negative partial sum, a neutral largest exponent, all exponents
negative) live here once, for every route that produces exponents.
"""

import warnings

import numpy as np
from numpy.typing import ArrayLike

from heavytail_snn.core.arrays import check_no_unit
from heavytail_snn.core.errors import ParameterError, check_real


def kaplan_yorke_dimension(
    exponents: ArrayLike, *, complete: bool | None = None, zero_tolerance: float = 0.0
) -> float:
    """Return the Kaplan-Yorke dimension ``k + (lambda_1 + ... + lambda_k) / |lambda_{k+1}|``.

    ``k`` is the largest number of leading exponents whose sum is not negative.

    Parameters
    ----------
    exponents : (m,) array
        Plain numbers, in any order and all in one unit; ``-inf`` is allowed.
    complete : bool, optional
        Whether `exponents` is the whole spectrum.  It matters only where no partial sum is
        negative: the dimension is then ``m`` for a whole spectrum and nan for its leading part,
        because the number of computed exponents is no dimension.  Left out, the list is taken as
        whole, with a warning in that one case.
    zero_tolerance : float, optional
        Largest absolute value of an exponent that counts as the neutral exponent of an autonomous
        flow, in the unit of `exponents`.  Leave at 0 for maps and driven systems.

    Returns
    -------
    float
        0 if all exponents are negative, 1 if the largest one is the neutral exponent of a flow
        and the second is negative, nan if too few exponents are given.

    References
    ----------
    Kaplan & Yorke, Lecture Notes in Mathematics 730 (1979) 204, doi:10.1007/BFb0064319.

    Examples
    --------
    >>> kaplan_yorke_dimension([0.9, 0.0, -14.6], complete=True)
    2.0616438356164384
    >>> kaplan_yorke_dimension([0.9, 0.0], complete=False)
    nan
    """
    ordered = _descending(exponents)
    tolerance = check_real("zero_tolerance", zero_tolerance, low=0)
    if ordered[0] < -tolerance:
        return 0.0
    if largest_is_neutral(ordered, tolerance):
        return 1.0
    partial_sums = np.cumsum(ordered)
    negative = np.flatnonzero(partial_sums < 0)
    if negative.size == 0:
        return _saturated(ordered, complete)
    k = int(negative[0])
    if k == 0:
        # within the tolerance of zero and nothing known about the second exponent
        return _saturated(ordered, complete)
    return k + float(partial_sums[k - 1] / abs(ordered[k]))


def _saturated(ordered: np.ndarray, complete: bool | None) -> float:
    if complete is None:
        warnings.warn(
            f"no partial sum of the {ordered.size} exponents is negative; they are taken as the "
            "whole spectrum. Pass complete=True to confirm, complete=False to get nan",
            stacklevel=3,
        )
    return float("nan") if complete is False else float(ordered.size)


def entropy_rate(
    exponents: ArrayLike, *, complete: bool = False, zero_tolerance: float = 0.0
) -> float:
    """Return the sum of the positive exponents, an upper bound of the Kolmogorov-Sinai entropy.

    Parameters
    ----------
    exponents : (m,) array
        Plain numbers, in any order; the result is in their unit, in nats.
    complete : bool, optional
        Whether `exponents` is the whole spectrum.
    zero_tolerance : float, optional
        As in `kaplan_yorke_dimension`.

    Returns
    -------
    float
        nan if even the smallest exponent is positive or zero and the spectrum is not complete,
        because more positive ones may follow.

    References
    ----------
    Pesin, Russian Mathematical Surveys 32 (1977) 55, doi:10.1070/RM1977v032n04ABEH001639.

    Examples
    --------
    >>> entropy_rate([0.5, 0.25, -1.0])
    0.75
    """
    ordered = _descending(exponents)
    tolerance = check_real("zero_tolerance", zero_tolerance, low=0)
    if largest_is_neutral(ordered, tolerance):
        return 0.0
    if ordered[-1] >= 0 and not complete:
        return float("nan")
    return float(ordered[ordered > 0].sum())


def largest_is_neutral(ordered: np.ndarray, zero_tolerance: float) -> bool:
    """Tell whether the first of the descending exponents is the zero of an autonomous flow."""
    if zero_tolerance <= 0 or ordered.size < 2:
        return False
    return bool(abs(ordered[0]) <= zero_tolerance and ordered[1] < 0 and -ordered[1] >= ordered[0])


def _descending(exponents: ArrayLike) -> np.ndarray:
    check_no_unit("exponents", exponents)
    values = np.asarray(exponents)
    if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "iuf":
        raise ParameterError(
            "exponents", exponents, "must be a one-dimensional array of at least one real number"
        )
    values = values.astype(np.float64)
    if np.isnan(values).any() or np.isposinf(values).any():
        raise ParameterError(
            "exponents", exponents, "must not contain nan or +inf", "drop failed runs first"
        )
    return np.sort(values)[::-1]
