"""Continuous-time rate network with alpha-stable weights: mean-field theory by path populations.

``dx_i/dt = -x_i + sum_j J_ij phi(x_j)`` with ``J = g z / N^(1/alpha)``. For alpha < 2 the field is
a stable process, which two-point functions do not close. A population of whole paths does: each
new path is a LePage series over independent copies of the old ones.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from tqdm import tqdm

from heavytail_snn.analysis.theory.numerics.lepage import lepage_weights, split_strongest
from heavytail_snn.analysis.theory.numerics.population_average import average, drift
from heavytail_snn.analysis.theory.numerics.transfer import Phi, as_transfer
from heavytail_snn.core.compiled import compiled
from heavytail_snn.core.errors import ConvergenceError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Shown
from heavytail_snn.weights.laws import LevyStable


@dataclass(frozen=True, kw_only=True)
class HeavyTailedRateFlow(Result):
    """Stationary state of a continuous-time rate network with alpha-stable weights."""

    scale: float = field_of(quantity="scale", error="scale_error")
    scale_error: float = field_of()
    rate_power: float = field_of(error="rate_power_error")
    rate_power_error: float = field_of()
    lags: NDArray = field_of(dims=("lag",))
    autocovariance: NDArray = field_of(dims=("lag",))
    frequencies: NDArray = field_of(dims=("frequency",))
    spectrum: NDArray = field_of(dims=("frequency",))
    states: NDArray = field_of(dims=("sample",))
    dominance: float = field_of()
    quiescent: bool
    residual: float = field_of()
    history: NDArray = field_of(dims=("iteration",))


@dataclass(frozen=True, kw_only=True)
class PathSampling(Shown):
    """Accuracy of a path population.

    Parameters
    ----------
    population : int
        Number of paths.
    duration, dt : float
        Length of the periodic window and time step, in units of the time constant.
    n_strong : int
        Inputs added path by path; the others form a Gaussian process.
    n_iterations, n_average : int
        Number of iterations; the last `n_average` are averaged.
    mixing : float in (0, 1]
        Fraction of the paths renewed per iteration.
    """

    population: int = 800
    duration: float = 120.0
    dt: float = 0.1
    n_strong: int = 60
    n_iterations: int = 60
    n_average: int = 36
    mixing: float = 0.5

    def __post_init__(self) -> None:
        check_integer("population", self.population, low=20)
        check_real("dt", self.dt, low=0.0, open_low=True, high=1.0)
        check_real("duration", self.duration, low=20.0)
        check_integer("n_strong", self.n_strong, low=1)
        check_integer("n_iterations", self.n_iterations, low=4)
        check_integer("n_average", self.n_average, low=4, high=self.n_iterations)
        check_real("mixing", self.mixing, low=0.0, high=1.0, open_low=True)

    @property
    def n_steps(self) -> int:
        """Number of steps of the window."""
        return int(next_fast_len(round(self.duration / self.dt), real=True))


def rate_flow_heavy_tailed(
    alpha: float,
    g: float,
    *,
    phi: Phi = "tanh",
    in_degree: int | None = None,
    sampling: PathSampling | None = None,
    tolerance: float = 0.03,
    seed: Seed = None,
    progress: bool = False,
) -> HeavyTailedRateFlow:
    """Return the stationary chaotic state of a rate network with symmetric stable weights.

    Parameters
    ----------
    alpha : float in (0, 2]
    g : float
        Gain in the stable convention, E exp(ikz) = exp(-|k|^alpha): at alpha = 2, sqrt(2) times
        smaller than the gain of unit-variance weights.
    phi :
        Transfer function, see `as_transfer`; bounded, or the state may run away.
    in_degree : int, optional
        Number of inputs of a unit (N of a dense network). None: infinitely many.
    sampling : PathSampling, optional
    tolerance : float
        Accepted relative drift of <phi^2> over the averaged iterations, on top of 4 standard
        errors. (The amplitude is a slow mode of the iteration: over seeds it scatters up to
        twice as much as the standard errors say.)
    seed : int, SeedSequence, Generator or None
    progress : bool

    Returns
    -------
    HeavyTailedRateFlow
        ``scale`` of the stable marginal law of x; ``rate_power`` <phi^2>; ``autocovariance`` of
        phi(x) at ``lags`` and its ``spectrum``; ``states``, a sample of x; ``dominance`` as in
        `lif_heavy_tailed`; ``quiescent`` where the paths die out.

    Raises
    ------
    ParameterError
        If alpha lies outside (0, 2], g is negative or phi does not map arrays to arrays.
    ConvergenceError
        If <phi^2> still drifts, or a path is not finite.

    Notes
    -----
    Derived here. At alpha = 2 it is the theory of Sompolinsky, Crisanti & Sommers, Phys. Rev. Lett.
    61, 259 (1988). For alpha < 2 quiescence is unstable at every g for infinitely many inputs, but
    at small g the scale exp(-1 / (K g^alpha)) is below what a population resolves.
    """
    check_real("alpha", alpha, low=0.0, high=2.0, open_low=True)
    g = check_real("g", g, low=0.0)
    check_real("tolerance", tolerance, low=0.0, open_low=True)
    if in_degree is not None:
        in_degree = check_integer("in_degree", in_degree, low=1)
    sampling = sampling or PathSampling()
    transfer = as_transfer(phi)
    phi = transfer.value
    seed = seed_sequence(seed)
    generator = stream(seed, "path population")
    draw = weights_of(alpha, g, in_degree, sampling.n_strong)
    history, samples = [], []
    x = starting_paths(sampling, generator)
    n_new = max(round(sampling.mixing * sampling.population), 1)
    for iteration in tqdm(range(sampling.n_iterations), "paths", disable=not progress):
        new, share = renew(phi(x), n_new, draw, sampling.dt, generator)
        if not np.isfinite(new).all():
            raise ConvergenceError(
                f"a path is not finite in iteration {iteration}; use a bounded activation"
            )
        x = np.concatenate([x[n_new:], new])
        history.append(float(np.mean(phi(new) ** 2)))
        if iteration >= sampling.n_iterations - sampling.n_average:
            samples.append((new, share))
    parameters = {"alpha": alpha, "g": g, "phi": transfer.name} | {
        "in_degree": in_degree, "sampling": sampling,
    }  # fmt: skip
    return summarise(
        alpha, phi, samples, np.array(history), sampling, tolerance,
        parameters=parameters, seed=recorded_seed(seed),
    )  # fmt: skip


def weights_of(
    alpha: float, g: float, in_degree: int | None, n_strong: int
) -> Callable[[int, np.random.Generator], tuple[NDArray, NDArray]]:
    """Return the function that draws the strong weights and the squared rest of n units."""

    def draw(n: int, generator: np.random.Generator) -> tuple[NDArray, NDArray]:
        if in_degree is None:
            strong, rest = lepage_weights(alpha, n, n_strong, generator)
        else:
            law = LevyStable(alpha)
            sample = law.sample((n, in_degree), generator) * law.scale(in_degree)
            strong, _, rest = split_strongest(sample, n_strong)
        return g * strong, g**2 * rest

    return draw


def starting_paths(sampling: PathSampling, generator: np.random.Generator) -> NDArray:
    """Return paths of unit variance and correlation time 1, which decay: not a static state."""
    power = low_pass(sampling.n_steps, sampling.dt)
    white = generator.standard_normal((sampling.population, sampling.n_steps))
    x = irfft(rfft(white, axis=1) * power, sampling.n_steps, axis=1)
    return x / x.std()


def low_pass(n_steps: int, dt: float) -> NDArray:
    """Return the transfer function of dx/dt = -x + h on the periodic grid."""
    return 1 / (1 + 2j * np.pi * np.fft.rfftfreq(n_steps, dt))


def renew(
    phi_x: NDArray,
    n_new: int,
    draw: Callable[[int, np.random.Generator], tuple[NDArray, NDArray]],
    dt: float,
    generator: np.random.Generator,
) -> tuple[NDArray, NDArray]:
    """Return new paths of x driven by old paths of phi(x), and their dominance.

    Returns
    -------
    x : (n_new, n_steps) ndarray
    dominance : (n_new,) ndarray
        Sum of squared shares of the inputs in J^2 <phi^2>.
    """
    n_paths, n_steps = phi_x.shape
    strong, rest = draw(n_new, generator)
    coefficients = rfft(phi_x, axis=1) * low_pass(n_steps, dt)
    filtered = irfft(coefficients, n_steps, axis=1)
    # the symmetric weights give the rest mean 0 and the uncentred spectrum of the population
    power = np.mean(np.abs(coefficients) ** 2, axis=0)
    shape = (n_new, power.size)
    noise = generator.standard_normal(shape) + 1j * generator.standard_normal(shape)
    noise *= np.sqrt(rest[:, None] * power / 2)
    noise[:, 0] = noise[:, 0].real * np.sqrt(2)
    if n_steps % 2 == 0:
        noise[:, -1] = noise[:, -1].real * np.sqrt(2)
    x = irfft(noise, n_steps, axis=1)
    chosen = generator.integers(0, n_paths, strong.shape)
    add_shifted(x, strong, chosen, generator.integers(0, n_steps, strong.shape), filtered)
    variance = np.mean(phi_x**2, axis=1)
    parts = strong**2 * variance[chosen]
    total = parts.sum(axis=1) + rest * variance.mean()
    return x, np.sum(parts**2, axis=1) / np.where(total > 0, total, 1.0) ** 2


@compiled
def add_shifted(x, strong, chosen, shift, filtered):  # type: ignore[no-untyped-def]
    """Add each strong input's path, shifted round the window, in place."""
    n_steps = x.shape[1]
    for i in range(strong.shape[0]):
        for k in range(strong.shape[1]):
            w, source, s = strong[i, k], chosen[i, k], shift[i, k]
            for t in range(n_steps - s):
                x[i, t + s] += w * filtered[source, t]
            for t in range(n_steps - s, n_steps):
                x[i, t + s - n_steps] += w * filtered[source, t]


