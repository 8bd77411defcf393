"""Response kernels: how similar the states are that a network reaches for two stimuli.

K_t = <S(t; x) S(t; x')> at identical weights, update times and noise follows from the replica
dynamics, with the stimulus as an input that differs or as the initial state.  Chaos makes it
discontinuous at coincidence; the height of that jump is the nugget eta_t.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from heavytail_snn.analysis.theory.binary_networks.replicas import check_times, overlap_distance
from heavytail_snn.analysis.theory.binary_networks.units import BinaryUnits, binary_units
from heavytail_snn.analysis.theory.numerics.arrays import check_array
from heavytail_snn.analysis.theory.numerics.transfer import Floats
from heavytail_snn.analysis.theory.stable.sign_dynamics import stable_sign_dynamics
from heavytail_snn.analysis.theory.stable.sign_map import check_alpha, field_share, lost_overlap
from heavytail_snn.core.errors import check_choice, check_integer, check_real
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Rows, along

CODINGS = ("driven", "initial_condition")
STARTS = ("cosine", "triangle")
COINCIDENCE = 1e-12  # radian; stands for the limit of equal stimuli


@dataclass(frozen=True, kw_only=True)
class ResponseKernel(Result):
    """Kernel of the states of a +-1 network at given angles between stimuli, for N to infinity.

    Parameters
    ----------
    times : (t,) ndarray
        In mean update intervals.
    angles : (n,) ndarray
        Radian, in [0, pi]; the stimuli's similarity is their cosine.
    kernel, distance : (t, n) ndarray
        K and 1 - K; K is 1 at angle 0.
    nugget : (t,) ndarray
        1 - K at an angle of 1e-12: the jump at coincidence.
    residual : float
        Largest change of K when the tolerance of the integration is ten times larger.
    """

    times: Floats = field_of(dims=("time",))
    angles: Floats = field_of(dims=("angle",), unit="rad", repr=False)
    kernel: Floats = field_of(dims=("time", "angle"), repr=False)
    distance: Floats = field_of(dims=("time", "angle"), repr=False)
    nugget: Floats = field_of(dims=("time",))
    residual: float = field_of()

    def highlights(self) -> Rows:
        """Return the nugget over time, and the last kernel over angles."""
        return [
            ("nugget", along(self.nugget, self.times, "updates")),
            ("last kernel", along(self.kernel[-1], self.angles, "rad")),
        ]


@dataclass(frozen=True, kw_only=True)
class SynchronousKernel(Result):
    """Kernel of synchronously updated +-1 units after each step.

    Parameters
    ----------
    angles : (n,) ndarray
        Radian, in [0, pi].
    kernel, distance : (n_steps + 1, n) ndarray
        K and 1 - K, from the start (row 0) on.
    """

    angles: Floats = field_of(dims=("angle",), unit="rad", repr=False)
    kernel: Floats = field_of(dims=("step", "angle"), repr=False)
    distance: Floats = field_of(dims=("step", "angle"), repr=False)

    def highlights(self) -> Rows:
        """Return the last kernel over angles."""
        return [("last kernel", along(self.kernel[-1], self.angles, "rad"))]


def response_kernel(
    angles: ArrayLike,
    times: ArrayLike,
    *,
    g: float,
    s: float,
    stimulus_sd: float = 1.0,
    coding: str = "driven",
    noise: str = "shared",
    tolerance: float = 1e-10,
) -> ResponseKernel:
    """Return the response kernel of an asynchronous +-1 network with Gaussian weights.

    Parameters
    ----------
    angles : (n,) array_like
        Angles between stimuli in radian, in [0, pi].
    times : (t,) array_like
        Non-negative and increasing.
    g, s : float
        As in `binary` (Gaussian convention).
    stimulus_sd : float
        Standard deviation over neurons of the input that the stimulus causes ("driven" only).
    coding : {"driven", "initial_condition"}
        Whether the stimulus is a constant input, with equal initial states, or the initial state.
    noise : {"shared", "independent"}
        Whether the two presentations see the same threshold noise; they update at the same times
        in both cases.  With update times of their own they overlap less until they are stationary.
    tolerance : float
        Relative tolerance of the integration.

    Raises
    ------
    ParameterError
        For values outside their domain.

    Notes
    -----
    dK/dt = -K + (2/pi) asin[(g^2 K + s_in^2 cos(angle) + s^2) / (g^2 + s_in^2 + s^2)], K(0) = 1; a
    reconstruction of the idea announced in the abstract of Bauer, Keup, Kadmon & Helias, arXiv
    2606.04426, whose own definitions may differ.  Integrated in a variable in which the square-root
    start is smooth: a Runge-Kutta scheme in K itself with steps of 0.002, as the design pages of
    this library suggest, loses half a step there, 0.8 % of the nugget at t = 0.25.

    Examples
    --------
    >>> theory = response_kernel([0.5, 1.0], [1.0, 4.0], g=1.0, s=0.5)
    >>> [round(float(eta), 4) for eta in theory.nugget]
    [0.0559, 0.2731]
    """
    angles, times = check_angles(angles), check_times(times)
    driven = check_choice("coding", coding, CODINGS) == "driven"
    shared = check_choice("noise", noise, ("shared", "independent")) == "shared"
    stimulus_sd = check_real("stimulus_sd", stimulus_sd, low=0)
    state = binary_units(g, s, stimulus_sd=stimulus_sd if driven else 0.0)
    assert state is not None  # sign units always have a state
    dissimilarity = 2.0 * np.sin(np.append(angles, COINCIDENCE) / 2.0) ** 2
    floor = dissimilarity * state.input_share + (0.0 if shared else state.noise_share)
    start = np.zeros_like(floor) if driven else dissimilarity
    distance = overlap_distance(state, times, start, floor, tolerance)
    coarse = overlap_distance(state, times, start, floor, min(10.0 * tolerance, 1e-3))
    return ResponseKernel(
        times=times,
        angles=angles,
        kernel=1.0 - distance[:, :-1],
        distance=distance[:, :-1],
        nugget=distance[:, -1],
        residual=float(np.max(np.abs(distance - coarse))),
        parameters={
            "g": g,
            "s": s,
            "stimulus_sd": stimulus_sd,
            "coding": coding,
            "noise": noise,
        },
    )


def leading_nugget(times: ArrayLike, *, g: float, s: float, stimulus_sd: float = 0.0) -> Floats:
    """Return the nugget to leading order in its size, kappa^2 (1 - exp(-t/2))^2.

    Parameters
    ----------
    times : (t,) array_like
    g, s, stimulus_sd : float
        As in `response_kernel`; stimulus_sd = 0 for initial-condition coding.
    """
    state = binary_units(g, s, stimulus_sd=stimulus_sd)
    assert isinstance(state, BinaryUnits)
    return state.kappa**2 * np.expm1(-check_times(times) / 2.0) ** 2


def stable_response_kernel(
    angles: ArrayLike, times: ArrayLike, *, alpha: float, g: float, s: float
) -> ResponseKernel:
    """Return the kernel of an asynchronous +-1 network with alpha-stable weights.

    The stimulus is the initial state.  The nugget is that of a finite angle of 1e-12: for alpha < 1
    it vanishes with the angle, and at alpha = 1 like a power that falls with time.

    Parameters
    ----------
    angles, times :
        As in `response_kernel`.
    alpha, g, s : float
        As in `stable_sign_map` (stable convention).

    Raises
    ------
    ParameterError
        For values outside their domain.
    """
    angles, times = check_angles(angles), check_times(times)
    dissimilarity = 2.0 * np.sin(np.append(angles, COINCIDENCE) / 2.0) ** 2
    apart = dissimilarity > 0
    distance = np.zeros((np.size(times), dissimilarity.size))
    fine, coarse = (
        stable_sign_dynamics(
            alpha, g, s, times, initial_distance=dissimilarity[apart], points_per_decade=density
        ).distance
        for density in (25, 12)
    )
    distance[:, apart] = fine
    return ResponseKernel(
        times=times,
        angles=angles,
        kernel=1.0 - distance[:, :-1],
        distance=distance[:, :-1],
        nugget=distance[:, -1],
        residual=float(np.max(np.abs(fine - coarse))),
        parameters={"alpha": alpha, "g": g, "s": s, "coding": "initial_condition"},
    )


def synchronous_kernel(
    angles: ArrayLike,
    n_steps: int,
    *,
    alpha: float = 2.0,
    g: float = 1.0,
    s: float = 0.0,
    start: str = "cosine",
) -> SynchronousKernel:
    """Iterate the overlap map of +-1 units updated all at once.

    Parameters
    ----------
    angles : (n,) array_like
        Radian, in [0, pi].
    n_steps : int
        At least 1.
    alpha, g, s : float
        As in `stable_sign_map`; without noise the gain is irrelevant.
    start : {"cosine", "triangle"}
        Kernel at step 0: cos(angle) (a linear code), or 1 - 2 angle/pi (its signs).

    Notes
    -----
    One step from the cosine at alpha = 2 is the arc-cosine kernel of order 0, Cho & Saul, NIPS
    (2009).

    For alpha < 2 the start "cosine" iterates the overlap map formally: no code of +-1 units has
    overlap cos(angle), since 1 - overlap is a metric for them and cannot vanish like angle^2; and a
    graded Gaussian input gives the arc-cosine kernel for every alpha.  "triangle" is a code of
    signs.

    Examples
    --------
    >>> kernel = synchronous_kernel([math.pi / 4], 1).kernel
    >>> round(float(kernel[1, 0]), 6)
    0.5
    """
    angles = check_angles(angles)
    n_steps = check_integer("n_steps", n_steps, low=1)
    share = field_share(alpha, g, s)
    rows: list[Floats] = [start_distance(angles, start)]
    for _ in range(n_steps):
        rows.append(lost_overlap(alpha, np.minimum(share * rows[-1], 2.0)))
    distance = np.array(rows)
    return SynchronousKernel(
        angles=angles,
        kernel=1.0 - distance,
        distance=distance,
        parameters={"alpha": alpha, "g": g, "s": s, "start": start},
    )


def start_distance(angles: Floats, start: str) -> Floats:
    """Return 1 - K at step 0: 1 - cos(angle), or 2 angle/pi."""
    if check_choice("start", start, STARTS) == "cosine":
        return 2.0 * np.sin(angles / 2.0) ** 2
    return 2.0 * angles / math.pi


def cusp_exponent(alpha: float, n_steps: int = 1, *, start: str = "cosine") -> float:
    """Return nu of the leading non-analytic term |angle|^nu of the synchronous kernel.

    For alpha > 1 every step takes the power 1/alpha; for alpha < 1 the map's own d^(1/alpha) is
    the first non-analytic term after any number of steps, unless the start has a cusp.

    Parameters
    ----------
    alpha : float
        Stability, in (0, 2].
    n_steps : int
        At least 1.
    start : {"cosine", "triangle"}

    Examples
    --------
    >>> cusp_exponent(2.0, 3), cusp_exponent(1.0), cusp_exponent(0.5)
    (0.25, 2.0, 4.0)
    """
    alpha = check_alpha(alpha)
    n_steps = check_integer("n_steps", n_steps, low=1)
    at_start = 2.0 if check_choice("start", start, STARTS) == "cosine" else 1.0
    if alpha >= 1:
        return at_start * alpha ** (-n_steps)
    return at_start / alpha if start == "cosine" else 1.0


def eigen_exponent(
    alpha: float, dimension: int, n_steps: int = 1, *, start: str = "cosine"
) -> float:
    """Return the exponent of the kernel's eigenvalues, n^-(1 + nu/D), on a D-dimensional manifold.

    For one step of the overlap map from the cosine it is 1 + 2/(alpha D); 1 + 2/D is the bound for
    a differentiable code of Stringer et al., Nature 571, 361 (2019).  No network of frozen +-1
    units reaches that bound: 1 - overlap is a metric for them, so that nu <= 1 (see
    `synchronous_kernel`).  Smooth units do, with weights of alpha = 1: `stable_smooth_kernel`.

    Parameters
    ----------
    alpha, n_steps, start :
        As in `cusp_exponent`.
    dimension : int
        D, at least 1.

    Examples
    --------
    >>> eigen_exponent(2.0, 1), eigen_exponent(1.0, 2)
    (2.0, 2.0)
    """
    dimension = check_integer("dimension", dimension, low=1)
    return 1.0 + cusp_exponent(alpha, n_steps, start=start) / dimension


def check_angles(angles: ArrayLike) -> Floats:
    """Return angles as a one-dimensional float array in [0, pi], else raise.

    Measured distances of opposite stimuli may lie above pi by rounding, 1e-8 at most.
    """
    remedy = "use the angle between the two stimuli, between 0 and pi"
    return np.minimum(
        check_array("angles", angles, low=0, high=math.pi + 1e-8, remedy=remedy), math.pi
    )
