"""The result of every Lyapunov computation, and the one function that builds it.

Maps, flows, event-driven and saltation routes all deliver the same raw material: for each QR
interval the logarithms of the diagonal of R.  `spectrum_from_blocks` turns them into exponents with
block errors, a convergence history and the derived dimension and entropy.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from heavytail_snn.analysis.lyapunov.tangent.derived import (
    block_standard_error,
    dimension_and_entropy,
    halves_agree,
    neutral,
)
from heavytail_snn.core.errors import ParameterError, check_choice, check_integer
from heavytail_snn.core.options import check_options
from heavytail_snn.core.results import Estimate, Result, field_of
from heavytail_snn.core.showing import Rows, leading

KINDS = ("map", "flow", "event", "posthoc")
UNITS = ("1/s", "1/tau", "1/step")
_HISTORY_POINTS = 200
_RATE = "that of the exponents"  # replaced by the run's own unit in `unit_of`


@dataclass(frozen=True, kw_only=True)
class LyapunovSpectrum(Result):
    """Lyapunov exponents of one trajectory, largest first, with errors and protocol.

    Parameters
    ----------
    exponents, standard_error : (m,) arrays
        Natural logarithms per `unit`, descending; standard error over blocks of the trajectory
        and, in quadrature, from unfinished alignment of the tangent vectors.  The spread over
        networks is usually larger: repeat with other seeds before quoting it.
    unit : {"1/s", "1/tau", "1/step"}
    kind : {"map", "flow", "event", "posthoc"}
    complete : bool
        Whether the exponents are all there are.
    tangent_dimension, n_neurons : int or None
        Dimension of the tangent space and number of units.
    block_exponents, block_times : (n_blocks, m) and (n_blocks,) arrays
        Estimates per block, columns in the order of `exponents`, and the ends of the blocks.
    history, history_times : (n, m) and (n,) arrays
        Running estimate after the given times, about 200 points.
    kaplan_yorke_dimension, entropy_rate : float
        nan if too few exponents were computed; ``_standard_error`` from the blocks.  Where signs
        within their errors decide the dimension, its error reaches both ends of the range that a
        warning gives.
    positive_fraction : float
        Positive exponents divided by the tangent dimension; nan if the smallest is positive.
    zero_index, zero_value, lambda_max_nontrivial
        The neutral exponent of an autonomous flow or event network and the largest other one;
        None for maps and driven systems.
    mean_exponent : float
        Mean of the finite exponents of a complete spectrum, else nan.
    mean_logdet : float
        Time-averaged ``ln |det J|`` per dimension and unit of time, nan where not computed.
    converged : bool
        Whether the two halves of the run agree in every exponent within three standard errors
        (more for many exponents), dimension and entropy show no bias between blocks, and the
        signs that decide the dimension are resolved.
    time, tangent_warmup, state_warmup, qr_interval : float
        Protocol, in units of time (1/`unit`).
    n_qr, n_floored, n_slow_crossings, log10_cond_first
        Diagnostics: QR factorisations, vanishing diagonal elements of R, nearly tangential
        threshold crossings, log10 of the condition number before the first QR.
    rate, n_spikes : float and int or None
        Firing rate (Hz) and number of spikes, for spiking networks.
    """

    told: ClassVar[tuple[str, ...]] = (
        "unit", "kind", "complete", "tangent_dimension", "n_neurons", "converged", "time",
        "tangent_warmup", "state_warmup", "qr_interval", "n_qr", "n_floored", "n_slow_crossings",
        "log10_cond_first", "zero_index",
    )  # fmt: skip

    exponents: np.ndarray = field_of(unit=_RATE, dims=("index",))
    standard_error: np.ndarray = field_of(unit=_RATE, dims=("index",))
    unit: str
    kind: str
    complete: bool
    tangent_dimension: int | None
    n_neurons: int | None
    block_exponents: np.ndarray = field_of(unit=_RATE, dims=("block", "index"))
    block_times: np.ndarray = field_of(dims=("block",))
    history: np.ndarray = field_of(unit=_RATE, dims=("checkpoint", "index"))
    history_times: np.ndarray = field_of(dims=("checkpoint",))
    kaplan_yorke_dimension: float = field_of(
        quantity="kaplan_yorke_dimension", error="kaplan_yorke_dimension_standard_error"
    )
    kaplan_yorke_dimension_standard_error: float
    entropy_rate: float = field_of(
        unit=_RATE, quantity="entropy_rate", error="entropy_rate_standard_error"
    )
    entropy_rate_standard_error: float = field_of(unit=_RATE)
    positive_fraction: float = field_of(quantity="positive_fraction")
    zero_index: int | None = None
    zero_value: float | None = None
    lambda_max_nontrivial: float | None = None
    mean_exponent: float = field_of(unit=_RATE, default=float("nan"))
    mean_logdet: float = field_of(unit=_RATE, default=float("nan"))
    converged: bool = False
    time: float = float("nan")
    tangent_warmup: float = 0.0
    state_warmup: float = 0.0
    qr_interval: float = float("nan")
    n_qr: int = 0
    log10_cond_first: float = float("nan")
    n_floored: int = 0
    n_slow_crossings: int = 0
    rate: float | None = None
    n_spikes: int | None = None

    @property
    def largest_exponent(self) -> float:
        """The first exponent, which may be the neutral one (see `lambda_max_nontrivial`)."""
        return float(self.exponents[0])

    @property
    def largest_exponent_standard_error(self) -> float:
        """Block standard error of the largest exponent."""
        return float(self.standard_error[0])

    def unit_of(self, name: str) -> str:
        """Return the unit of a field, with the run's own unit for rates."""
        unit = super().unit_of(name)
        return self.unit if unit == _RATE else unit

    def estimates(self) -> tuple[Estimate, ...]:
        """Return largest exponent, dimension and entropy (also per neuron), positive fraction."""
        found = [
            Estimate(
                "largest_exponent",
                self.largest_exponent,
                self.largest_exponent_standard_error,
                self.unit,
                type(self).__name__,
            )
        ]
        for estimate in super().estimates():
            found.append(estimate)
            if self.n_neurons and estimate.name in ("kaplan_yorke_dimension", "entropy_rate"):
                found.append(
                    Estimate(
                        f"{estimate.name}_per_neuron",
                        estimate.value / self.n_neurons,
                        estimate.standard_error / self.n_neurons,
                        estimate.unit,
                        estimate.source,
                    )
                )
        return tuple(found)

    def highlights(self) -> Rows:
        """Return the leading exponents, whether they converged, and the protocol."""
        unit = {"1/s": "s", "1/step": "steps", "1/tau": "tau"}[self.unit]
        size = f" of {self.tangent_dimension}" if self.tangent_dimension else ""
        protocol = (
            f"{self.kind}, {self.exponents.size}{size} exponents, {self.time:.6g} {unit} averaged, "
            f"{self.n_qr} QR steps, warm-ups {self.state_warmup:.6g} (state), "
            f"{self.tangent_warmup:.6g} (tangent)"
        )
        return [
            ("exponents", leading(self.exponents, self.standard_error, self.unit)),
            ("converged", "yes" if self.converged else "no"),
            ("protocol", protocol),
        ]

    def plot(self, ax: Any = None) -> Any:
        """Draw the exponents against their rank fraction; return the axes."""
        import matplotlib.pyplot as plt

        ax = plt.subplots()[1] if ax is None else ax
        size = self.tangent_dimension or self.exponents.size
        rank = (np.arange(self.exponents.size) + 0.5) / size
        finite = np.isfinite(self.exponents)
        error = np.nan_to_num(self.standard_error)
        (line,) = ax.plot(rank[finite], self.exponents[finite], lw=1.5)
        ax.fill_between(
            rank[finite],
            (self.exponents - error)[finite],
            (self.exponents + error)[finite],
            color=line.get_color(),
            alpha=0.25,
            lw=0,
        )
        ax.axhline(0, color="0.6", lw=0.8, zorder=0)
        if np.isfinite(self.kaplan_yorke_dimension) and self.kaplan_yorke_dimension > 0:
            dimension = self.kaplan_yorke_dimension / size
            ax.axvline(dimension, color=line.get_color(), lw=0.8, ls=":")
            ax.annotate(
                f"$D_{{KY}}$ = {self.kaplan_yorke_dimension:.3g}",
                (dimension, 0.96),
                xycoords=("data", "axes fraction"),
                xytext=(4, 0),
                textcoords="offset points",
                va="top",
            )
        ax.set(xlabel="rank / dimension", ylabel=f"Lyapunov exponent ({self.unit})")
        return ax


