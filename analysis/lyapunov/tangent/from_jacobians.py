"""Lyapunov spectrum from a step function and its Jacobians: the QR algorithm, forward in time.

Perturbations obey ``delta(t+1) = J_t delta(t)`` with J_t taken at the state *before* the update, so
the frame is multiplied by J, never by its transpose: ``J^T Q`` in forward time gives the singular
values of the factors in reversed order, which differ strongly for heavy-tailed weights.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.tangent.jacobians import log_abs_det
from heavytail_snn.analysis.lyapunov.tangent.qr import positive_qr
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.core.arrays import like, namespace_of, to_numpy
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream

_MOST_STRETCH = 10.0  # nats between the first and last column within one QR interval
_WORST_CONDITION = 6.0  # log10; the interval is halved beyond it
_LOST_CONDITION = 10.0  # log10; beyond it a fixed interval earns a warning
_LARGEST_STRETCH = 100.0  # nats of any column within one interval, far from under- and overflow
_LONGEST_INTERVAL = 20  # steps
_VERIFY_TOLERANCE = 1e-4  # per step
_PERTURBATIONS = (1e-8, 1e-6)  # sizes of the two-trajectory check


def lyapunov_spectrum_from_jacobians(
    step: Callable[..., tuple[Any, Any]],
    state: Any,
    *,
    k: int,
    n_steps: int,
    qr_every: int | None = None,
    tangent_warmup: int = 200,
    state_warmup: int = 0,
    inputs: Iterable[Any] | None = None,
    dt: float = 1.0,
    unit: str = "1/step",
    kind: str = "map",
    autonomous: bool = False,
    n_blocks: int = 10,
    auto_k: bool = False,
    log_det: bool = False,
    verify: bool = False,
    initial_vectors: Any = None,
    seed: Seed = None,
    parameters: dict[str, Any] | None = None,
    progress: bool = False,
) -> LyapunovSpectrum:
    """Return the `k` leading Lyapunov exponents along a trajectory.

    Parameters
    ----------
    step : callable
        ``step(x) -> (next x, J)`` or, with `inputs`, ``step(x, input) -> (next x, J)``.  J is the
        derivative of the next state with respect to x: anything with ``J @ Q`` (dense or sparse
        matrix, or an object of `heavytail_snn.analysis.lyapunov.tangent.jacobians`).
    state : (n,) array
        Start; numpy or any array-API library, whose ``linalg.qr`` is then used.
    k : int
        Number of exponents, at most n.
    n_steps : int
        Steps over which exponents are averaged, after both warm-ups.
    qr_every : int, optional
        Steps between factorisations.  By default as many (up to 20) as keep the first and last
        column within a factor exp(10), measured during the tangent warm-up; the interval is
        halved whenever the condition number exceeds 1e6.
    tangent_warmup, state_warmup : int
        Discarded steps with and without tangent vectors.
    inputs : iterable, optional
        One input per step, warm-ups included; the same input enters state and Jacobian.
    dt, unit, kind, autonomous
        Time of one step and meaning of the result, see `spectrum_from_blocks`.
    n_blocks : int
        Blocks for the standard errors.
    auto_k : bool
        Enlarge k by half (and go on along the trajectory) until the Kaplan-Yorke dimension exists.
    log_det : bool
        Also average ln |det J| (for the sum rule of complete spectra).
    verify : bool
        Follow two perturbed copies (1e-8 and 1e-6) and compare their growth with the first
        exponent; a disagreement is a warning in the result.
    initial_vectors : (n, k) array, optional
        Start of the frame; by default the orthonormal factor of a Gaussian matrix.
    seed : Seed
        For the initial frame.
    parameters : dict, optional
        Stored in the result.
    progress : bool
        Show a bar.

    Returns
    -------
    LyapunovSpectrum

    Raises
    ------
    ParameterError
        k > n, too few steps for `n_blocks` blocks, non-finite start, wrong shapes, too few inputs.
    ConvergenceError
        A state or tangent vector became non-finite.

    References
    ----------
    Benettin et al., Meccanica 15 (1980) 9, doi:10.1007/BF02128236; Geist, Parlitz & Lauterborn,
    Prog. Theor. Phys. 83 (1990) 875, doi:10.1143/PTP.83.875.

    Examples
    --------
    >>> def henon(x):
    ...     jacobian = np.array([[-2.8 * x[0], 1.0], [0.3, 0.0]])
    ...     return np.array([1 - 1.4 * x[0] ** 2 + x[1], 0.3 * x[0]]), jacobian
    >>> result = lyapunov_spectrum_from_jacobians(henon, np.zeros(2), k=2, n_steps=2000, seed=1)
    >>> bool(np.isclose(result.exponents.sum(), np.log(0.3)))
    True
    """
    if not callable(step):
        raise ParameterError("step", step, "must be a function x -> (next x, Jacobian)")
    n = _check_start(state, initial_vectors, k)
    interval = _QrInterval(qr_every, n_steps, n_blocks)
    state_warmup = check_integer("state_warmup", state_warmup)
    tangent_warmup = check_integer("tangent_warmup", tangent_warmup)
    n_steps, total = interval.n_steps, state_warmup + tangent_warmup + interval.n_steps
    time = check_real("dt", dt, low=0, open_low=True)
    run = _Trajectory(step, state, inputs, tqdm(total=total, disable=not progress))
    run.skip(state_warmup)
    seed = seed if isinstance(seed, int) else seed_sequence(seed)
    q = _initial_frame(k, state, initial_vectors, seed)
    while True:
        warm = _propagate(run, q, tangent_warmup, interval, warming=True)
        main = _propagate(run, warm.q, n_steps, interval, log_det=log_det, verify=verify)
        stored = {"k": q.shape[1], "n_steps": n_steps, **(parameters or {})}
        result = spectrum_from_blocks(
            np.array(main.stretches),
            np.array(main.lengths) * time,
            unit=unit,
            kind=kind,
            tangent_dimension=n,
            autonomous=autonomous,
            n_blocks=n_blocks,
            tangent_warmup=tangent_warmup * time,
            state_warmup=state_warmup * time,
            log10_cond_first=(warm if warm.stretches else main).log10_cond(0),
            mean_logdet=main.log_det / (n * n_steps * time) if log_det else math.nan,
            seed=recorded_seed(seed),
            parameters=stored | main.verification(time),
            warnings=main.notes(),
        )
        if not (auto_k and math.isnan(result.kaplan_yorke_dimension)):
            return result
        q = _enlarged(main.q, min(n, max(q.shape[1] + 1, math.ceil(1.5 * q.shape[1]))), seed)


class _QrInterval:
    """The number of steps between factorisations, fixed or learnt from measured stretches."""

    def __init__(self, qr_every: int | None, n_steps: int, n_blocks: int) -> None:
        self.fixed = qr_every is not None
        self.every = check_integer("qr_every", qr_every, low=1) if self.fixed else 1
        check_integer("n_blocks", n_blocks, low=2)
        self.n_steps = check_integer(
            "n_steps",
            n_steps,
            low=n_blocks * self.every,
            remedy=f"{n_blocks} blocks of {self.every} steps or more are needed for the errors",
        )
        self.longest = min(_LONGEST_INTERVAL, self.n_steps // n_blocks)

    def learn(self, logs: np.ndarray, length: int, warming: bool) -> None:
        """Adapt to the stretches ``ln R_ii`` of one interval of `length` steps."""
        finite = logs[np.isfinite(logs)]
        if self.fixed or not finite.size:
            return
        spread = max(float(np.ptp(finite)), 1e-9)
        largest = max(float(np.abs(finite).max()), 1e-9)
        if warming:
            fit = min(_MOST_STRETCH / spread, _LARGEST_STRETCH / largest) * length
            self.every = int(np.clip(fit, 1, min(self.longest, 2 * self.every)))
        elif spread > _WORST_CONDITION * math.log(10):
            self.every = max(1, self.every // 2)


class _Trajectory:
    """The state, advanced one step at a time with its own input."""

    def __init__(self, step: Any, state: Any, inputs: Iterable[Any] | None, bar: Any) -> None:
        self.step, self.state, self.bar, self.steps_done = step, state, bar, 0
        self.inputs: Iterator[Any] | None = None if inputs is None else iter(inputs)

    def advance(self) -> tuple[Any, tuple[Any, ...]]:
        """Advance the state; return the Jacobian at the old state and the input of this step."""
        drive = () if self.inputs is None else (self._next_input(),)
        with np.errstate(over="ignore", invalid="ignore"):  # check_finite says more
            self.state, jacobian = self.step(self.state, *drive)
        self.steps_done += 1
        self.bar.update()
        return jacobian, drive

    def skip(self, n_steps: int) -> None:
        """Advance without tangent vectors."""
        for _ in range(n_steps):
            self.advance()
        self.check_finite(self.state, "state")

    def check_finite(self, values: Any, name: str) -> None:
        """Raise if a state or tangent vector is not finite."""
        xp = namespace_of(values)
        if not bool(xp.all(xp.isfinite(values))):
            raise ConvergenceError(
                f"the {name} became non-finite within the {self.steps_done} steps done so far; "
                "reduce the gain or dt, or bound the activation"
            )

    def _next_input(self) -> Any:
        try:
            return next(self.inputs)  # type: ignore[arg-type]
        except StopIteration:
            raise ParameterError(
                "inputs",
                f"{self.steps_done} inputs",
                "must hold one input for each step, warm-ups included",
            ) from None


@dataclass
class _Segment:
    """What one stretch of the trajectory left behind."""

    q: Any
    stretches: list[np.ndarray] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)
    log_det: float = 0.0
    copies: "list[_Copy]" = field(default_factory=list)

    def log10_cond(self, index: int) -> float:
        """Return log10 of the ratio of largest to smallest R_ii of one factorisation."""
        return float(np.ptp(self.stretches[index])) / math.log(10)

    def verification(self, dt: float) -> dict[str, Any]:
        """Return the growth rates of the perturbed copies for the result's parameters."""
        time = sum(self.lengths) * dt
        rates = {copy.size: copy.log_growth / time for copy in self.copies}
        return {"two_trajectory": rates} if rates else {}

    def notes(self) -> tuple[str, ...]:
        """Return warnings about lost digits and failed verification."""
        notes: tuple[str, ...] = ()
        worst = max(self.log10_cond(i) for i in range(len(self.stretches)))
        if math.isfinite(worst) and worst > _LOST_CONDITION:
            notes += (
                f"condition number 1e{worst:.0f} between factorisations: lower exponents "
                "have lost their digits; reduce qr_every",
            )
        steps = sum(self.lengths)
        first = sum(float(row[0]) for row in self.stretches) / steps
        for copy in self.copies:
            if not abs(copy.log_growth / steps - first) <= _VERIFY_TOLERANCE:
                notes += (
                    f"two trajectories {copy.size:g} apart grow by "
                    f"{copy.log_growth / steps:.6g} per step, the tangent by {first:.6g}",
                )
        return notes


