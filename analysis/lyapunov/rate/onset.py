"""Two measured thresholds of a rate map, kept apart from the annealed theory.

* `theory.quiescent_gain(n, alpha)`: silence is unstable when W is redrawn at every step (annealed).
* `quenched_gain(W)`: silence of *this* matrix is unstable, 1 / spectral radius.
* `chaos_onset(...)`: the largest Lyapunov exponent of each realisation becomes positive.

Between the second and the third the activity is a fixed point, a cycle or a torus; for heavy tails
the third can be several times the first.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse
from scipy.sparse.linalg import ArpackError, LinearOperator, eigs

from heavytail_snn.analysis.lyapunov.rate.gain_curve import largest_exponent_curve
from heavytail_snn.core.arrays import real_array
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer
from heavytail_snn.core.options import check_options
from heavytail_snn.core.randomness import Seed, child_sequence, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import short
from heavytail_snn.models.rate.network import LowRankPlus, check_weights, fixed_seed
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.network_weights import number_of_neurons

_DENSE_BELOW = 1500  # all eigenvalues below this size, ARPACK above
_ARNOLDI_VECTORS = 80


def quenched_gain(weights: Any) -> float:
    """Return 1 / spectral radius of a matrix: the gain at which its silent state loses stability.

    Valid for the map ``x -> phi(g W x)`` with unit slope of phi at 0.

    Parameters
    ----------
    weights : (n, n) array, csr_array or LowRankPlus
        At gain 1.  All eigenvalues are computed up to n = 1500; larger matrices use ARPACK.

    Returns
    -------
    float
        inf for a nilpotent or zero matrix.

    Raises
    ------
    ParameterError
        Weights not square or not finite.
    ConvergenceError
        ARPACK did not converge.

    Examples
    --------
    >>> round(quenched_gain([[0.0, 2.0], [2.0, 0.0]]), 12)
    0.5
    """
    matrix = check_weights(weights)
    n = matrix.shape[0]
    if n <= _DENSE_BELOW:
        dense = matrix.toarray() if hasattr(matrix, "toarray") else matrix
        radius = float(np.abs(np.linalg.eigvals(dense)).max())
    else:
        radius = _arpack_radius(matrix, n)
    return np.inf if radius == 0 else 1 / radius


def _arpack_radius(matrix: Any, n: int) -> float:
    operator = LinearOperator((n, n), matvec=lambda v: matrix @ v, dtype=np.float64)
    start = stream(0, "arnoldi").standard_normal(n)
    try:
        # a wide basis: the leading eigenvalues of light-tailed matrices crowd on a circle
        values = eigs(
            operator if isinstance(matrix, LowRankPlus) else matrix,
            k=6,
            ncv=_ARNOLDI_VECTORS,
            which="LM",
            v0=start,
            tol=1e-8,
            maxiter=2000,
            return_eigenvectors=False,
        )
    except ArpackError as error:
        raise ConvergenceError(
            f"ARPACK found no spectral radius of the {n} x {n} matrix ({error}); "
            "for n up to about 5000 use numpy.linalg.eigvals"
        ) from error
    return float(np.abs(values).max())


@dataclass(frozen=True, kw_only=True)
class ChaosOnset(Result):
    """Onset of chaos in each of several networks.

    Parameters
    ----------
    gains : (n_gains,) array
    exponents : (n_networks, n_gains) array
        Largest exponents, per step.
    onsets : (n_networks,) array
        Last upward crossing of `threshold`; nan where a network does not cross within `gains`.
    onset, standard_error, standard_deviation : float
        Mean over the networks that cross, its standard error, and the spread between networks.
    median, quantile_10, quantile_90 : float
        Over all networks; those that do not cross count as above the largest gain (inf).
    n_crossed : int
    threshold : float
    """

    gains: np.ndarray = field_of(dims=("gain",))
    exponents: np.ndarray = field_of(unit="1/step", dims=("network", "gain"))
    onsets: np.ndarray = field_of(dims=("network",))
    onset: float = field_of(quantity="chaos_onset", error="standard_error")
    standard_error: float
    standard_deviation: float
    median: float
    quantile_10: float
    quantile_90: float
    n_crossed: int
    threshold: float


def chaos_onset(
    weights: Coupling | Iterable[Any],
    gains: ArrayLike | None = None,
    *,
    n_neurons: int | None = None,
    n_networks: int = 10,
    threshold: float = 0.01,
    seed: Seed = None,
    **options: Any,
) -> ChaosOnset:
    """Return the gain at which each network's largest exponent last rises through `threshold`.

    Parameters
    ----------
    weights : Coupling or iterable of weight matrices
        A `Coupling` (at gain 1) is drawn `n_networks` times with `n_neurons`, from children of the
        seed.
    gains : (n_gains,) array, optional
        Increasing; 26 logarithmic steps from 0.12 to 2 by default.
    threshold : float
        In 1/step.  Not 0: below chaos exponents hover about 0 over a range of gains.
    seed : Seed
    **options
        Of `largest_exponent_curve`.

    Returns
    -------
    ChaosOnset

    Raises
    ------
    ConvergenceError
        If no network crosses within `gains`.
    """
    check_options(chaos_onset, options, largest_exponent_curve, taken=("seed",))
    grid = np.geomspace(0.12, 2.0, 26) if gains is None else real_array("gains", gains)
    parent = fixed_seed(seed)
    curves = [
        largest_exponent_curve(w, grid, seed=child_sequence(parent, f"run {i}"), **options)
        for i, w in enumerate(_matrices(weights, n_neurons, n_networks, parent))
    ]
    if not curves:
        raise ParameterError("weights", weights, "must hold at least one matrix")
    onsets = np.array([curve.onset(threshold=threshold) for curve in curves])
    return _summary(
        grid,
        np.array([curve.exponents for curve in curves]),
        onsets,
        threshold,
        seed=recorded_seed(parent),
        parameters=curves[0].parameters | {"coupling": short(weights)},
    )


def _matrices(
    weights: Coupling | Iterable[Any], n_neurons: int | None, n_networks: int, seed: Seed
) -> Iterable[Any]:
    if isinstance(weights, Coupling):
        size = number_of_neurons(weights, n_neurons)
    else:
        # one matrix instead of a list would be read as a list of its rows
        if sparse.issparse(weights) or getattr(weights, "ndim", 3) == 2:
            number_of_neurons(weights, n_neurons)
            return [weights]
        if not isinstance(weights, Iterable):
            raise ParameterError("weights", weights, "must be a Coupling or a list of matrices")
        return weights
    count = check_integer("n_networks", n_networks, low=1)
    return (weights.sample(size, child_sequence(seed, f"network {i}")) for i in range(count))


def _summary(
    gains: np.ndarray,
    exponents: np.ndarray,
    onsets: np.ndarray,
    threshold: float,
    **provenance: Any,
) -> ChaosOnset:
    crossed = onsets[np.isfinite(onsets)]
    if crossed.size == 0:
        raise ConvergenceError(
            f"no network crosses lambda_1 = {threshold:g} for gains {gains[0]:g} to {gains[-1]:g}; "
            "widen the range of gains"
        )
    missing = onsets.size - crossed.size
    notes: Sequence[str] = ()
    if missing:
        notes = (f"{missing} of {onsets.size} networks do not cross: the mean is a lower bound",)
    spread = float(crossed.std(ddof=1)) if crossed.size > 1 else float("nan")
    ordered = np.where(np.isfinite(onsets), onsets, np.inf)
    q10, median, q90 = np.quantile(ordered, [0.1, 0.5, 0.9], method="inverted_cdf")
    return ChaosOnset(
        gains=gains,
        exponents=exponents,
        onsets=onsets,
        onset=float(crossed.mean()),
        standard_error=spread / np.sqrt(crossed.size),
        standard_deviation=spread,
        median=float(median),
        quantile_10=float(q10),
        quantile_90=float(q90),
        n_crossed=int(crossed.size),
        threshold=threshold,
        warnings=tuple(notes),
        **provenance,
    )