QUIESCENT = 1e-8  # <phi^2> below which the paths count as dead


def summarise(
    alpha: float,
    phi: Callable[[NDArray], NDArray],
    samples: list[tuple[NDArray, NDArray]],
    history: NDArray,
    sampling: PathSampling,
    tolerance: float,
    **record: Any,
) -> HeavyTailedRateFlow:
    """Average the last iterations; raise ConvergenceError where they still drift."""
    averaged = history[-len(samples) :]
    (power, error), (moved, noise) = average(averaged), drift(averaged)
    quiescent = bool(averaged[-1] < QUIESCENT)
    if not quiescent and moved > tolerance * power + 4 * noise:
        raise ConvergenceError(
            f"<phi^2> still moves by {moved:.3g} around {power:.4g}; raise n_iterations (it "
            "converges slowly close to the onset of activity)"
        )
    n_steps, dt = sampling.n_steps, sampling.dt
    spectra = [np.mean(np.abs(rfft(phi(x), axis=1)) ** 2, axis=0) for x, _ in samples]
    spectrum = np.mean(spectra, axis=0) * dt / n_steps
    scale, scale_error = average(np.array([stable_scale(x, alpha) for x, _ in samples]))
    half_steps = n_steps // 2
    return HeavyTailedRateFlow(
        scale=scale,
        scale_error=scale_error,
        rate_power=power,
        rate_power_error=error,
        lags=np.arange(half_steps) * dt,
        autocovariance=irfft(spectrum, n_steps)[:half_steps] / dt,
        frequencies=np.fft.rfftfreq(n_steps, dt),
        spectrum=spectrum,
        states=np.sort(np.concatenate([x[:, :: max(n_steps // 8, 1)].ravel() for x, _ in samples])),
        dominance=float(np.mean([share.mean() for _, share in samples])),
        quiescent=quiescent,
        residual=moved / power if power > 0 else 0.0,
        history=history,
        warnings=("quiescent: all paths decay to zero",) if quiescent else (),
        **record,
    )


def stable_scale(x: NDArray, alpha: float) -> float:
    """Return the scale of symmetric stable samples, from the mean of ln|x|; 0 for zeros alone."""
    if not x.any():
        return 0.0
    tiny = np.finfo(float).tiny
    return float(np.exp(np.log(np.abs(x) + tiny).mean() - np.euler_gamma * (1 / alpha - 1)))