@dataclass
class _Copy:
    """A copy of the state a fixed small distance away, rescaled after every step."""

    size: float
    state: Any
    log_growth: float = 0.0

    def follow(self, step: Any, drive: tuple[Any, ...], reference: Any) -> None:
        """Advance with the input of the reference and pull back to the fixed distance."""
        difference = step(self.state, *drive)[0] - reference
        distance = float(namespace_of(reference).linalg.vector_norm(difference))
        if distance == 0 or math.isinf(self.log_growth):
            self.log_growth = -math.inf
            return
        self.log_growth += math.log(distance / self.size)
        self.state = reference + difference * (self.size / distance)


def _propagate(
    run: _Trajectory,
    q: Any,
    n_steps: int,
    interval: _QrInterval,
    *,
    warming: bool = False,
    log_det: bool = False,
    verify: bool = False,
) -> _Segment:
    segment = _Segment(q)
    if verify:
        segment.copies = [_Copy(size, run.state + size * q[:, 0]) for size in _PERTURBATIONS]
    length = 0
    for t in range(n_steps):
        jacobian, drive = run.advance()
        q = jacobian @ q
        length += 1
        if log_det:
            segment.log_det += log_abs_det(jacobian, q.shape[0], run.state)
        for copy in segment.copies:
            copy.follow(run.step, drive, run.state)
        if length >= interval.every or t == n_steps - 1:
            run.check_finite(run.state, "state")
            run.check_finite(q, "tangent frame")
            q, logs = positive_qr(q)
            segment.stretches.append(logs)
            segment.lengths.append(length)
            interval.learn(logs, length, warming)
            length = 0
    segment.q = q
    return segment


