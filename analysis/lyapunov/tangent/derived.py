"""What a list of exponents with errors says: the neutral one, dimension, entropy, agreement.

Everything here knows the errors; the rules for exact numbers are those of `kaplan_yorke`.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from heavytail_snn.analysis.lyapunov.tangent.kaplan_yorke import (
    entropy_rate,
    kaplan_yorke_dimension,
    largest_is_neutral,
)

_ERRORS = 3.0  # standard errors within which a number counts as undecided
_NEUTRAL = 5.0  # the zero of an autonomous run of length T is seen to about this over T


@dataclass(frozen=True)
class Neutral:
    """The zero exponent of an autonomous system, if the run shows one, and its tolerance."""

    index: int | None
    tolerance: float

    def fields(self, exponents: np.ndarray) -> dict[str, Any]:
        """Return the fields of a `LyapunovSpectrum` that speak of it."""
        if self.index is None:
            return {"zero_index": None, "zero_value": None, "lambda_max_nontrivial": None}
        others = np.delete(exponents, self.index)
        return {
            "zero_index": self.index,
            "zero_value": float(exponents[self.index]),
            "lambda_max_nontrivial": float(others[0]) if others.size else None,
        }


def neutral(exponents: np.ndarray, error: np.ndarray, total: float, autonomous: bool) -> Neutral:
    """Find the zero exponent of an autonomous system and the tolerance that goes with it."""
    if not autonomous:
        return Neutral(None, 0.0)
    index = int(np.argmin(np.abs(exponents)))
    tolerance = max(_ERRORS * float(np.nan_to_num(error[index])), _NEUTRAL / total)
    # at a fixed point, or where the computed part does not reach down to zero, there is none
    return Neutral(index if abs(exponents[index]) <= tolerance else None, tolerance)


def dimension_range(
    exponents: np.ndarray,
    error: np.ndarray,
    sum_error: np.ndarray,
    zero: Neutral,
    complete: bool,
) -> tuple[float, float] | None:
    """Return the dimensions that undecided signs allow, None where they decide nothing.

    Without a sum of leading exponents that is positive beyond its error, the dimension jumps by
    whole numbers with the sign of those about zero (of all but the neutral one of an autonomous
    system).

    Parameters
    ----------
    exponents, error, sum_error : (m,) arrays
        Descending, with standard errors, and those of the sums of the first 1, 2, ..., m.
    zero : Neutral
    complete : bool

    Returns
    -------
    (low, high) or None
        `high` is nan where more exponents are needed to bound it.
    """
    floor = zero.tolerance if zero.index is not None else 0.0
    margin = np.maximum(_ERRORS * np.nan_to_num(error), floor)
    open_sign = np.abs(exponents) <= margin
    count = np.arange(1, exponents.size + 1)
    sum_margin = np.maximum(_ERRORS * np.nan_to_num(sum_error), floor * count)
    decided = (exponents > margin).any() or (np.cumsum(exponents) > sum_margin).any()
    if zero.index is not None:
        open_sign[zero.index] = False
    # exact zeros, as of a rotation, leave nothing open
    open_sign &= margin > 0
    if decided or not open_sign.any():
        return None
    ends = []
    for sign in (-1.0, 1.0):
        values = np.where(open_sign, sign * margin, exponents)
        if zero.index is not None:
            values[zero.index] = 0.0
        ends.append(kaplan_yorke_dimension(values, complete=complete, zero_tolerance=0.0))
    return ends[0], ends[1]


def dimension_and_entropy(
    exponents: np.ndarray,
    error: np.ndarray,
    turned: np.ndarray,
    block_exponents: np.ndarray,
    complete: bool,
    zero: Neutral,
    total: float,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return dimension and entropy with block errors, and warnings if they look biased.

    `turned` is the part of `error` from the alignment of the vectors: what one exponent gains by it
    another loses, so that of a sum of the first j only the j-th counts.  Where undecided signs
    decide the dimension, its error reaches both ends of the range.
    """
    values: dict[str, Any] = {}
    notes: tuple[str, ...] = ()
    n_blocks = len(block_exponents)
    alone = largest_is_neutral(exponents, zero.tolerance)
    # a block of a run with a neutral largest exponent has one too, only less well resolved
    slack = max(zero.tolerance, _NEUTRAL * n_blocks / total) if alone else 0.0
    for name, function in (
        ("kaplan_yorke_dimension", kaplan_yorke_dimension),
        ("entropy_rate", entropy_rate),
    ):
        value = function(exponents, complete=complete, zero_tolerance=zero.tolerance)
        per_block = np.array(
            [function(b, complete=complete, zero_tolerance=slack) for b in block_exponents]
        )
        spread = float(block_standard_error(per_block[:, None])[0])
        values |= {name: value, f"{name}_standard_error": spread}
        bias = abs(per_block.mean() - value)
        if np.isfinite(spread) and bias > max(2 * spread, 1e-9 * abs(value)):
            notes += (f"{name}: block mean off by {bias:.3g} (> 2 standard errors): run longer",)
    sum_error = np.hypot(block_standard_error(np.cumsum(block_exponents, axis=1)), turned)
    ends = dimension_range(exponents, error, sum_error, zero, complete)
    if ends is None:
        return values, notes
    value = values["kaplan_yorke_dimension"]
    # a nan in the range, where more exponents are needed to bound it, leaves no error
    reach = np.max(
        [values["kaplan_yorke_dimension_standard_error"], *np.abs(np.array(ends) - value)]
    )
    values["kaplan_yorke_dimension_standard_error"] = float(reach)
    return values, (*notes, _open(*ends))


def _open(low: float, high: float) -> str:
    reach = "more" if math.isnan(high) else f"{high:.4g}"
    return (
        "exponents about zero have no sign beyond their error: the Kaplan-Yorke dimension may lie "
        f"between {low:.4g} and {reach}; run longer"
    )


def block_standard_error(block_values: np.ndarray) -> np.ndarray:
    """Return the standard error over the first axis, nan where a block is not finite."""
    usable = np.isfinite(block_values).all(axis=0)
    spread = np.where(usable, block_values, 0.0).std(axis=0, ddof=1)
    return np.where(usable, spread / np.sqrt(len(block_values)), np.nan)


def halves_agree(block_values: np.ndarray, allowed: np.ndarray) -> bool:
    """Tell whether the two halves of the blocks agree in every column.

    The bound is three standard errors for one column, and widens with their number so that a sound
    run fails as rarely (Bonferroni, Student's t).

    Parameters
    ----------
    block_values : (n_blocks, m) array
        Columns with -inf in a block are left out; the first must be finite.
    allowed : (m,) array
        Systematic differences that are accounted for elsewhere.
    """
    finite = np.isfinite(block_values).all(axis=0)
    if not finite[0] or len(block_values) < 4:
        return False
    values, allowed = block_values[:, finite], allowed[finite]
    first, second = np.array_split(values, 2)
    error = np.hypot(
        first.std(axis=0, ddof=1) / len(first) ** 0.5,
        second.std(axis=0, ddof=1) / len(second) ** 0.5,
    )
    freedom = len(values) - 2
    bound = -stdtrit(freedom, stdtr(freedom, -_ERRORS) / values.shape[1])
    rounding = 1e-12 * max(1.0, float(np.abs(values).max()))
    apart = np.abs(first.mean(axis=0) - second.mean(axis=0))
    return bool((apart <= bound * error + 2 * allowed + rounding).all())
