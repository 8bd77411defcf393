"""The dimension as it is: a curve over bin sizes, in both halves of a run, over population sizes.

One participation ratio of one bin size says little: a recorded one fell from 90 at 5 ms to 17 at
1 s.  All numbers here come from the products of different blocks, as in `participation_ratio`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.dimension.block_moments import MAX_BYTES, block_moments, fits
from heavytail_snn.analysis.dimension.covariance_products import terms_of_covariances
from heavytail_snn.analysis.dimension.participation import (
    counted,
    ratio_and_error,
    unshared_time,
)
from heavytail_snn.core.errors import (
    MemoryLimitError,
    ParameterError,
    RecordingError,
    check_integer,
)
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Rows, with_error
from heavytail_snn.core.time_units import one_time
from heavytail_snn.recording.inputs import as_recording
from heavytail_snn.recording.quality import provenance_warnings
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.windows import Windows

BIN_SIZES = (0.005, 0.02, 0.05, 0.2, 1.0)  # s
_FEWEST = 4  # units of a sub-population
_NOT_KNOWN = float("nan")


@dataclass(frozen=True, kw_only=True)
class DimensionCurve(Result):
    """Participation ratios of one recording.

    Parameters
    ----------
    bin_sizes : (n_bins,) ndarray
        In seconds, ascending.
    participation_ratio, standard_error : (n_bins,) ndarray
        Of all units over the whole run.
    halves, halves_error : (n_bins, 2) ndarray
        Of the first and the second half of the windows.
    population_limit, population_limit_error : (n_bins,) ndarray
        What the ratio would be for infinitely many units like these, from which they were sampled
        at random: (mean variance)^2 over the mean squared covariance of two units.  Infinite where
        no covariance is seen above noise; the error is then nan.
    population_sizes : (n_sizes,) ndarray
    population_ratio, population_spread : (n_sizes,) ndarray
        Mean over random sub-populations of each size, and its standard deviation, at
        ``parameters["population_bin"]``; the spread is 0 for all units.
    n_units : int
    """

    bin_sizes: np.ndarray = field_of(unit="s", dims=("bin_size",))
    participation_ratio: np.ndarray = field_of(dims=("bin_size",))
    standard_error: np.ndarray = field_of(dims=("bin_size",))
    halves: np.ndarray = field_of(dims=("bin_size", "half"))
    halves_error: np.ndarray = field_of(dims=("bin_size", "half"))
    population_limit: np.ndarray = field_of(dims=("bin_size",))
    population_limit_error: np.ndarray = field_of(dims=("bin_size",))
    population_sizes: np.ndarray = field_of(dims=("size",))
    population_ratio: np.ndarray = field_of(dims=("size",))
    population_spread: np.ndarray = field_of(dims=("size",))
    n_units: int

    def highlights(self) -> Rows:
        """Return one row a bin size: whole run, halves, limit of many units."""
        rows = []
        for i, width in enumerate(self.bin_sizes[:6]):
            whole = with_error(self.participation_ratio[i], self.standard_error[i])
            first, second = self.halves[i]
            limit = with_error(self.population_limit[i], self.population_limit_error[i])
            label = f"bins of {1e3 * width:g} ms"
            rows.append((label, f"{whole}; halves {first:.4g}, {second:.4g}; many units {limit}"))
        return rows

    def plot(self, ax: Any = None) -> Any:
        """Draw the ratio over bin sizes, with halves and the limit of many units; return Axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        widths = 1e3 * self.bin_sizes
        ax.errorbar(widths, self.participation_ratio, self.standard_error, label="whole run")
        ax.plot(widths, self.halves, ":", color="black", label=["first half", "second half"])
        seen = np.isfinite(self.population_limit)
        ax.plot(widths[seen], self.population_limit[seen], "--", label="infinitely many units")
        ax.set(xscale="log", yscale="log", xlabel="bin size (ms)", ylabel="participation ratio")
        ax.legend()
        return ax


