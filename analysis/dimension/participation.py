"""Participation ratio (tr C)^2 / tr C^2: how many directions carry the variance.

The plain estimate is biased down because the sample covariance has noise eigenvalues; products
taken only across independent blocks of samples have no such noise in their mean.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.dimension.block_moments import block_moments, fits
from heavytail_snn.analysis.dimension.covariance_products import (
    RatioTerms,
    cross_block_terms,
    naive_terms,
)
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording, is_spikes
from heavytail_snn.recording.quality import provenance_warnings
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.windows import Windows, counts_in

# magnitudes whose fourth powers, summed over many units, stay finite and normal
SMALLEST, LARGEST = 1e-70, 1e70
NO_VARIANCE = "no variance: the participation ratio of a fixed point is undefined (0/0)"


@dataclass(frozen=True, kw_only=True)
class ParticipationRatio(Result):
    """Participation ratio of a cloud of samples, with its jackknife standard error.

    Parameters
    ----------
    participation_ratio, standard_error : float
        Absolute, between 1 and the number of units for the true covariance; nan at a fixed point,
        where there is no variance (0/0), with a warning.
    participation_ratio_per_neuron, standard_error_per_neuron : float
        The same divided by the number of units.
    squared_trace, trace_of_square : float
        The numerator and the denominator, (tr C)^2 and tr C^2; average these, not the ratios,
        over repetitions.
    effective_samples : float
        Number of independent samples that the difference between the naive and the cross-block
        estimate amounts to; nan for the naive method.  Much less than `n_samples` where samples
        are autocorrelated.
    n_samples, n_units, n_blocks : int
    """

    participation_ratio: float = field_of(quantity="participation_ratio", error="standard_error")
    standard_error: float = field_of()
    participation_ratio_per_neuron: float = field_of(
        quantity="participation_ratio_per_neuron", error="standard_error_per_neuron"
    )
    standard_error_per_neuron: float = field_of()
    squared_trace: float = field_of()
    trace_of_square: float = field_of()
    effective_samples: float = field_of(default=float("nan"))
    n_samples: int
    n_units: int
    n_blocks: int


def participation_ratio(
    x: Any,
    *,
    method: str = "cross_block",
    center: bool = True,
    n_blocks: int = 10,
    bin_size: Any = None,
    t_start: Any = None,
    t_stop: Any = None,
) -> ParticipationRatio:
    """Estimate the participation ratio (tr C)^2 / tr C^2 of the covariance C.

    Parameters
    ----------
    x : (n_samples, n_units) array_like, or spikes
        Samples in the order of time; or a Recording, a neo object or a list of spike times in
        seconds, which are counted in bins of `bin_size`.
    method : {"cross_block", "naive"}
        "naive" is the plain ratio of the sample covariance.  "cross_block" cuts the samples into
        contiguous blocks and multiplies only covariances of different blocks:
        mean tr C_b tr C_b' / mean tr(C_b C_b') over all pairs b != b'.
    center : bool
        Subtract the mean (of each block for "cross_block").  False gives the ratio of the second
        moments about zero, a different quantity that the mean pattern dominates.
    n_blocks : int
        Number of blocks, at least 3, also those of the jackknife.  A block must be longer than the
        correlation time, or neighbouring blocks share noise.
    bin_size : float or quantity of time, optional
        Required for spikes, refused for arrays.  Bins lie inside the times in which all units were
        watched; an incomplete last one is left out.
    t_start, t_stop : float or quantity, optional
        Limits of the run where `x` are plain spike times.

    Returns
    -------
    ParticipationRatio

    Raises
    ------
    ParameterError
        If `x` is not a finite real array of two dimensions, or has fewer than two samples a block.
    RecordingError, UnitError
        If spikes are refused, see `heavytail_snn.recording.inputs.as_recording`.

    Notes
    -----
    For P independent Gaussian samples, with n = P - 1, the sample covariance has
    E tr C^2 = (1 + 1/n) tr C^2 + (tr C)^2 / n, so that

        1 / PR_naive ~ (1 + 1/n) / PR + 1/n,

    and PR_naive saturates at n however large the dimension is.  Unbiased covariances (divisor
    P_b - 1) of independent blocks obey E tr(C_b C_b') = tr C^2 and E tr C_b tr C_b' = (tr C)^2
    exactly.  The square of the mean trace would not do: it holds the traces' own variance,
    2 tr C^2 / P, and is too large by the factor 1 + 2 / (PR P); hence the product across blocks in
    the numerator too.  What remains is the bias of a ratio, of the order of its relative variance.

    The jackknife error is exact to first order where a few directions dominate, and too large, by a
    factor of about 1.6 for ten blocks, where the spectrum is flat: there the blocks' products are
    uncorrelated, and leaving out one block changes two sums.

    With more units than samples the Gram matrix of the samples replaces the covariance.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> x = rng.normal(size=(200, 50))
    >>> naive = participation_ratio(x, method="naive")
    >>> cross = participation_ratio(x)
    >>> round(naive.participation_ratio), abs(cross.participation_ratio - 50) < 3
    (40, True)
    """
    check_choice("method", method, ("cross_block", "naive"))
    n_blocks = check_integer("n_blocks", n_blocks, low=3)
    recording, windows = None, None
    warnings: tuple[str, ...] = ()
    if bin_size is not None:
        recording, windows = counted(x, bin_size, t_start, t_stop, 2 * n_blocks)
        warnings = provenance_warnings(recording) + unshared_time(recording)
    if (
        recording is not None
        and windows is not None
        and method == "cross_block"
        and fits(recording.n_units, n_blocks, windows.n)
    ):
        n_samples, n_units = windows.n, recording.n_units
        moments = block_moments(recording, windows, n_blocks)
        terms = moments.terms(center=center)
        varies = moments.varies if center else bool(moments.sums.any())
    else:
        if recording is not None and windows is not None:
            samples = counts_in(recording, windows).astype(np.float64)
        else:
            samples = _samples(x, t_start, t_stop)
        n_samples, n_units = samples.shape
        _check_scale_and_size(samples, n_blocks)
        kernel = cross_block_terms if method == "cross_block" else naive_terms
        terms = kernel(samples, n_blocks, center=center)
        # rounding is no variance: a fixed point must not get the dimension of its rounding errors
        varies = _varies(samples, n_blocks if method == "cross_block" else 1, center=center)
    value, error = ratio_and_error(terms) if varies else (float("nan"), float("nan"))
    if not np.isfinite(value):
        warnings += (NO_VARIANCE,)
    return ParticipationRatio(
        participation_ratio=value,
        standard_error=error,
        participation_ratio_per_neuron=value / n_units,
        standard_error_per_neuron=error / n_units,
        squared_trace=terms.squared_trace,
        trace_of_square=terms.trace_of_square,
        effective_samples=_effective_samples(terms, n_blocks) if varies else float("nan"),
        n_samples=n_samples,
        n_units=n_units,
        n_blocks=n_blocks,
        parameters={"method": method, "center": bool(center), "n_blocks": n_blocks},
        warnings=warnings,
    )


def counted(
    x: Any, bin_size: Any, t_start: Any, t_stop: Any, minimum: int
) -> tuple[Recording, Windows]:
    """Return the recording and the windows in which all of its units were watched, or raise."""
    bin_size = one_time("bin_size", bin_size, low=0, open_low=True)
    recording = as_recording("x", x, t_start=t_start, t_stop=t_stop)
    windows = Windows(recording.support.shared, bin_size)
    if windows.n < minimum:
        watched = float(np.diff(windows.intervals, axis=1).sum())
        remedy = f"use at most {watched / minimum:.3g} s, fewer blocks or a longer run"
        if recording.support.has_gaps:
            remedy += ", or select units that were watched together"
        raise ParameterError(
            "bin_size",
            bin_size,
            f"must cut the {watched:g} s into at least {minimum} bins, 2 a block",
            remedy,
        )
    return recording, windows


def unshared_time(recording: Recording) -> tuple[str, ...]:
    """Return what to say where units were watched at times at which others were not."""
    shared = float(np.diff(recording.support.shared, axis=1).sum())
    longest = float(recording.support.observed.max())
    if shared >= 0.99 * longest:
        return ()
    return (
        f"all units were watched together for {shared:.6g} s only, single ones for {longest:.6g} "
        "s: the dimension is that of the shared time",
    )


def _check_scale_and_size(samples: np.ndarray, n_blocks: int) -> None:
    largest = float(np.abs(samples).max())
    if largest and not SMALLEST < largest < LARGEST:
        raise ParameterError(
            "x", largest, "has fourth powers that overflow or vanish", "measure x in other units"
        )
    if len(samples) < 2 * n_blocks:
        raise ParameterError(
            "x",
            f"{len(samples)} samples",
            f"must have at least 2 samples in each of n_blocks = {n_blocks} blocks",
            "take more samples or fewer blocks",
        )


def _samples(x: Any, t_start: Any, t_stop: Any) -> np.ndarray:
    """Return samples as a finite float array."""
    if is_spikes(x):
        raise ParameterError("bin_size", None, "must be given for spikes", "use for example 0.1")
    if t_start is not None or t_stop is not None:
        raise ParameterError("t_start, t_stop", (t_start, t_stop), "must be given for spikes only")
    return checked_samples("x", x)


def checked_samples(argument: str, x: Any) -> np.ndarray:
    """Return (n_samples, n_units) finite float64 samples, or raise."""
    try:
        array = np.asarray(x)
    except ValueError:
        array = np.empty(0, dtype=object)  # ragged nested lists
    if array.dtype.kind not in "iuf" or array.ndim != 2 or array.size == 0:
        raise ParameterError(
            argument,
            x,
            "must be a real array of shape (n_samples, n_units)",
            "for spike times give bin_size",
        )
    if not np.isfinite(array).all():
        raise ParameterError(
            argument, array[~np.isfinite(array)][0], "must be finite", "remove such samples"
        )
    return array.astype(np.float64)


def _varies(samples: np.ndarray, n_blocks: int, *, center: bool) -> bool:
    """Tell whether the samples vary, within some block, by more than their rounding errors."""
    if not center:
        return bool(samples.any())
    threshold = 8 * np.finfo(float).eps * np.abs(samples).max()
    # differences from the first sample: a mean carries the rounding errors of a long sum
    return any(
        np.abs(block - block[0]).max() > threshold for block in np.array_split(samples, n_blocks)
    )


def ratio_and_error(terms: RatioTerms) -> tuple[float, float]:
    """Return the participation ratio and its jackknife error; nan where it is undefined."""
    if not terms.trace_of_square > 0:
        return float("nan"), float("nan")
    return terms.squared_trace / terms.trace_of_square, _jackknife_error(terms)


def _jackknife_error(terms: RatioTerms) -> float:
    """Return the jackknife standard error over blocks; nan where a partial ratio is undefined."""
    squared_traces, traces_of_square = terms.left_out.T
    if not (traces_of_square > 0).all():
        return float("nan")
    ratios = squared_traces / traces_of_square
    return float(ratios.std() * np.sqrt(len(ratios) - 1))


def _effective_samples(terms: RatioTerms, n_blocks: int) -> float:
    """Solve E tr C^2 = (1 + 1/n) tr C^2 + (tr C)^2 / n for n, the pooled degrees of freedom."""
    excess = terms.pooled_square - terms.trace_of_square
    if not excess > 0:
        return float("nan")
    return (terms.squared_trace + terms.trace_of_square) / excess + n_blocks