def spectrum_from_blocks(
    log_stretches: np.ndarray,
    intervals: np.ndarray,
    *,
    unit: str,
    kind: str,
    tangent_dimension: int | None,
    complete: bool | None = None,
    autonomous: bool = False,
    n_neurons: int | None = None,
    n_blocks: int = 10,
    misalignment: np.ndarray | None = None,
    warnings: tuple[str, ...] = (),
    **provenance: Any,
) -> LyapunovSpectrum:
    """Build the result from the logarithms of diag R collected along a trajectory.

    Parameters
    ----------
    log_stretches : (n_qr, m) array
        ``ln |R_ii|`` of each QR factorisation after the tangent warm-up; ``-inf`` where R_ii is 0.
    intervals : (n_qr,) array
        Time covered by each factorisation, in 1/`unit`.
    unit, kind : str
        See `LyapunovSpectrum`.
    tangent_dimension : int or None
        None where it varies along the trajectory.
    complete : bool, optional
        By default whether m equals `tangent_dimension`.
    autonomous : bool, optional
        True for flows and event networks without time-dependent drive: one exponent is then zero.
    n_neurons : int, optional
        By default `tangent_dimension`.
    n_blocks : int, optional
        Number of blocks of whole QR intervals for the standard errors.
    misalignment : (m,) array, optional
        Error from tangent vectors that had not turned into their directions, in the order of the
        columns and in `unit`; added to the standard errors in quadrature.
    warnings : tuple of str, optional
        Warnings of the caller; those found here are appended.
    **provenance
        Remaining fields of `LyapunovSpectrum`: ``tangent_warmup``, ``state_warmup``,
        ``mean_logdet``, ``log10_cond_first``, ``n_slow_crossings``, ``rate``, ``n_spikes``,
        ``seed``, ``parameters``.

    Raises
    ------
    ParameterError
        If there are fewer QR intervals than blocks, a stretch is nan or +inf, or a field of the
        provenance is unknown.
    """
    stretches, times = _check_stretches(log_stretches, intervals, n_blocks)
    check_choice("unit", unit, UNITS)
    check_choice("kind", kind, KINDS)
    total = float(times.sum())
    raw = stretches.sum(axis=0) / total
    order = np.argsort(-raw, kind="stable")
    exponents, stretches = raw[order], stretches[:, order]
    block_exponents, block_times = _blocks(stretches, times, n_blocks)
    size = stretches.shape[1]
    turned = np.zeros(size) if misalignment is None else misalignment[order]
    error = np.hypot(block_standard_error(block_exponents), turned)
    complete = (size == tangent_dimension) if complete is None else complete
    zero = neutral(exponents, error, total, autonomous)
    derived, notes = dimension_and_entropy(
        exponents, error, turned, block_exponents, complete, zero, total
    )
    history, history_times = _history(stretches, times)
    floored = int(np.isneginf(stretches).sum())
    if floored:
        notes += (f"{floored} diagonal elements of R were exactly 0: those exponents are -inf",)
    finite = exponents[np.isfinite(exponents)]
    found = dict(
        exponents=exponents,
        standard_error=error,
        unit=unit,
        kind=kind,
        complete=complete,
        tangent_dimension=tangent_dimension,
        n_neurons=tangent_dimension if n_neurons is None else n_neurons,
        block_exponents=block_exponents,
        block_times=block_times,
        history=history,
        history_times=history_times,
        positive_fraction=_positive_fraction(exponents, tangent_dimension, complete),
        mean_exponent=float(finite.mean()) if complete and finite.size else float("nan"),
        converged=not notes and halves_agree(block_exponents, turned),
        time=total,
        qr_interval=float(times.mean()),
        n_qr=len(times),
        n_floored=floored,
        warnings=tuple(warnings) + notes + _too_few(size, derived["kaplan_yorke_dimension"]),
        **derived,
        **zero.fields(exponents),
    )
    check_options(spectrum_from_blocks, provenance, LyapunovSpectrum, taken=found)
    return LyapunovSpectrum(**found, **provenance)


