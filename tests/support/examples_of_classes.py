"""One small, real object of every public class, made on first use: name -> function.

A class that has none stands in `WITHOUT` with a reason; a test compares both with the package.
"""

import functools
import tempfile
from pathlib import Path

import brian2 as b2
import numpy as np
from brian2 import Quantity, ms, mV, second

import heavytail_snn as ht
from heavytail_snn import analysis, models
from heavytail_snn.analysis import theory
from heavytail_snn.analysis.lyapunov.brian.dt_scan import extrapolate
from heavytail_snn.analysis.lyapunov.brian.saltation.exact_lif import DivergenceRate

WITHOUT = {
    "Law": "abstract: each law is here",
    "models.NetworkModel": "abstract: each model is here",
    "analysis.sweep.SweepInterrupted": "a KeyboardInterrupt: its message says all",
}

ANGLES = np.linspace(0, np.pi, 9)
PAIR = np.array([[0.0, 2.0], [-2.0, 0.0]])
GAUSSIAN = ht.Coupling(ht.LevyStable(2.0), ht.FixedInDegree(10), autapses=False)
HEAVY = ht.Coupling(ht.LevyStable(1.5), ht.AllToAll())


@functools.cache
def random(*shape):
    """Return the same normal numbers for the same shape."""
    return np.random.default_rng(1).standard_normal(shape)


@functools.cache
def spikes():
    """Return 6 Poisson trains of 20 Hz over 20 s, recorded with a trace."""
    rng = np.random.default_rng(2)
    trains = [np.sort(rng.uniform(0, 20, 400)) for _ in range(6)]
    bare = ht.Recording.from_spike_trains(trains, 0, 20, attrs={"source": "<drawn> & made"})
    trace = ht.Trace(random(20, 2), 0.5, 0.0, "mV", [0, 3])
    return ht.Recording(bare.times, bare.ids, 6, 0, 20, {"v": trace}, bare.attrs)


@functools.cache
def inhibition():
    """Return 30 theta neurons that inhibit each other."""
    weights = ht.Coupling(ht.Constant(0.2), ht.FixedInDegree(5), sign=ht.Inhibitory())
    return models.ThetaNetwork(weights.sample(30, 1), drive=1.0)


@functools.cache
def pulses():
    """Return 30 pulse-coupled LIF neurons that inhibit each other."""
    weights = ht.Coupling(ht.Constant(0.2), ht.FixedInDegree(5), sign=ht.Inhibitory())
    return models.PulseLIFNetwork(weights.sample(30, 1), drive=1.0)


@functools.cache
def responses():
    """Return (stimuli, neurons, repeats): a smooth code of the circle with noise."""
    stimuli = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    tuning = np.cos(stimuli[:, None] - np.linspace(0, 6, 40)) + 1
    return tuning[:, :, None] + 0.3 * random(24, 40, 4)


class LeakyNetwork(models.SpikingNetwork):
    """A network of one's own."""

    equations = """
        dv/dt = (drive - v)/tau : volt
        drive : volt (constant)
        tau : second (shared, constant)
        """
    threshold = "v > 20*mV"
    reset = "v = 0*mV"
    on_pre = "v_post += w*mV"
    drive: Quantity = 24 * mV
    tau: Quantity = 20 * ms


def large_lif():
    """Return a network whose matrix must not be printed."""
    return models.LIFNetwork(np.zeros((1000, 1000)), drive=np.full(1000, 22.0) * mV)


def circuit():
    return theory.LIFCircuit(in_degree=(80, 20), weight=(0.1 * mV, -0.5 * mV), drive=20 * mV)


def strong_circuit():
    weight = (1 * mV, -5 * mV)
    return theory.LIFCircuit(in_degree=(200, 50), weight=weight, drive=24 * mV, v_reset=10 * mV)


def lif_sampling():
    return theory.LIFSampling(population=20, duration=0.2, n_iterations=4, n_average=4)


@functools.cache
def small_sweep():
    """Return a sweep that has run: two gains, two networks each."""
    found = ht.sweep(
        "rate", gain=[1.5, 2.5], n_neurons=30, duration=60, transient=20, seed=range(2),
        measure=["activity", "autocorrelation"], store=f"{tempfile.mkdtemp()}/small.zarr",
    )  # fmt: skip
    found.run("synchronous", progress=False)
    return found


def sample():
    case = small_sweep().grid.cases()[0]
    return analysis.sweep.Sample(small_sweep().grid.entry, case.values, case.seed)


