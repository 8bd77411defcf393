"""The largest Lyapunov exponent of one weight matrix at many gains, in one matrix product a step.

States and tangent vectors of all gains are the columns of one array: ``W @ [states | tangents]``.
"""

from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from tqdm import tqdm

from heavytail_snn.analysis.lyapunov.rate.edge_of_chaos import (
    edge_of_chaos_width,
    last_upward_crossing,
)
from heavytail_snn.analysis.lyapunov.tangent.spectrum import block_standard_error
from heavytail_snn.core.arrays import cast, like, namespace_of, real_array, to_numpy
from heavytail_snn.core.errors import ConvergenceError, ParameterError, check_integer
from heavytail_snn.core.options import refuse_unknown
from heavytail_snn.core.randomness import Seed, recorded_seed, stream
from heavytail_snn.core.results import Result, field_of
from heavytail_snn.core.showing import Rows, leading
from heavytail_snn.models.rate.map import RateMap
from heavytail_snn.models.rate.network import fixed_seed

_COMPARED_STEPS = 20  # over which float32 stretches are compared with float64 ones
_STEPS_BETWEEN_LOOKS = 20  # for states that have died out


@dataclass(frozen=True, kw_only=True)
class LargestExponentCurve(Result):
    """Largest Lyapunov exponent of one weight matrix against gain.

    Parameters
    ----------
    gains, exponents, standard_error : (n_gains,) arrays
        Exponents per step, with block standard errors.
    block_exponents : (n_blocks, n_gains) array
    rounding_error : (n_gains,) array
        Measured only in float32: mean difference of the logarithmic stretch per step between
        float32 and float64 arithmetic from the same states (0 in float64).
    """

    gains: np.ndarray = field_of(dims=("gain",))
    exponents: np.ndarray = field_of(unit="1/step", dims=("gain",))
    standard_error: np.ndarray = field_of(unit="1/step", dims=("gain",))
    block_exponents: np.ndarray = field_of(unit="1/step", dims=("block", "gain"))
    rounding_error: np.ndarray = field_of(unit="1/step", dims=("gain",))

    def highlights(self) -> Rows:
        """Return the leading exponents and the gains that they belong to."""
        unknown = np.full(len(self.gains), np.nan)
        return [
            ("exponents", leading(self.exponents, self.standard_error, "1/step")),
            ("at gains", leading(self.gains, unknown)),
        ]

    def onset(self, *, threshold: float = 0.01) -> float:
        """Return the gain of the last upward crossing of `threshold`; nan if there is none."""
        return last_upward_crossing(self.gains, self.exponents, threshold=threshold)

    def width(self, *, half_width: float = 0.1) -> float:
        """Return the decades of gain with an exponent between -half_width and half_width."""
        return edge_of_chaos_width(self.gains, self.exponents, half_width=half_width)

    def plot(self, ax: Any = None, **style: Any) -> Any:
        """Draw the exponent against gain on a logarithmic axis, in a matplotlib style.

        Parameters
        ----------
        ax : matplotlib Axes, optional
        **style
            Of the line: ``color="C1"``, ``label="alpha = 1.5"``.
        """
        import matplotlib.pyplot as plt
        from matplotlib.artist import ArtistInspector
        from matplotlib.lines import Line2D

        styles = ArtistInspector(Line2D)
        aliases = [name for names in styles.aliasd.values() for name in names]
        refuse_unknown("plot", style, [*styles.get_setters(), *aliases])
        ax = plt.subplots()[1] if ax is None else ax
        (line,) = ax.plot(self.gains, self.exponents, **style)
        low, high = self.exponents - self.standard_error, self.exponents + self.standard_error
        ax.fill_between(self.gains, low, high, color=line.get_color(), alpha=0.25, lw=0)
        ax.axhline(0, color="0.6", lw=0.8, zorder=0)
        ax.set(xscale="log", xlabel="gain g", ylabel=r"largest exponent $\lambda_1$ (1/step)")
        return ax