def _check_stretches(
    log_stretches: np.ndarray, intervals: np.ndarray, n_blocks: int
) -> tuple[np.ndarray, np.ndarray]:
    check_integer("n_blocks", n_blocks, low=2)
    stretches = np.asarray(log_stretches, dtype=np.float64)
    times = np.asarray(intervals, dtype=np.float64)
    if stretches.ndim != 2 or times.shape != stretches.shape[:1] or stretches.shape[1] == 0:
        raise ParameterError(
            "log_stretches", stretches.shape, "must have shape (n_qr, m) with n_qr intervals"
        )
    if len(times) < n_blocks:
        raise ParameterError(
            "log_stretches",
            stretches.shape,
            f"must hold at least n_blocks={n_blocks} QR intervals",
            "run longer, shorten the QR interval or ask for fewer blocks",
        )
    if np.isnan(stretches).any() or np.isposinf(stretches).any():
        raise ParameterError("log_stretches", "nan or +inf", "must be finite numbers or -inf")
    if not (times > 0).all():
        raise ParameterError("intervals", float(times.min()), "must be positive")
    return stretches, times


def _blocks(
    stretches: np.ndarray, times: np.ndarray, n_blocks: int
) -> tuple[np.ndarray, np.ndarray]:
    parts = np.array_split(np.arange(len(times)), n_blocks)
    block_exponents = np.array([stretches[p].sum(axis=0) / times[p].sum() for p in parts])
    return block_exponents, np.cumsum([times[p].sum() for p in parts])


def _positive_fraction(exponents: np.ndarray, dimension: int | None, complete: bool) -> float:
    if dimension is None or (exponents[-1] > 0 and not complete):
        return float("nan")
    return float((exponents > 0).sum() / dimension)


def _too_few(k: int, dimension: float) -> tuple[str, ...]:
    if np.isfinite(dimension):
        return ()
    return (
        f"k = {k} is too small for the Kaplan-Yorke dimension: no sum of the leading exponents is "
        'negative; increase k, or leave the choice to k="auto"',
    )


def _history(stretches: np.ndarray, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    checkpoints = np.unique(np.linspace(0, len(times) - 1, _HISTORY_POINTS).round().astype(int))
    elapsed = np.cumsum(times)[checkpoints]
    return np.cumsum(stretches, axis=0)[checkpoints] / elapsed[:, None], elapsed
