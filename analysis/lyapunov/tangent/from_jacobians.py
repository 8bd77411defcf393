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

from heavytail_snn.analysis.lyapunov.tangent.alignment import is_aligned, misalignment
from heavytail_snn.analysis.lyapunov.tangent.jacobians import log_abs_det
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, StepMeaning, TangentProtocol
from heavytail_snn.analysis.lyapunov.tangent.qr import positive_qr
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum, spectrum_from_blocks
from heavytail_snn.core.arrays import like, namespace_of, to_numpy
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream

_WARMUP = 200  # steps
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
    k: int | str,
    n_steps: int,
    state_warmup: int = 0,
    tangent_warmup: int | None = None,
    inputs: Iterable[Any] | None = None,
    seed: Seed = None,
    meaning: StepMeaning | None = None,
    protocol: TangentProtocol | None = None,
    parameters: dict[str, Any] | None = None,
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
    k : int or "auto"
        Number of exponents, at most n; "auto" starts with `protocol.first_k` and grows by half
        (going on along the trajectory) until the Kaplan-Yorke dimension exists.
    n_steps : int
        Steps over which exponents are averaged, after both warm-ups.
    state_warmup : int
        Discarded steps without tangent vectors.
    tangent_warmup : int, optional
        Discarded steps with them.  By default 200, doubled up to `n_steps` until the gaps of the
        spectrum have aligned the vectors, see `misalignment`; an array of inputs fixes it to 200.
    inputs : iterable, optional
        One input per step, warm-ups included; the same input enters state and Jacobian.
    seed : Seed
        For the initial frame.
    meaning : StepMeaning, optional
        Time, unit and kind of a step, for flows.
    protocol : TangentProtocol, optional
        Factorisation, blocks and checks.
    parameters : dict, optional
        Stored in the result.

    Returns
    -------
    LyapunovSpectrum
        The standard errors contain what the alignment of the vectors leaves open, also between
        exponent k and the next one (one vector more than asked for is followed).

    Raises
    ------
    ParameterError
        k > n, too few steps for the blocks, non-finite start, wrong shapes, too few inputs.
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
    meaning, protocol = meaning or StepMeaning(), protocol or TangentProtocol()
    n = _check_state(state)
    automatic, k = k == AUTO, _first_k(k, n, protocol)
    interval = QrInterval(protocol.qr_every, n_steps, protocol.n_blocks)
    state_warmup = check_integer("state_warmup", state_warmup)
    warmup = _Warmup(tangent_warmup, interval.n_steps, inputs)
    check_real("dt", meaning.dt, low=0, open_low=True)
    total = state_warmup + warmup.least + interval.n_steps
    run = _Trajectory(step, state, inputs, tqdm(total=total, disable=not protocol.progress))
    run.skip(state_warmup)
    seed = seed if isinstance(seed, int) else seed_sequence(seed)
    q = _initial_frame(k, state, protocol.initial_vectors, seed)
    while True:
        warm = warmup.pass_through(run, q, interval)
        main = _propagate(
            run, warm.q, interval.n_steps, interval, log_det=protocol.log_det,
            verify=protocol.verify,
        )  # fmt: skip
        result = _result(
            main, warm, k, n, meaning, protocol.n_blocks,
            state_warmup=state_warmup * meaning.dt,
            seed=recorded_seed(seed),
            parameters=parameters or {},
        )  # fmt: skip
        if not automatic or k == n or not math.isnan(result.kaplan_yorke_dimension):
            return result
        k = min(n, max(k + 1, math.ceil(1.5 * k)))
        q = _enlarged(main.q, min(n, k + 1), seed)