def largest_exponent_curve(
    weights: Any,
    gains: ArrayLike,
    *,
    n_neurons: int | None = None,
    phi: Any = "tanh",
    noise: float = 0.0,
    n_steps: int = 1200,
    state_warmup: int = 1500,
    tangent_warmup: int = 200,
    n_blocks: int = 10,
    dtype: str = "float64",
    seed: Seed = None,
    progress: bool = False,
) -> LargestExponentCurve:
    """Return the largest exponent of ``x -> phi(g W x + noise)`` for every gain g.

    All gains start from the same state and see the same noise.

    Parameters
    ----------
    weights : Coupling, (n, n) array, csr_array, LowRankPlus or RateMap; row = target
        Weights at gain 1.  A `RateMap` brings its own `phi` and `noise`, and its gain multiplies
        `gains`.
    gains : (n_gains,) array
    n_neurons : int, optional
        Needed with a `Coupling`.
    phi, noise
        As for `RateMap`.
    n_steps, state_warmup, tangent_warmup, n_blocks
        As for `lyapunov_spectrum_of_map`.
    dtype : {"float64", "float32"}
        float32 takes about half the time; its error is measured and returned.
    seed : Seed
        Of the weights of a `Coupling`, of initial state, noise and tangent vectors.
    progress : bool

    Returns
    -------
    LargestExponentCurve

    Examples
    --------
    >>> import numpy as np
    >>> rotation = np.array([[0.0, -1.0], [1.0, 0.0]])
    >>> curve = largest_exponent_curve(rotation, [0.5], n_steps=100, state_warmup=100)
    >>> bool(np.isclose(curve.exponents[0], np.log(0.5)))
    True
    """
    network = (
        weights
        if isinstance(weights, RateMap)
        else RateMap(weights, n_neurons, phi=phi, noise=noise)
    )
    values = _check_gains(gains)
    n_blocks = check_integer("n_blocks", n_blocks, low=2)
    n_steps = check_integer("n_steps", n_steps, low=n_blocks, remedy="each block needs a step")
    state_warmup = check_integer("state_warmup", state_warmup)
    tangent_warmup = check_integer("tangent_warmup", tangent_warmup)
    network, seed = network.drawn(fixed_seed(seed))
    batch = _Batch(network, values, dtype, seed)
    bar = tqdm(total=state_warmup + tangent_warmup + n_steps, disable=not progress)
    batch.skip(state_warmup, bar)
    batch.mean_stretch(tangent_warmup, bar)
    lengths = [len(part) for part in np.array_split(np.arange(n_steps), n_blocks)]
    blocks = np.array([batch.mean_stretch(length, bar) for length in lengths])
    return LargestExponentCurve(
        gains=values,
        exponents=np.average(blocks, axis=0, weights=lengths),
        standard_error=block_standard_error(blocks),
        block_exponents=blocks,
        rounding_error=batch.rounding_error() if dtype == "float32" else np.zeros(values.size),
        seed=recorded_seed(seed),
        parameters=network.parameters
        | {"n_steps": n_steps, "state_warmup": state_warmup}
        | {"tangent_warmup": tangent_warmup, "dtype": dtype},
    )


