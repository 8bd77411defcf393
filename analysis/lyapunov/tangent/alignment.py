"""How far tangent vectors have turned into their own directions, from the stretches themselves.

A disturbance of column i along column j > i shrinks like R_jj / R_ii, so that the separation of the
summed logarithms over the warm-up says what is left of it: the gaps of the spectrum set the
warm-up, and what a short one leaves is an error with a size.
"""

import numpy as np

_ALIGNED = 1e-3  # left of a disturbance; its square enters the exponents
_PARTS = 10


def misalignment(log_stretches: np.ndarray, time: float) -> np.ndarray:
    """Return what imperfect alignment may change in exponents averaged over `time`.

    Parameters
    ----------
    log_stretches : (n, m) array
        ``ln R_ii`` of the warm-up.
    time : float
        Averaging time.

    Returns
    -------
    (m,) ndarray
        ``ln(1 + sum of the squared remainders) / 2`` over `time`, remainders toward slower and from
        faster columns: a vector at the angle a to its direction has lost ``ln cos a`` of its growth
        once it has turned.  The angles at the start count as 45 degrees.
    """
    totals = _finite_totals(np.asarray(log_stretches, dtype=np.float64))
    lead = totals[:, None] - totals[None, :]  # of column i before column j
    upper = np.triu(np.ones_like(lead, dtype=bool), 1)
    doubled = np.where(upper, -2.0 * lead, -np.inf)
    slower = np.logaddexp.reduce(doubled, axis=1, initial=0.0)
    faster = np.logaddexp.reduce(doubled, axis=0, initial=0.0)
    return (slower + faster) / 2.0 / time


def is_aligned(log_stretches: np.ndarray, lengths: np.ndarray, time: float) -> bool:
    """Tell whether a warm-up suffices for an average over `time`.

    It does where what is left of any disturbance is below 1e-3, or where its effect is smaller than
    the statistical error that the second half of the warm-up lets expect.

    Parameters
    ----------
    log_stretches : (n, m) array
    lengths : (n,) array
        Time of each stretch, in the unit of `time`.
    """
    left = misalignment(log_stretches, time)
    allowed = np.full_like(left, _ALIGNED**2 / time)
    later = len(lengths) // 2
    if len(lengths) - later >= _PARTS:
        parts = np.array_split(np.arange(later, len(lengths)), _PARTS)
        spans = np.array([lengths[p].sum() for p in parts])
        with np.errstate(invalid="ignore"):
            rates = np.array([log_stretches[p].sum(axis=0) for p in parts]) / spans[:, None]
            error = rates.std(axis=0, ddof=1) / np.sqrt(_PARTS) * np.sqrt(spans.sum() / time)
        allowed = np.maximum(allowed, np.nan_to_num(error))
    return bool((left <= allowed).all())


def _finite_totals(log_stretches: np.ndarray) -> np.ndarray:
    # a vanished direction (-inf) lies below all others, and two of them cannot be told apart
    return np.maximum(log_stretches, -1e6).sum(axis=0)