def spectrum():
    network = models.RateMap(HEAVY, 60, gain=3.0, seed=1)
    return analysis.lyapunov_spectrum(network, seed=1, n_steps=200, state_warmup=100)


def comparison():
    measured = [ht.Estimate("rate", 10.2, 0.1, "Hz"), ht.Estimate("cv", 1.25, 0.02)]
    predicted = [ht.Estimate("rate", 10.0, 0.0, "Hz", "theory", "N -> infinity & alpha < 2")]
    return analysis.compare(measured, predicted, title="<measured> & predicted")


def matched_network():
    model = models.BinaryNetwork(GAUSSIAN, 40, noise=0.5)
    return analysis.match_rate_network(model, seed=1, duration=200 * ms, backend="numpy")


def scan():
    steps = np.array([1e-4, 5e-5, 2e-5])
    exponents = np.array([[5.2], [5.1], [5.04]])
    return extrapolate(steps, exponents, np.full((3, 1), 0.02), seed=3, parameters={"n_states": 1})


def exact_lif():
    return analysis.ExactLIF(GAUSSIAN.sample(20, 1), 1.2)


def brian_tangent():
    neurons = b2.NeuronGroup(
        2, "dv/dt = (1.5 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact"
    )
    return analysis.BrianTangent(b2.Network(neurons), neurons, duration=0.1, namespace={"ms": ms})


def presentation():
    model = models.BinaryNetwork(GAUSSIAN, 20, noise=0.5)
    return analysis.present(model, models.circle(2), 0.1 * second, seed=1, backend="numpy")


def replicas():
    model = models.LIFNetwork(GAUSSIAN, 20, drive=24 * mV)
    return analysis.one_spike_perturbation_of_model(
        model, 0, duration=0.3 * second, seed=1, backend="numpy"
    )


def one_spike_perturbation():
    return analysis.one_spike_perturbation(
        pulses(), n_trials=3, n_lags=5, duration=0.1, state_warmup=5, seed=1
    )


def geometry_match():
    rng = np.random.default_rng(3)
    sweep = [
        ({"gain": gain}, gain + 0.1 * rng.standard_normal((20, 2))) for gain in (1.0, 1.2, 1.4)
    ]
    return analysis.match_geometry(np.array([1.2, 1.2]), sweep)


def divergence(function):
    rng = np.random.default_rng(4)
    pairs = []
    for _ in range(4):
        times = np.sort(rng.uniform(0, 2, 60))
        other = np.sort(times + 1e-6 * np.exp(4 * times))
        pairs.append(
            [ht.Recording.from_spike_trains([t], -1, 4) for t in (times, np.clip(other, 0, 4))]
        )
    return function(pairs)


def quality():
    silent = [np.arange(40) * 0.5 + 0.1, *[[] for _ in range(60)]]
    return analysis.quality_report(ht.Recording.from_spike_trains(silent, 0, 20))


def delayed_xor():
    network = models.RateMap(HEAVY, 20, gain=1.0, seed=1)
    sizes = {"n_training": 60, "n_validation": 30, "n_test": 30, "warmup": 10}
    return models.delayed_xor(network, stimulus_steps=1, delay_steps=1, seed=1, **sizes)


def _written_state():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "state.npz"
        inhibition().initial_state(1).write(path)
        return models.EventState.read(path)


def exponent_of_population():
    return theory.population_dynamics_map(
        1.5, 3.0, population=100, n_transient=10, n_steps=10, n_runs=2, seed=1
    )


def population_extrapolation():
    return theory.population_extrapolation(
        1.5, 3.0, populations=(60, 90, 140), n_transient=10, n_steps=10, n_runs=2, seed=1
    )


def heavy_flow():
    sampling = theory.PathSampling(
        population=40, duration=20.0, n_strong=5, n_iterations=6, n_average=4
    )
    return theory.rate_flow_heavy_tailed(1.5, 3.0, sampling=sampling, tolerance=10.0, seed=1)