class _Batch:
    """States and unit tangent vectors of all gains, as the columns of one array."""

    def __init__(self, network: RateMap, gains: np.ndarray, dtype: str, seed: Seed) -> None:
        self.network, self.n_gains = network.with_precision(dtype), gains.size
        self.drives = self.network.drives(seed)
        start = self.network.initial_state(seed)
        self.xp = namespace_of(start)
        self.gains = like(network.gain * gains, start)
        tangent = like(stream(seed, "tangent frame").standard_normal(network.n_neurons), start)
        self.both = self.xp.stack([start] * gains.size + [tangent] * gains.size, axis=1)
        self._normalise(self.both[:, gains.size :])
        at_rest = self.network.activation.function(0 * start[:1])
        driven = self.network.noise > 0 or bool(self.network.bias.any())
        self.silence_lasts = not driven and float(at_rest[0]) == 0

    def skip(self, n_steps: int, bar: tqdm) -> None:
        """Advance the states alone; those that have become exactly 0 for good are left behind."""
        phi = self.network.activation.function
        awake = list(range(self.n_gains))
        states, gains = self.both[:, : self.n_gains] * 1, self.gains
        for t in range(n_steps):
            if self.silence_lasts and t % _STEPS_BETWEEN_LOOKS == 0:
                alive = np.flatnonzero(to_numpy(self.xp.any(states != 0, axis=0)))
                if alive.size == 0:
                    awake = []
                    bar.update(n_steps - t)
                    break
                if alive.size < len(awake):
                    awake = [awake[i] for i in alive]
                    states = self.xp.stack([states[:, int(i)] for i in alive], axis=1)
                    gains = self.xp.stack([gains[int(i)] for i in alive])
            a = self.network.weights @ states
            a *= gains
            states = self._flush(phi(self._with_drive(a)))
            bar.update()
        self.both[:, : self.n_gains] = 0
        for column, gain in enumerate(awake):
            self.both[:, gain] = states[:, column]
        self._check_finite()

    def mean_stretch(self, n_steps: int, bar: tqdm) -> np.ndarray:
        """Advance states and tangents; return the mean ln of the stretch of each tangent."""
        total = np.zeros(self.n_gains)
        for _ in range(n_steps):
            total += self._advance()
            bar.update()
        self._check_finite()
        return total / max(n_steps, 1)

    def _advance(self) -> np.ndarray:
        product = self.network.weights @ self.both
        a = self._with_drive(self.gains * product[:, : self.n_gains])
        slope = self.gains * self.network.activation.derivative(a)
        self.both[:, : self.n_gains] = self._flush(self.network.activation.function(a))
        return self._normalise(slope * product[:, self.n_gains :])

    def _with_drive(self, a: Any) -> Any:
        drive = next(self.drives)
        return a if drive is None else a + drive[:, None]

    def _normalise(self, tangents: Any) -> np.ndarray:
        norm = self.xp.linalg.vector_norm(tangents, axis=0)
        # a vector that has died out stays 0 and its exponent is -inf
        scaled = tangents / self.xp.where(norm > 0, norm, norm + 1)
        self.both[:, self.n_gains :] = self._flush(scaled)
        with np.errstate(divide="ignore"):
            return np.log(to_numpy(norm).astype(np.float64))

    def _flush(self, x: Any) -> Any:
        # products with denormal numbers take a hundred times longer; states that decay to the
        # quiescent fixed point would pass through them
        limits = self.xp.finfo(x.dtype)
        return self.xp.where(self.xp.abs(x) < limits.tiny / limits.eps, 0 * x, x)

    def _check_finite(self) -> None:
        if not bool(self.xp.all(self.xp.isfinite(self.both))):
            raise ConvergenceError(
                "a state or tangent vector became non-finite; reduce the gains or bound phi"
            )

    def rounding_error(self) -> np.ndarray:
        """Return the mean absolute error of ln stretch per step against float64 arithmetic."""
        exact = self.network.with_precision("float64")
        gains = cast(self.gains, "float64")
        total = np.zeros(self.n_gains)
        for _ in range(_COMPARED_STEPS):
            both = cast(self.both, "float64")
            product = exact.weights @ both
            drive = next(self.drives)
            self.drives = chain((drive,), self.drives)  # the same drive again, in float32
            a = gains * product[:, : self.n_gains]
            a = a if drive is None else a + cast(drive, "float64")[:, None]
            tangents = gains * exact.activation.derivative(a) * product[:, self.n_gains :]
            stretch = to_numpy(self.xp.linalg.vector_norm(tangents, axis=0))
            before = to_numpy(self.xp.linalg.vector_norm(both[:, self.n_gains :], axis=0))
            with np.errstate(divide="ignore", invalid="ignore"):
                total += np.abs(self._advance() - np.log(stretch / before))
        return total / _COMPARED_STEPS


def _check_gains(gains: ArrayLike) -> np.ndarray:
    values = np.atleast_1d(real_array("gains", gains))
    if values.ndim != 1 or values.size == 0 or not (np.isfinite(values) & (values >= 0)).all():
        raise ParameterError("gains", gains, "must be a list of finite numbers >= 0")
    return values
