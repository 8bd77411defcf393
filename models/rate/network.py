"""What discrete-time and continuous-time rate networks share: weights, activation and drive."""

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
from scipy import sparse

from heavytail_snn.core.arrays import cast, check_no_unit, like, namespace_of, real_array, to_numpy
from heavytail_snn.core.errors import (
    ConvergenceError,
    ParameterError,
    check_choice,
    check_integer,
    check_real,
)
from heavytail_snn.core.options import CheckedArguments
from heavytail_snn.core.randomness import Seed, recorded_seed, seed_sequence, stream
from heavytail_snn.core.showing import Shown
from heavytail_snn.models.rate.activation import activation
from heavytail_snn.recording.recording import Recording
from heavytail_snn.recording.traces import Trace
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.network_weights import not_drawn, number_of_neurons, sample_weights


class LowRankPlus(Shown):
    """The matrix ``bulk + left @ right.T``, never formed: low-rank structure on a random bulk.

    Parameters
    ----------
    bulk : (n, n) array or sparse array, row = target
    left, right : (n, r) arrays
    """

    def __init__(self, bulk: Any, left: Any, right: Any) -> None:
        self.bulk = check_weights(bulk)
        self.left, self.right = (
            np.atleast_2d(real_array(name, factor))
            for name, factor in (("left", left), ("right", right))
        )
        self.shape, self.dtype = self.bulk.shape, self.bulk.dtype
        for name, factor in (("left", self.left), ("right", self.right)):
            if factor.shape[0] != self.shape[0] or factor.shape != self.left.shape:
                raise ParameterError(name, factor.shape, f"must have shape ({self.shape[0]}, rank)")
            if not np.isfinite(factor).all():
                raise ParameterError(name, "nan or inf", "must be finite")

    def __matmul__(self, q: Any) -> Any:
        return self.bulk @ q + self.left @ (self.right.T @ q)

    def astype(self, dtype: str) -> "LowRankPlus":
        """Return a copy in another precision."""
        return LowRankPlus(*(part.astype(dtype) for part in (self.bulk, self.left, self.right)))

    def toarray(self) -> np.ndarray:
        """Return the dense matrix."""
        bulk = self.bulk.toarray() if sparse.issparse(self.bulk) else self.bulk
        return bulk + self.left @ self.right.T


def check_weights(weights: Any, *, argument: str = "weights") -> Any:
    """Return a square, finite weight matrix: dense float array, csr_array or `LowRankPlus`.

    Arrays of other libraries (CuPy, PyTorch) are kept where they are.
    """
    if isinstance(weights, LowRankPlus):
        return weights
    check_no_unit(argument, weights)
    if sparse.issparse(weights):
        weights = sparse.csr_array(weights)
        values = weights.data
    else:
        if isinstance(weights, list | tuple):
            weights = real_array(argument, weights)
        values = weights
    shape = tuple(getattr(weights, "shape", ()))
    if len(shape) != 2 or shape[0] != shape[1] or shape[0] == 0:
        raise ParameterError(
            argument,
            shape,
            "must be a square matrix W[target, source]",
            "one row and one column per neuron; inputs from outside go through input_weights",
        )
    if isinstance(values, np.ndarray) and values.dtype.kind not in "iuf":
        raise ParameterError(argument, str(values.dtype), "must hold real numbers")
    xp = namespace_of(values)
    if not bool(xp.all(xp.isfinite(values))):
        bad = np.argwhere(~np.isfinite(to_numpy(values)))
        raise ParameterError(
            argument,
            f"nan or inf at {tuple(bad[0].tolist())} and {len(bad) - 1} more places",
            "must be finite",
            "check the weight law, or the file the weights were read from",
        )
    if isinstance(values, np.ndarray) and values.dtype.kind != "f":
        weights = weights.astype(np.float64)
    return weights


def fixed_seed(seed: Seed) -> int | np.random.SeedSequence:
    """Return a seed that gives the same streams each time it is used, also for a Generator."""
    return seed if isinstance(seed, int) else seed_sequence(seed)