EXAMPLES = {
    "AllToAll": ht.AllToAll,
    "Constant": ht.Constant,
    "Coupling": lambda: ht.Coupling(ht.LogNormal(1.0), ht.FixedProbability(0.1), sign=ht.Dale()),
    "Dale": ht.Dale,
    "EpochTable": lambda: ht.EpochTable(
        {"start": [0.5, 1.5], "stop": [1.0, 2.0], "kind": ["<rest>", "run & rest"]}, 2
    ),
    "Estimate": lambda: ht.Estimate("largest_exponent", 1.23456, 0.0123, "1/s", "<theory>"),
    "Exponential": ht.Exponential,
    "FixedInDegree": lambda: ht.FixedInDegree(100),
    "FixedProbability": lambda: ht.FixedProbability(0.1),
    "Gaussian": ht.Gaussian,
    "Inhibitory": ht.Inhibitory,
    "LevyStable": lambda: ht.LevyStable(1.5),
    "LogNormal": lambda: ht.LogNormal(1.0),
    "Mixture": lambda: ht.Mixture([ht.LevyStable(1.5), ht.Gaussian()] * 3, [1 / 6] * 6),
    "Pareto": lambda: ht.Pareto(1.5),
    "Recording": spikes,
    "Result": lambda: ht.Result(parameters={"a <b>": 1}, seed=3, warnings=("x < y & z",)),
    "StudentT": lambda: ht.StudentT(3.0),
    "TimeSupport": lambda: (
        ht.Recording([0.1, 3.5], [0, 1], 2, 0, 5, support=[[[0, 1], [2, 5]], [[3, 4]]]).support
    ),
    "Trace": lambda: spikes().traces["v"],
    "UnitTable": lambda: ht.UnitTable({"label": ["<good>", "a & b"], "depth": [100.0, 250.0]}, 2),
    "models.Activation": lambda: models.threshold_linear(0.5),
    "models.BinaryNetwork": lambda: models.BinaryNetwork(GAUSSIAN, 20, noise=0.5),
    "models.ColouredNoise": lambda: models.ColouredNoise(2 * mV, seed=1),
    "models.ConductanceLIFNetwork": lambda: models.ConductanceLIFNetwork(PAIR, drive=24 * mV),
    "models.DelayedXor": delayed_xor,
    "models.EventRun": lambda: inhibition().run(1.0, seed=1),
    "models.EventState": _written_state,
    "models.LIFNetwork": large_lif,
    "models.LowRankPlus": lambda: models.LowRankPlus(random(5, 5), random(5, 1), random(5, 1)),
    "models.PulseLIFNetwork": pulses,
    "models.RapidThetaNetwork": lambda: models.RapidThetaNetwork(PAIR, drive=1.0, rapidness=3.0),
    "models.RateFlow": lambda: models.RateFlow(HEAVY, 50, gain=2.0, seed=1, phi="erf"),
    "models.RateMap": lambda: models.RateMap(random(300, 300), gain=2.0, bias=random(300)),
    "models.SpikingNetwork": lambda: LeakyNetwork(GAUSSIAN, 40, drive=25 * mV),
    "models.Stimulus": lambda: models.circle(8),
    "models.ThetaNetwork": inhibition,
    "models.WhiteNoise": lambda: models.WhiteNoise(2 * mV),
    "analysis.Autocorrelogram": lambda: analysis.autocorrelogram(spikes()),
    "analysis.BrianTangent": brian_tangent,
    "analysis.ChaosOnset": lambda: analysis.chaos_onset(
        [random(60, 60), random(60, 60).T], [0.01, 0.5], n_steps=50, state_warmup=20, seed=1
    ),
    "analysis.ComparedQuantity": lambda: comparison()["rate"],
    "analysis.Comparison": comparison,
    "analysis.CovariantVectors": lambda: analysis.covariant_lyapunov_vectors(
        inhibition(), k=2, duration=1.0, state_warmup=1.0, tangent_warmup=2.0, seed=1
    ),
    "analysis.CrossSpectrum": lambda: analysis.cross_spectrum(spikes(), units=[0, 1]),
    "analysis.CrossValidatedPCA": lambda: analysis.cvpca(responses().swapaxes(0, 1), seed=1),
    "analysis.CvpcaExponent": lambda: analysis.cvpca_exponent(
        responses().swapaxes(0, 1), band=(1, 3), n_splits=2, n_simulations=2, seed=1
    ),
    "analysis.DamageSpreading": lambda: analysis.damage_spreading(
        lambda s, rng: np.where(s @ random(20, 20) > 0, 1, -1),
        np.sign(random(4, 20)),
        n_steps=5,
        seed=1,
    ),
    "analysis.Description": lambda: analysis.describe(spikes()),
    "analysis.DimensionCurve": lambda: analysis.dimension_curve(spikes(), seed=1),
    "analysis.DivergenceRate": lambda: DivergenceRate(
        value=5.1234, standard_error=0.2, blocks=random(10), epsilon=1e-6, n_spikes=300
    ),
    "analysis.DtScan": scan,
    "analysis.EigenspectrumExponent": lambda: analysis.eigenspectrum_exponent(
        responses(), band=(1, 8), n_bootstrap=5, seed=1
    ),
    "analysis.ExactLIF": exact_lif,
    "analysis.Finding": lambda: analysis.Finding("drift", "<falls> & more", (1, 2)),
    "analysis.FluxTube": lambda: analysis.flux_tube_radius(
        pulses(), sizes=(1e-3, 0.01, 0.1), n_trials=5, duration=0.1, state_warmup=5, seed=1
    ),
    "analysis.GeometryMatch": geometry_match,
    "analysis.LargestExponentCurve": lambda: analysis.largest_exponent_curve(
        random(20, 20), [0.1, 0.3], n_steps=30, state_warmup=20, seed=1
    ),
    "analysis.LinearModel": lambda: exact_lif().linear_model(),
    "analysis.LyapunovSpectrum": spectrum,
    "analysis.StepMeaning": lambda: analysis.StepMeaning(dt=0.1, unit="1/tau", kind="flow"),
    "analysis.TangentProtocol": lambda: analysis.TangentProtocol(n_blocks=10),
    "analysis.MatchedNetwork": matched_network,
    "analysis.MatchedParameters": lambda: analysis.match_statistics(spikes()),
    "analysis.OneSpikePerturbation": one_spike_perturbation,
    "analysis.OneSpikeReplicas": replicas,
    "analysis.ParticipationRatio": lambda: analysis.participation_ratio(random(200, 10)),
    "analysis.PowerSpectrum": lambda: analysis.power_spectrum(spikes()),
    "analysis.Presentation": presentation,
    "analysis.QualityReport": quality,
    "analysis.RepresentationSimilarity": lambda: analysis.representation_similarity(
        responses(), responses() + 0.1
    ),
    "analysis.ResponseKernel": lambda: analysis.response_kernel(responses(), n_bootstrap=5, seed=1),
    "analysis.SpikeDivergence": lambda: divergence(analysis.spike_divergence),
    "analysis.SpikeDivergenceRate": lambda: divergence(analysis.divergence_rate),
    "analysis.SpikeStatistics": lambda: analysis.spike_statistics(spikes()),
    "analysis.Spikes": lambda: analysis.Spikes(np.array([0.1, 0.2]), np.array([0, 1])),
    "analysis.SubgridStrings": lambda: analysis.subgrid_strings(
        threshold="1", v_reset="0", drift="(mu - v)/tau", current="I", tau_s="tau_s"
    ),
    "analysis.SurrogateTest": lambda: analysis.surrogate_test(
        lambda recording: recording.rates().mean(), spikes(), n_surrogates=19, seed=1
    ),
    "analysis.TestError": lambda: analysis.readout_regression(
        responses(), np.cos(np.arange(24)), n_train=12, n_draws=4, seed=1
    ),
    "analysis.TwoTrajectories": lambda: analysis.two_trajectory_exponent(
        inhibition(), duration=1.0, state_warmup=1.0, alignment=0.1, n_blocks=4, seed=1
    ),
    "analysis.WeightTail": lambda: analysis.weight_tail(HEAVY.sample(60, 1)),
    "analysis.Wiring": lambda: exact_lif().wiring(),
    "analysis.toolbox.ElephantSpectrum": lambda: analysis.toolbox.elephant_spectrum(
        spikes(), unit=0
    ),
    "analysis.toolbox.SpikeTrainDistances": lambda: analysis.toolbox.spike_time_tiling(spikes()),
    "analysis.sweep.Ensemble": lambda: small_sweep().ensemble("mean_square_activity"),
    "analysis.sweep.Grid": lambda: small_sweep().grid,
    "analysis.sweep.Measure": lambda: small_sweep().grid.measures[0],
    "analysis.sweep.ModelEntry": lambda: small_sweep().grid.entry,
    "analysis.sweep.Output": lambda: analysis.sweep.Output("rate", "Hz", error=True),
    "analysis.sweep.Parameter": lambda: analysis.sweep.Parameter("gain", 1.0, "mV"),
    "analysis.sweep.Sample": sample,
    "analysis.sweep.Sweep": small_sweep,
    "analysis.sweep.SweepStatus": lambda: small_sweep().status(),
    "analysis.theory.BinaryOnset": lambda: theory.binary_onset(1000, 2.0, 0.1),
    "analysis.theory.BinaryTheory": lambda: theory.binary(2.0, 0.5, tau_max=5.0, dt=0.05),
    "analysis.theory.HeavyTailedRateFlow": heavy_flow,
    "analysis.theory.KernelSpectrum": lambda: theory.circle_spectrum(
        np.exp(np.cos(2 * np.pi * np.arange(64) / 64))
    ),
    "analysis.theory.LIFCircuit": circuit,
    "analysis.theory.LIFCriticalWeight": lambda: theory.lif_critical_weight(strong_circuit()),
    "analysis.theory.LIFNetworkRate": lambda: theory.lif_network(circuit()),
    "analysis.theory.LIFPopulation": lambda: theory.lif_spectrum(
        circuit(), sampling=lif_sampling(), tolerance=10.0, seed=1
    ),
    "analysis.theory.LIFSampling": lif_sampling,
    "analysis.theory.LIFStability": lambda: theory.lif_stability(circuit()),
    "analysis.theory.LearningCurve": lambda: theory.learning_curve(
        1 / np.arange(1, 9.0) ** 2, np.ones(8) / 8, [2, 4]
    ),
    "analysis.theory.MatchedRateNetwork": lambda: theory.matched_rate_network(
        2.0, 0.5, tau_max=20.0, n_lags=400
    ),
    "analysis.theory.ParticipationTheory": lambda: theory.linear_participation(0.5),
    "analysis.theory.PathSampling": theory.PathSampling,
    "analysis.theory.PopulationExponent": exponent_of_population,
    "analysis.theory.PopulationExtrapolation": population_extrapolation,
    "analysis.theory.PowerLawFit": lambda: theory.power_law_exponent(
        np.arange(1, 20.0), np.arange(1, 20.0) ** -1.5
    ),
    "analysis.theory.RateFlowTheory": lambda: theory.rate_flow(1.5),
    "analysis.theory.RateFlowTransition": lambda: theory.rate_flow_transition(0.1),
    "analysis.theory.RateMapKernel": lambda: theory.rate_map_kernel(ANGLES, 3, g=1.5),
    "analysis.theory.RateMapSpectrumTheory": lambda: theory.rate_map_spectrum(2.0, n_exponents=50),
    "analysis.theory.RateMapTheory": lambda: theory.rate_map(2.0),
    "analysis.theory.ReplicaOverlap": lambda: theory.binary_replicas(
        2.0, 0.5, [0.0, 1.0, 2.0], initial_distance=0.1
    ),
    "analysis.theory.ResponseKernel": lambda: theory.response_kernel(ANGLES, [1.0], g=2.0, s=0.5),
    "analysis.theory.SiegertRate": lambda: theory.siegert(21 * mV, 3 * mV),
    "analysis.theory.SmallDistanceLaw": lambda: theory.small_distance_law(1.5),
    "analysis.theory.StableMapTheory": lambda: theory.stable_map(1.5, 2.0),
    "analysis.theory.StableSignAutocorrelation": lambda: theory.stable_sign_autocorrelation(
        1.5, 1.0, 0.5, [0.0, 1.0]
    ),
    "analysis.theory.StableSignDynamics": lambda: theory.stable_sign_dynamics(
        1.5, 1.0, 0.5, [0.0, 1.0], initial_distance=0.1
    ),
    "analysis.theory.StableSignMap": lambda: theory.stable_sign_map(1.5, 1.0, 0.5, [0.1, 0.5]),
    "analysis.theory.StableSignOnset": lambda: theory.stable_sign_onset(1000, 1.5, 1.0, 0.0),
    "analysis.theory.StableSmoothKernel": lambda: theory.stable_smooth_kernel(
        ANGLES, alpha=1.5, g=1.0, n_nodes=200
    ),
    "analysis.theory.SynchronousKernel": lambda: theory.synchronous_kernel(ANGLES, 2),
    "analysis.theory.ThresholdUnits": lambda: theory.threshold_units(1.5, 2.0),
    "analysis.theory.TwoReplicaTheory": lambda: theory.two_replica(
        1.5, 0.1, duration=5.0, past=10.0
    ),
}


@functools.cache
def example(name):
    """Return the example of a class; the same object each time."""
    return EXAMPLES[name]()