def _result(
    main: "_Segment",
    warm: "_Segment",
    k: int,
    n: int,
    meaning: StepMeaning,
    n_blocks: int,
    *,
    parameters: dict[str, Any],
    **provenance: Any,
) -> LyapunovSpectrum:
    n_steps, dt = sum(main.lengths), meaning.dt
    left = np.zeros(main.q.shape[1])
    if warm.stretches or n > 1:
        left = misalignment(np.array(warm.stretches).reshape(-1, left.size), n_steps * dt)
    return spectrum_from_blocks(
        np.array(main.stretches)[:, :k],
        np.array(main.lengths) * dt,
        unit=meaning.unit,
        kind=meaning.kind,
        tangent_dimension=n,
        autonomous=meaning.autonomous,
        n_blocks=n_blocks,
        misalignment=left[:k],
        tangent_warmup=sum(warm.lengths) * dt,
        log10_cond_first=(warm if warm.stretches else main).log10_cond(0),
        mean_logdet=math.nan if main.log_det is None else main.log_det / (n * n_steps * dt),
        parameters={"k": k, "n_steps": n_steps} | parameters | main.verification(dt),
        warnings=main.notes(),
        **provenance,
    )


class _Warmup:
    """The discarded steps in which the vectors align: as many as told, or as they need."""

    def __init__(self, steps: int | None, n_steps: int, inputs: Any) -> None:
        self.least = _WARMUP if steps is None else check_integer("tangent_warmup", steps)
        # an array holds one row for each step of a run whose length is known
        fixed = steps is not None or hasattr(inputs, "__len__")
        self.n_steps, self.most = n_steps, self.least if fixed else max(self.least, n_steps)

    def pass_through(self, run: "_Trajectory", q: Any, interval: "QrInterval") -> "_Segment":
        """Advance the frame until it is aligned, or to the end of the warm-up."""
        warm = _propagate(run, q, self.least, interval, warming=True)
        while (done := sum(warm.lengths)) < self.most and not is_aligned(
            np.array(warm.stretches), np.array(warm.lengths), self.n_steps
        ):
            more = _propagate(run, warm.q, min(done, self.most - done), interval, warming=True)
            warm = _Segment(more.q, warm.stretches + more.stretches, warm.lengths + more.lengths)
        return warm


class QrInterval:
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
    log_det: float | None = None
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
    interval: QrInterval,
    *,
    warming: bool = False,
    log_det: bool = False,
    verify: bool = False,
) -> _Segment:
    segment = _Segment(q, log_det=0.0 if log_det else None)
    if verify:
        segment.copies = [_Copy(size, run.state + size * q[:, 0]) for size in _PERTURBATIONS]
    length = 0
    for t in range(n_steps):
        jacobian, drive = run.advance()
        q = jacobian @ q
        length += 1
        if log_det:
            assert segment.log_det is not None  # as set above
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


def _check_state(state: Any) -> int:
    if getattr(state, "ndim", None) != 1 or state.shape[0] == 0:
        raise ParameterError("state", state, "must be a one-dimensional array")
    if not np.isfinite(to_numpy(state)).all():
        raise ParameterError("state", state, "must be finite")
    return int(state.shape[0])


def _first_k(k: int | str, n: int, protocol: TangentProtocol) -> int:
    if k == AUTO:
        k = min(n, check_integer("first_k", protocol.first_k, low=1))
    remedy = f"a state of {n} numbers has {n} exponents; {AUTO!r} takes as many as are needed"
    k = check_integer("k", k, low=1, high=n, remedy=remedy)
    vectors = protocol.initial_vectors
    if vectors is not None and tuple(vectors.shape) != (n, k):
        raise ParameterError(
            "initial_vectors", tuple(vectors.shape), f"must have shape (n, k) = {(n, k)}"
        )
    return k


def _initial_frame(k: int, state: Any, initial_vectors: Any, seed: Seed) -> Any:
    if initial_vectors is None:
        n = state.shape[0]
        # column by column, so that the first columns do not depend on k; one more than asked for
        # shows whether the last one is aligned
        generator = stream(seed, "tangent frame")
        initial_vectors = like(generator.standard_normal((min(n, k + 1), n)).T, state)
    return positive_qr(initial_vectors * 1)[0]


def _enlarged(q: Any, k: int, seed: Seed) -> Any:
    """Return the frame with further random columns, orthonormal."""
    n, old = q.shape
    generator = stream(seed, f"further columns from {old}")
    further = like(generator.standard_normal((k - old, n)).T, q)
    return positive_qr(namespace_of(q).concat((q, further), axis=1))[0]