def dimension_curve(
    spikes: Any,
    *,
    bin_sizes: Sequence[Any] = BIN_SIZES,
    n_blocks: int = 10,
    n_draws: int = 10,
    population_bin: Any = 0.05,
    seed: Seed = 0,
    t_start: Any = None,
    t_stop: Any = None,
) -> DimensionCurve:
    """Estimate the participation ratio over bin sizes, halves and population sizes.

    Parameters
    ----------
    spikes : Recording, neo object or times in seconds
        See `heavytail_snn.recording.inputs.as_recording`.
    bin_sizes : sequence of float or quantity of time
        Those that leave fewer than two bins a block are left out, with a warning.
    n_blocks : int
        At least 6: each half has half of them.
    n_draws : int
        Random sub-populations of each size.
    population_bin : float or quantity of time
        The bin size of the sub-populations; must be one of `bin_sizes`.
    seed : int, SeedSequence, Generator or None
        Of the sub-populations.
    t_start, t_stop : float or quantity, optional
        Limits of the run where `spikes` are plain times.

    Raises
    ------
    RecordingError
        If no bin size is left.
    MemoryLimitError
        If the covariances of all blocks need more than 1 GB (3,500 units).
    ParameterError, UnitError
        If an argument is out of its domain.

    Notes
    -----
    For N units sampled at random from a large population, with a the mean variance, d the mean of
    its square and c the mean squared covariance of two units, PR(N) = N a^2 / (d + (N - 1) c), so
    that PR grows with N up to a^2 / c (Dahmen et al. 2023, doi:10.7554/eLife.68422, on covariances
    that are wide compared with their mean).  All three come from products of different blocks.
    """
    n_blocks = check_integer("n_blocks", n_blocks, low=6, remedy="halves need 3 blocks each")
    n_draws = check_integer("n_draws", n_draws, low=2)
    widths = sorted(one_time("bin_sizes", width, low=0, open_low=True) for width in bin_sizes)
    at = one_time("population_bin", population_bin, low=0, open_low=True)
    if not widths or at not in widths:
        raise ParameterError("population_bin", at, f"must be one of the bin sizes {widths} s")
    recording = as_recording("spikes", spikes, t_start=t_start, t_stop=t_stop)
    used = [w for w in widths if Windows(recording.support.shared, w).n >= 2 * n_blocks]
    if not used:
        counted(recording, widths[0], None, None, 2 * n_blocks)  # says what is too short
        raise RecordingError("no bin size leaves two bins a block; use a longer run")
    _check_memory(recording, n_blocks)
    seeds = seed_sequence(seed)
    sizes, ratios, spreads = np.empty(0, dtype=int), np.empty(0), np.empty(0)
    rows = []
    for width in used:
        moments = block_moments(recording, Windows(recording.support.shared, width), n_blocks)
        covariances = moments.covariances(center=True)
        rows.append(_row(covariances) if moments.varies else [_NOT_KNOWN] * 8)
        if width == at and moments.varies:
            sizes, ratios, spreads = _populations(covariances, n_draws, seeds)
    values = np.array(rows)
    left_out = [w for w in widths if w not in used]
    warnings = provenance_warnings(recording) + unshared_time(recording)
    if left_out:
        warnings += (f"bin sizes {left_out} s leave fewer than two bins a block: left out",)
    return DimensionCurve(
        bin_sizes=np.array(used),
        participation_ratio=values[:, 0],
        standard_error=values[:, 1],
        halves=values[:, 2:6:2],
        halves_error=values[:, 3:6:2],
        population_limit=values[:, 6],
        population_limit_error=values[:, 7],
        population_sizes=sizes,
        population_ratio=ratios,
        population_spread=spreads,
        n_units=recording.n_units,
        parameters={"n_blocks": n_blocks, "n_draws": n_draws, "population_bin": at},
        seed=recorded_seed(seeds),
        warnings=warnings,
    )


def _check_memory(recording: Recording, n_blocks: int) -> None:
    if not fits(recording.n_units, n_blocks, recording.n_units):
        raise MemoryLimitError(
            f"covariances of {recording.n_units} units in {n_blocks} blocks need "
            f"{8e-9 * n_blocks * recording.n_units**2:.3g} GB, more than {1e-9 * MAX_BYTES:g} GB; "
            "use fewer units (recording.select), at random"
        )


def _row(covariances: np.ndarray) -> list[float]:
    """Return ratio, first half, second half and limit, each with its error."""
    half = len(covariances) // 2
    parts = (covariances, covariances[:half], covariances[half:])
    found = [ratio_and_error(terms_of_covariances(part)) for part in parts]
    return [number for pair in (*found, _limit(covariances)) for number in pair]


def _limit(covariances: np.ndarray) -> tuple[float, float]:
    """Return (mean variance)^2 over the mean squared covariance of two units, and its error."""
    n_blocks, n_units = covariances.shape[:2]
    if n_units < 2:
        return _NOT_KNOWN, _NOT_KNOWN
    variances = np.diagonal(covariances, axis1=1, axis2=2)
    flat = covariances.reshape(n_blocks, -1)
    products = flat @ flat.T - variances @ variances.T  # of the covariances of two units
    cross = products.sum(axis=1) - np.diag(products)
    traces = variances.sum(axis=1)
    rest = traces.sum() - traces
    squares = rest**2 - (np.sum(traces**2) - traces**2)
    left_out = cross.sum() - 2 * cross
    scale = (n_units - 1) / n_units  # N^2 a^2 and N (N - 1) c, both over pairs of blocks
    seen = cross.sum()
    if not seen > 0:
        return float("inf"), _NOT_KNOWN
    value = scale * (traces.sum() ** 2 - np.sum(traces**2)) / seen
    if not (left_out > 0).all():
        return float(value), _NOT_KNOWN
    parts = scale * squares / left_out
    return float(value), float(parts.std() * np.sqrt(n_blocks - 1))


def _populations(
    covariances: np.ndarray, n_draws: int, seed: np.random.SeedSequence
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sizes, and mean and spread of the ratio over random sub-populations."""
    n_units, generator = covariances.shape[1], stream(seed, "sub-populations")
    sizes = sorted({n_units >> shift for shift in range(5) if n_units >> shift >= _FEWEST})
    means, spreads = [], []
    for size in sizes:
        draws = 1 if size == n_units else n_draws
        ratios = []
        for _ in range(draws):
            chosen = np.sort(generator.choice(n_units, size, replace=False))
            part = covariances[:, chosen[:, None], chosen[None, :]]
            ratios.append(ratio_and_error(terms_of_covariances(part))[0])
        means.append(float(np.mean(ratios)))
        spreads.append(float(np.std(ratios)))
    return np.array(sizes), np.array(means), np.array(spreads)
