"""Mean-field theory of LIF networks with heavy-tailed weights, by population dynamics.

With alpha-stable weights no central limit theorem makes a neuron's input Gaussian: a few synapses
carry a finite share of it. The field is a LePage series over independent copies of the network's
own spike trains: the strongest synapses are heard spike by spike, the rest as Gaussian noise.
"""

from typing import Any

import numpy as np

from heavytail_snn.analysis.theory.lif.paths import Membrane, SynapticWeights
from heavytail_snn.analysis.theory.lif.population import (
    DrawWeights,
    LIFPopulation,
    LIFSampling,
    relax,
    summarise,
)
from heavytail_snn.analysis.theory.lif.siegert import T_REF, TAU, THETA, check_neuron, si
from heavytail_snn.analysis.theory.numerics.lepage import lepage_weights, split_strongest
from heavytail_snn.core.dimensions import SI, in_si
from heavytail_snn.core.errors import ParameterError, check_integer, check_real
from heavytail_snn.core.randomness import Seed, seed_sequence, stream
from heavytail_snn.weights.coupling import Coupling
from heavytail_snn.weights.laws import LevyStable

_INITIAL_RATE, _MILLIVOLT = SI(20.0), SI(1e-3)


def lif_heavy_tailed(
    alpha: float,
    gain: Any,
    *,
    drive: Any,
    in_degree: int | None = None,
    noise: Any = 0.0,
    tau: Any = TAU,
    theta: Any = THETA,
    v_reset: Any = 0.0,
    t_ref: Any = T_REF,
    n_strong: int = 40,
    initial_rate: Any = _INITIAL_RATE,
    sampling: LIFSampling | None = None,
    tolerance: float = 0.02,
    seed: Seed = None,
    progress: bool = False,
) -> LIFPopulation:
    """Return the stationary activity of a LIF network with symmetric alpha-stable weights.

    Parameters
    ----------
    alpha : float in (0, 2]
        Tail exponent of the weights ``J = gain z / K^(1/alpha)`` over K synapses, with z of unit
        scale, E exp(ikz) = exp(-|k|^alpha); **at alpha = 2, z has variance 2**.
    gain : Quantity of voltage
        Scale of the summed weights (delta synapses).
    drive, noise : Quantity of voltage
        External mean and white-noise amplitude (Siegert convention).
    in_degree : int, optional
        K. None: the limit of infinitely many synapses (LePage series). A number: that many weights
        are drawn for each neuron.
    tau, theta, v_reset, t_ref : Quantity
        Membrane parameters: 20 ms, 20 mV, 0 mV, 2 ms.
    n_strong : int
        Synapses heard individually, the strongest ones; the others form a Gaussian process with
        the population's own spectrum.
    initial_rate : Quantity, Hz
        Rate of the Poisson trains from which the iteration starts.
    sampling : LIFSampling, optional
    tolerance : float
        Accepted relative drift of the rate, on top of 4 standard errors.
    seed : int, SeedSequence, Generator or None
    progress : bool

    Returns
    -------
    LIFPopulation
        ``rate`` is that of a simulation with the step of `sampling`: without synapses, a period of
        t_ref - dt and the steps to threshold; ``rates``, a sample of the rate distribution;
        ``spectrum``; ``variance_fraction[m - 1]``,
        mean share of a neuron's input power (sum of J^2 times source rate) that its m strongest
        synapses carry; ``dominance``, mean sum of squared shares, which is exactly 1 - alpha / 2
        for infinitely many synapses whatever the rates (the shares follow the Poisson-Dirichlet
        law of index alpha / 2).

    Raises
    ------
    UnitError
        If a voltage or a time is a bare number.
    ParameterError
        If alpha lies outside (0, 2] or another argument outside its domain.
    ConvergenceError
        If the rate still drifts after the iterations.

    Notes
    -----
    Derived here; series representation: LePage, Woodroofe & Zinn, Ann. Probab. 9, 624 (1981).
    The source neurons are independent, as in a network whose loops carry no strong synapses;
    finite networks deviate through them. Cost: about 10 s.
    """
    check_real(
        "alpha", alpha, low=0.0, high=2.0, open_low=True, remedy="for alpha > 2 use lif_spectrum"
    )
    gain = check_real("gain", si("gain", gain), low=0.0)
    n_strong = check_integer("n_strong", n_strong, low=1)
    if in_degree is not None:
        in_degree = check_integer("in_degree", in_degree, low=1)

    def draw(n: int, generator: np.random.Generator) -> SynapticWeights:
        if in_degree is None:
            strong, square = lepage_weights(alpha, n, n_strong, generator)
            total = np.sqrt(square) * generator.standard_normal(n)
        else:
            law = LevyStable(alpha)
            sample = law.sample((n, in_degree), generator) * law.scale(in_degree)
            strong, total, square = split_strongest(sample, n_strong)
        return SynapticWeights(gain * strong, gain * total, gain**2 * square)

    membrane = {"tau": tau, "theta": theta, "v_reset": v_reset, "t_ref": t_ref}
    network = {"alpha": alpha, "gain": gain, "in_degree": in_degree, "n_strong": n_strong}
    return solve(
        draw, network, membrane, drive=drive, noise=noise, initial_rate=initial_rate,
        sampling=sampling, tolerance=tolerance, seed=seed, progress=progress,
    )  # fmt: skip