class RateNetwork(CheckedArguments, Shown):
    """Base of `RateMap` and `RateFlow`; see there for the parameters."""

    dt: float = 1.0
    time_unit: ClassVar[str] = "steps"
    _dtype: str = "float64"

    def __init__(
        self,
        weights: Any,
        n_neurons: int | None = None,
        *,
        gain: float = 1.0,
        phi: Any = "tanh",
        noise: float = 0.0,
        input_weights: Any = None,
        bias: Any = 0.0,
        seed: Seed = None,
    ) -> None:
        self._set_weights(weights, n_neurons)
        if self.coupling and seed is not None:
            self.__dict__ |= self.drawn(fixed_seed(seed))[0].__dict__
        self.gain = check_real("gain", gain, low=0)
        self.activation = activation(phi)
        self.noise = check_real("noise", noise, low=0)
        self.input_weights = (
            None if input_weights is None else real_array("input_weights", input_weights)
        )
        shape = (self.n_neurons, 1) if self.input_weights is None else self.input_weights.shape
        if len(shape) != 2 or shape[0] != self.n_neurons:
            raise ParameterError("input_weights", shape, "must have shape (n_neurons, n_inputs)")
        self.bias = real_array("bias", bias)
        if self.bias.shape not in ((), (self.n_neurons,)) or not np.isfinite(self.bias).all():
            raise ParameterError("bias", bias, "must be a finite number or one per neuron")

    def _set_weights(self, weights: Any, n_neurons: int | None) -> None:
        self.coupling = weights if isinstance(weights, Coupling) else None
        self.weights = weights if self.coupling else check_weights(weights)
        self.n_neurons = number_of_neurons(self.weights, n_neurons)
        self.seed = None

    def sample_weights(self, seed: Seed = None) -> Any:
        """Return W[target, source]: the matrix that the network has, or a sample of the Coupling.

        Equal to ``Coupling.sample(n_neurons, seed)``, which a run with this seed uses.
        """
        return check_weights(sample_weights(self.weights, self.n_neurons, seed))

    def drawn(self, seed: Seed = None) -> tuple[Self, Seed]:
        """Return the network with its matrix, and the seed to go on with.

        Parameters
        ----------
        seed : Seed
            Of the Coupling, where the network has no matrix yet; a Generator or None is fixed, so
            that weights and initial state come from one seed.
        """
        if not isinstance(self.weights, Coupling):
            return self, seed
        seed = fixed_seed(seed)
        matrix = self.sample_weights(seed)
        if self._dtype != "float64":
            matrix = cast(matrix, self._dtype)
        return self._copy(weights=matrix, seed=recorded_seed(seed)), seed

    def _product(self, state: Any) -> Any:
        if isinstance(self.weights, Coupling):
            raise not_drawn(self.weights)
        return self.weights @ state

    @property
    def parameters(self) -> dict[str, Any]:
        """What a result stores about the network."""
        return {
            "model": type(self).__name__,
            "coupling": repr(self.coupling) if self.coupling else "given weights",
            "weights_seed": self.seed,
            "n_neurons": self.n_neurons,
            "gain": self.gain,
            "phi": self.activation.name,
            "noise": self.noise,
        }

    def with_gain(self, gain: float) -> Self:
        """Return the same network, same weights, with another gain."""
        return self._copy(gain=check_real("gain", gain, low=0))

    def with_precision(self, dtype: str) -> Self:
        """Return the same network with weights and states in "float32" or "float64"."""
        check_choice("dtype", dtype, ("float32", "float64"))
        if isinstance(self.weights, Coupling):
            return self._copy(_dtype=dtype)
        return self._copy(weights=cast(self.weights, dtype))

    def initial_state(self, seed: Seed = None) -> Any:
        """Return standard normal values, one per neuron, in the library of the weights."""
        return self.as_state(stream(seed, "initial state").standard_normal(self.n_neurons))

    def as_state(self, values: Any) -> Any:
        """Return `values` as a state: right shape, precision and array library."""
        shape = tuple(np.shape(to_numpy(values)))
        if shape != (self.n_neurons,):
            raise ParameterError("initial_state", shape, f"must have shape ({self.n_neurons},)")
        if not np.isfinite(to_numpy(values)).all():
            raise ParameterError("initial_state", "nan or inf", "must be finite")
        return values * 1 if namespace_of(values) is not np else like(values, self._array())

    def drives(self, seed: Seed = None, inputs: Any = None, scale: float = 1.0) -> Iterator[Any]:
        """Yield the additive drive of each step, bias plus input plus noise; None for none.

        Parameters
        ----------
        seed : Seed
            Of the noise.
        inputs : (n_steps, n_inputs) array or iterable of (n_inputs,) arrays, optional
            Multiplied by `input_weights` (the identity if there are none).
        scale : float
            Factor of the noise.
        """
        if inputs is None and not self.noise and not self.bias.any():
            yield from iter(lambda: None, 0)
        generator = stream(seed, "noise")
        steps = iter(inputs) if inputs is not None else iter(lambda: None, 0)
        for u in steps:
            drive = np.broadcast_to(self.bias, (self.n_neurons,))
            if u is not None:
                u = self._checked_input(u)
                drive = drive + (u if self.input_weights is None else self.input_weights @ u)
            if self.noise:
                drive = drive + scale * self.noise * generator.standard_normal(self.n_neurons)
            yield like(drive, self._array())

    def _checked_input(self, u: Any) -> np.ndarray:
        n = self.n_neurons if self.input_weights is None else self.input_weights.shape[1]
        values = real_array("inputs", u)
        if values.shape != (n,) and (values.ndim or self.input_weights is not None):
            remedy = "" if self.input_weights is not None else "or give the network input_weights"
            raise ParameterError("inputs", values.shape, f"must hold {n} values a step", remedy)
        if not np.isfinite(values).all():
            raise ParameterError("inputs", "nan or inf", "must be finite")
        return values

    def run(
        self,
        n_steps: int,
        *,
        seed: Seed = None,
        initial_state: Any = None,
        inputs: Any = None,
        warmup: int = 0,
    ) -> np.ndarray:
        """Simulate and return the states after each step.

        Parameters
        ----------
        n_steps, warmup : int
            Recorded and discarded steps.
        seed : Seed
            Of initial state and noise, and of the weights of a Coupling that has no seed yet.
        initial_state : (n,) array, optional
            Standard normal by default.
        inputs : (warmup + n_steps, n_inputs) array, optional

        Returns
        -------
        (n_steps, n_neurons) ndarray
        """
        n_steps, warmup = check_integer("n_steps", n_steps, low=1), check_integer("warmup", warmup)
        if inputs is not None and len(inputs) < n_steps + warmup:
            raise ParameterError(
                "inputs", len(inputs), f"must hold {n_steps + warmup} steps, warm-up included"
            )
        network, seed = self.drawn(seed)
        x = network.initial_state(seed) if initial_state is None else self.as_state(initial_state)
        traces = np.empty((n_steps, self.n_neurons), dtype=to_numpy(x).dtype)
        drives = network.drives(seed, inputs)
        for t in range(-warmup, n_steps):
            with np.errstate(over="ignore", invalid="ignore"):  # the check below says more
                x = network.step(x, next(drives))
            if t >= 0:
                traces[t] = to_numpy(x)
        if not np.isfinite(traces[-1]).all():
            raise ConvergenceError("the state became non-finite; reduce gain or dt, or bound phi")
        return traces

    def simulate_arrays(
        self,
        duration: float,
        *,
        dt: Any = None,
        seed: Seed = None,
        record: Any = (),
        weights: Any = None,
        progress: bool = False,
    ) -> Recording:
        """Simulate for `heavytail_snn.simulate`: the states become the trace "state".

        Parameters
        ----------
        duration : float
            In steps (`RateMap`) or time constants (`RateFlow`), which stand for the seconds of
            the recording; it holds no spikes.
        seed : Seed
        weights : Coupling, array or sparse array, optional
            Instead of the network's own.
        dt, record, progress
            `dt` belongs to the network and must be None; the others change nothing.
        """
        if dt is not None:
            raise ParameterError("dt", dt, "must be None", "a RateFlow takes dt when it is built")
        check_no_unit("duration", duration, remedy=f"give {self.time_unit}, such as duration=100")
        length = check_real("duration", duration, low=self.dt)
        network = self
        if weights is not None:
            network = self._copy()
            network._set_weights(weights, self.n_neurons)
        network, seed = network.drawn(seed)
        states = to_numpy(network.run(round(length / self.dt), seed=seed))
        attributes = network.parameters | {"seed": recorded_seed(seed)}
        traces = {"state": Trace(states, dt=self.dt, t_start=self.dt)}
        return Recording(
            np.empty(0),
            np.empty(0, int),
            self.n_neurons,
            0.0,
            self.dt * len(states),
            traces=traces,
            attrs=attributes,
        )

    def step(self, state: Any, drive: Any = None) -> Any:
        """Return the state after one step; a subclass says how."""
        raise NotImplementedError

    def _copy(self, **changes: Any) -> Self:
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | changes
        return other

    def _array(self) -> Any:
        """Return an array whose library, precision and device states share."""
        if isinstance(self.weights, Coupling):
            return np.empty(0, dtype=self._dtype)
        if isinstance(self.weights, LowRankPlus):
            return self.weights.left
        return self.weights.data if sparse.issparse(self.weights) else self.weights