def _check_start(state: Any, initial_vectors: Any, k: int) -> int:
    if getattr(state, "ndim", None) != 1 or state.shape[0] == 0:
        raise ParameterError("state", state, "must be a one-dimensional array")
    n = int(state.shape[0])
    check_integer("k", k, low=1, high=n, remedy=f"a state of {n} numbers has {n} exponents")
    if not np.isfinite(to_numpy(state)).all():
        raise ParameterError("state", state, "must be finite")
    if initial_vectors is not None and tuple(initial_vectors.shape) != (n, k):
        raise ParameterError(
            "initial_vectors", tuple(initial_vectors.shape), f"must have shape (n, k) = {(n, k)}"
        )
    return n


def _initial_frame(k: int, state: Any, initial_vectors: Any, seed: Seed) -> Any:
    if initial_vectors is None:
        # column by column, so that the first columns do not depend on k
        generator = stream(seed, "tangent frame")
        initial_vectors = like(generator.standard_normal((k, state.shape[0])).T, state)
    return positive_qr(initial_vectors * 1)[0]


def _enlarged(q: Any, k: int, seed: Seed) -> Any:
    """Return the frame with further random columns, orthonormal."""
    n, old = q.shape
    generator = stream(seed, f"further columns from {old}")
    further = like(generator.standard_normal((k - old, n)).T, q)
    return positive_qr(namespace_of(q).concat((q, further), axis=1))[0]