MOST_ROWS = 4000  # neurons whose synapses stand for all, to bound the memory


def lif_coupling(
    coupling: Coupling,
    n_neurons: int,
    *,
    drive: Any,
    unit_weight: Any = _MILLIVOLT,
    noise: Any = 0.0,
    tau: Any = TAU,
    theta: Any = THETA,
    v_reset: Any = 0.0,
    t_ref: Any = T_REF,
    n_strong: int = 40,
    initial_rate: Any = _INITIAL_RATE,
    sampling: LIFSampling | None = None,
    tolerance: float = 0.02,
    seed: Seed = None,
    progress: bool = False,
) -> LIFPopulation:
    """Return the stationary activity of a LIF network with any Coupling, in mean-field theory.

    As `lif_heavy_tailed`, but each neuron's synapses are a row of a weight matrix drawn from
    `coupling` for `n_neurons`, the one that `simulate` draws from the same seed: any law, wiring
    and sign rule, in-degrees included. What is averaged over is who sits at the other end.

    Parameters
    ----------
    coupling : Coupling
    n_neurons : int
    drive : Quantity of voltage
        External mean input.
    unit_weight : Quantity of voltage
        Jump of the membrane potential of a weight 1; 1 mV.  A Coupling with a gain in volts needs
        none.
    noise, tau, theta, v_reset, t_ref, n_strong, initial_rate, sampling, tolerance, seed, progress
        As in `lif_heavy_tailed`.

    Returns
    -------
    LIFPopulation

    Raises
    ------
    UnitError, ParameterError, ConvergenceError
    """
    if not isinstance(coupling, Coupling):
        raise ParameterError("coupling", coupling, "must be a Coupling", "use ht.Coupling(...)")
    n_neurons = check_integer("n_neurons", n_neurons, low=2)
    unit = check_real("unit_weight", si("unit_weight", unit_weight))
    if coupling.unit:  # the weights are volts already
        in_si("gain", SI(coupling.gain) if coupling.unit == "V" else coupling.gain, "V")
        unit = 1.0
    n_strong = check_integer("n_strong", n_strong, low=1)
    seed = seed_sequence(seed)
    weights = coupling.sample(n_neurons, seed)
    rows = stream(seed, "rows").permutation(n_neurons)[:MOST_ROWS]
    dense = weights[rows] if isinstance(weights, np.ndarray) else weights[rows].toarray()
    strong, total, square = split_strongest(unit * dense, n_strong)

    def draw(n: int, generator: np.random.Generator) -> SynapticWeights:
        row = generator.integers(0, rows.size, n)
        return SynapticWeights(strong[row], total[row], square[row])

    membrane = {"tau": tau, "theta": theta, "v_reset": v_reset, "t_ref": t_ref}
    network = {"coupling": coupling, "n_neurons": n_neurons, "n_strong": n_strong}
    return solve(
        draw, network, membrane, drive=drive, noise=noise, initial_rate=initial_rate,
        sampling=sampling, tolerance=tolerance, seed=seed, progress=progress,
    )  # fmt: skip


def solve(
    draw: DrawWeights,
    network: dict[str, Any],
    membrane: dict[str, Any],
    *,
    drive: Any,
    noise: Any,
    initial_rate: Any,
    sampling: LIFSampling | None,
    tolerance: float,
    seed: Seed,
    progress: bool,
) -> LIFPopulation:
    """Check the parameters common to all weights, relax the population and summarise it."""
    membrane = {name: si(name, value) for name, value in membrane.items()}
    drive, noise = si("drive", drive), si("noise", noise)
    check_neuron({"drive": drive, "noise": noise} | membrane)
    check_real("tolerance", tolerance, low=0.0, open_low=True)
    initial_rate = check_real("initial_rate", si("initial_rate", initial_rate), low=0.0)
    sampling, seed = sampling or LIFSampling(), seed_sequence(seed)
    relaxation = relax(
        draw,
        Membrane(**membrane, dt=sampling.dt),
        sampling,
        drive=drive,
        noise=noise,
        initial_rate=initial_rate,
        seed=seed,
        progress=progress,
    )
    parameters = network | membrane | {"drive": drive, "noise": noise, "sampling": sampling}
    return summarise(relaxation, sampling, tolerance=tolerance, parameters=parameters, seed=seed)
