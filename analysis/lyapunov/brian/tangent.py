"""A Brian2 network with monitors, read after its run for the saltation method."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from brian2 import Network, NeuronGroup, SpikeMonitor, StateMonitor, Synapses, second
from brian2.core.functions import Function
from brian2.devices.device import get_device
from numpy.typing import NDArray

from heavytail_snn.analysis.lyapunov.brian.checks import (
    base_name,
    check_crossings,
    check_network,
    check_ties,
)
from heavytail_snn.analysis.lyapunov.brian.equations.hybrid import (
    TIME,
    Pulse,
    evaluate,
    explain,
)
from heavytail_snn.analysis.lyapunov.brian.equations.refusals import UnreadableModelError
from heavytail_snn.analysis.lyapunov.brian.equations.symbolic import (
    exogenous_names,
    read_population,
    read_pulses,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.network import (
    HybridNetwork,
    PopulationValues,
    PulseValues,
    Table,
)
from heavytail_snn.analysis.lyapunov.brian.saltation.nonlinear import SCHEMES, NonlinearModel
from heavytail_snn.analysis.lyapunov.brian.saltation.spectrum import saltation_spectrum
from heavytail_snn.analysis.lyapunov.brian.saltation.terms import HybridModel, Spikes, Wiring
from heavytail_snn.analysis.lyapunov.hybrid.spectrum import read_network
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, check_number
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.brian import internals
from heavytail_snn.brian.device import exclusive
from heavytail_snn.core.errors import BackendError, MemoryLimitError, ParameterError
from heavytail_snn.core.randomness import Seed
from heavytail_snn.core.showing import Shown
from heavytail_snn.core.time_units import one_time

_MAX_NOISE_BYTES = 4e9
_ONE_STEP = (
    "one time step only: exponents of clock-driven runs carry a bias of order dt; "
    "lyapunov_dt_scan extrapolates it away"
)
_DEVIATING = 0.01
_KEPT_BY_BRIAN = (".lastspike", ".not_refractory", ".lastupdate")
_FIRST_K = 10  # exponents at which "auto" starts


class BrianTangent(Shown):
    """A Brian2 network with the monitors that the saltation method needs.

    Use it instead of `lyapunov_spectrum_of_brian` to build and run a standalone project yourself:
    create it, run the network for `duration`, then call `spectrum`.

    Parameters
    ----------
    network, neurons, synapses, namespace
        See `lyapunov_spectrum_of_brian`.
    duration : time
        Total simulated time.

    Attributes
    ----------
    explanation : str
        What was understood of the model.
    """

    def __init__(
        self,
        network: Network,
        neurons: NeuronGroup | Sequence[NeuronGroup],
        synapses: Synapses | Sequence[Synapses] = (),
        *,
        duration: Any,
        namespace: Mapping[str, Any] | None = None,
    ) -> None:
        self.network = network
        self.namespace = internals.caller_namespace(level=1) if namespace is None else namespace
        self.duration = one_time("duration", duration, low=0, open_low=True)
        self.groups = [neurons] if isinstance(neurons, NeuronGroup) else list(neurons)
        self.synapses = [synapses] if isinstance(synapses, Synapses) else list(synapses)
        if not self.groups:
            raise ParameterError("neurons", neurons, "must name at least one NeuronGroup")
        self.populations = [read_population(g, self.namespace) for g in self.groups]
        self.pulses: list[tuple[Synapses, Any, Pulse]] = []
        for item in self.synapses:
            target = self.populations[self._number(item.target, item.name)]
            self.pulses += [(item, *p) for p in read_pulses(item, target, self.namespace)]
        self.externals = check_network(
            network, self.groups, self.synapses, self.populations, self.pulses
        )
        self._refuse_what_is_not_followed()
        self.dt = float(self.groups[0].clock.dt)
        self.explanation = explain(self.populations, [p for *_, p in self.pulses])
        self._attach()

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was built from, by name."""
        return {
            "neurons": [group.name for group in self.groups],
            "synapses": [item.name for item in self.synapses],
            "duration": self.duration,
            "dt": self.dt,
        }

    def __reduce__(self) -> Any:
        raise BackendError(
            "a BrianTangent holds a running Brian2 network, which can be neither pickled nor "
            "copied; build it in the process that runs it, and send the result of spectrum()"
        )

    def _refuse_what_is_not_followed(self) -> None:
        """Refuse a network in which something moves that this class would read as a constant."""
        known = {
            f"{group.name}.{variable}"
            for group, population in zip(self.groups, self.populations, strict=True)
            for variable in (*population.variables, *exogenous_names(population))
        }
        with internals.extensible(self.network, level=0) as network:
            system = read_network(network, self.namespace, white_noise="frozen")
        moving = {n for n in system.written - known if not n.endswith(_KEPT_BY_BRIAN)}
        for operation in system.operations:
            if operation.kind == "pathway":  # what it reads of the source was read as a constant
                moving |= {
                    slot.name
                    for slot in operation.block.reads
                    if any(step.endswith("_synaptic_pre") for step in slot.path)
                }
        if moving:
            raise UnreadableModelError(
                min(moving), "written during the run", "must be a variable of the neurons",
                "use lyapunov_spectrum(network), which follows everything that is written",
            )  # fmt: skip

    def _number(self, target: Any, name: str) -> int:
        names = [g.name for g in self.groups]
        base = base_name(target)
        if base not in names:
            raise UnreadableModelError(
                name, f"target {base}", "must be one of neurons", "pass it in neurons=[...]"
            )
        return names.index(base)

    def _attach(self) -> None:
        """Add monitors: spikes with states, initial states, noise paths, external spikes."""
        self.crossings, self.starts, self.noise = [], [], []
        for group, population in zip(self.groups, self.populations, strict=True):
            names = [str(x) for x in population.variables]
            self.crossings.append(SpikeMonitor(group, variables=names))
            self.starts.append(StateMonitor(group, names, record=True, dt=self.duration * second))
            exogenous = exogenous_names(population)
            size = len(group) * len(exogenous) * self.duration / self.dt * 8
            if size > _MAX_NOISE_BYTES:
                raise MemoryLimitError(
                    f"recording the noise of {group.name} takes {size / 1e9:.3g} GB; use fewer "
                    "neurons, a shorter run, or a TimedArray with a coarser step"
                )
            self.noise.append(StateMonitor(group, exogenous, record=True) if exogenous else None)
        self.external_spikes = [SpikeMonitor(group) for group in self.externals]
        self.monitors = [
            m
            for m in (*self.crossings, *self.starts, *self.noise, *self.external_spikes)
            if m is not None
        ]
        self.network.add(*self.monitors)

    def run(self) -> None:
        """Run the network on the current device and, in standalone mode, build it if need be."""
        with exclusive():
            self.network.run(self.duration * second, namespace=self.namespace)
            internals.build_unless_run(get_device())

    def spectrum(
        self,
        *,
        k: int | str | None = AUTO,
        state_warmup: float = 0.5,
        tangent_warmup: float = 1.0,
        qr_interval: float = 0.015,
        seed: Seed = None,
        progress: bool = False,
    ) -> LyapunovSpectrum:
        """Return the spectrum after the run; times in s, see `lyapunov_spectrum_of_brian`."""
        model, spikes, wiring = self.recorded()
        given = any(p.inputs or any(f.has(TIME) for f in p.drift) for p in self.populations)
        follow = partial(
            saltation_spectrum,
            model,
            spikes,
            wiring,
            start=state_warmup,
            stop=self.duration,
            tangent_warmup=tangent_warmup,
            qr_interval=qr_interval,
            dt=self.dt,
            autonomous=not given and not self.externals,
            seed=seed,
            progress=progress,
            warnings=(_ONE_STEP,),
            parameters={"model": self.explanation},
        )
        number = check_number(k)
        if isinstance(number, int):
            return _with_deviation(follow(k=number), model, state_warmup)
        size = int(model.used.sum())
        number = min(size, _FIRST_K)
        while math.isnan((result := follow(k=number)).kaplan_yorke_dimension) and number < size:
            number = min(size, math.ceil(1.5 * number))
        return _with_deviation(result, model, state_warmup)

    def recorded(self) -> tuple[HybridModel, Spikes, Wiring]:
        """Return model, spikes and synapses of the finished run as arrays."""
        wiring, rows = self._wiring()
        network = self._network(wiring, rows)
        spikes = self._spikes(network)
        check_crossings(network, spikes, self.dt)
        check_ties(wiring, spikes, network.n_neurons, self.dt)
        network.scale, network.time_unit = _scales(network, spikes)
        if network.is_linear:
            return network.linear_model(), spikes, wiring
        methods = {p.method for p in self.populations}
        scheme = methods.pop() if len(methods) == 1 else "rk4"
        model = NonlinearModel(
            network.populations,
            network.pulses,
            network.n_synapses,
            network.time_unit,
            step=self.dt,
            scheme=scheme if scheme in SCHEMES else "rk4",
        )
        model.scale = network.scale
        return model, spikes, wiring

    def _wiring(self) -> tuple[Wiring, list[NDArray[np.int64]]]:
        """Return all synapses of all pathways, and the rows of each pathway."""
        sources, targets, delays, rows, start = [], [], [], [], 0
        firsts = np.concatenate([[0], np.cumsum([len(g) for g in (*self.groups, *self.externals)])])
        numbers = {g.name: n for n, g in enumerate((*self.groups, *self.externals))}
        for synapses, pathway, _ in self.pulses:
            offset = [
                int(firsts[numbers[base_name(group)]]) + int(getattr(group, "start", 0))
                for group in (synapses.source, synapses.target)
            ]
            sources.append(np.asarray(synapses.i[:], dtype=np.int64) + offset[0])
            targets.append(np.asarray(synapses.j[:], dtype=np.int64) + offset[1])
            delay = internals.delays(pathway)
            steps = np.floor(delay / self.dt + 0.5)
            delays.append(np.broadcast_to(steps * self.dt, sources[-1].shape))
            rows.append(np.arange(start, start + sources[-1].size))
            start += sources[-1].size
        empty = np.zeros(0, dtype=np.int64)
        return (
            Wiring(
                np.concatenate([empty, *sources]),
                np.concatenate([empty, *targets]),
                np.concatenate([np.zeros(0), *delays]),
            ),
            rows,
        )

    def _network(self, wiring: Wiring, rows: list[NDArray[np.int64]]) -> HybridNetwork:
        parts = [self._population_values(n) for n in range(len(self.groups))]
        pulses = [
            PulseValues(pulse, where, self._pulse_parameters(synapses, pulse, where.size))
            for (synapses, _, pulse), where in zip(self.pulses, rows, strict=True)
        ]
        return HybridNetwork(parts, pulses, wiring.sources.size)

    def _population_values(self, number: int) -> PopulationValues:
        group, population = self.groups[number], self.populations[number]
        size = len(group)
        values = {s: self._value(group, str(s), size) for s in population.parameters}
        tables, noise = [], self.noise[number]
        for item in population.inputs:
            if item.source.startswith("recorded noise"):
                path = np.asarray(getattr(noise, f"{item.symbol}_")).T
                tables.append(Table(path, self.dt, np.arange(size)))
                continue
            array = self._resolve(group, item.source.split("(")[0])
            table = np.asarray(array.values, dtype=float)
            columns = np.zeros(size)
            if item.column is not None:
                columns = evaluate([item.column], values, size)[:, 0]
            table = table[:, None] if table.ndim == 1 else table
            tables.append(Table(table, float(array.dt), columns.astype(np.int64)))
        names = [str(x) for x in population.variables]
        start = self.starts[number]
        initial = np.stack([np.asarray(getattr(start, f"{x}_"))[:, 0] for x in names], axis=1)
        return PopulationValues(population, size, values, tuple(tables), initial, self.dt)

    def _resolve(self, group: Any, name: str) -> Any:
        return internals.resolve(group, [name], self.namespace)[name]

    def _value(self, group: NeuronGroup, name: str, size: int) -> np.ndarray:
        """Return a parameter or constant of a group as (size,) numbers in SI units."""
        if name == "i":
            return np.arange(size, dtype=float)
        if name in group.variables:
            value = np.asarray(group.state(name, use_units=False)[:], dtype=float)
        else:
            value = np.asarray(self._resolve(group, name).get_value(), dtype=float)
        return np.broadcast_to(value, (size,)).astype(float)

    def _pulse_parameters(
        self, synapses: Synapses, pulse: Pulse, size: int
    ) -> dict[Any, np.ndarray]:
        values = {}
        for symbol in pulse.parameters:
            name = str(symbol).removesuffix("_syn")
            if name in synapses.variables:
                value = np.asarray(synapses.state(name, use_units=False)[:], dtype=float)
            else:
                found = self._resolve(synapses, name)
                if isinstance(found, Function):
                    raise UnreadableModelError(
                        synapses.name, name, "must be a number", "tabulate it in a parameter"
                    )
                value = np.asarray(found.get_value(), dtype=float)
            values[symbol] = np.broadcast_to(value, (size,)).astype(float)
        return values

    def _spikes(self, network: HybridNetwork) -> Spikes:
        """Return all spikes; a time stamp t means a crossing found at t + dt."""
        times, units, states = [], [], []
        for monitor, first in zip(self.crossings, network.first, strict=False):
            steps = np.round(np.asarray(monitor.t_) / self.dt)
            times.append((steps + 1) * self.dt)
            units.append(np.asarray(monitor.i[:], dtype=np.int64) + int(first))
            order = {str(x): c for c, x in enumerate(self._variables(monitor))}
            block = np.full((steps.size, network.n_variables), np.nan)
            for name in set(monitor.record_variables) - {"i", "t"}:
                block[:, order[name]] = np.asarray(getattr(monitor, f"{name}_"))
            # populations with fewer variables leave the rest unused
            block[:, len(order) :] = 0.0
            states.append(block)
        first = network.n_neurons
        for monitor, group in zip(self.external_spikes, self.externals, strict=True):
            steps = np.round(np.asarray(monitor.t_) / self.dt)
            times.append((steps + 1) * self.dt)
            units.append(np.asarray(monitor.i[:], dtype=np.int64) + first)
            states.append(np.zeros((steps.size, network.n_variables)))
            first += len(group)
        time = np.concatenate(times)
        by_time = np.argsort(time, kind="stable")
        unit, state = (np.concatenate(part)[by_time] for part in (units, states))
        return Spikes(time[by_time], unit, state)

    def _variables(self, monitor: SpikeMonitor) -> tuple[Any, ...]:
        return self.populations[self.crossings.index(monitor)].variables


def _scales(network: HybridNetwork, spikes: Spikes) -> tuple[np.ndarray, float]:
    """Return sizes of the variables, from their speeds at the crossings, and a unit of time."""
    own = np.flatnonzero(spikes.units < network.n_neurons)[:5000]
    if own.size == 0 or spikes.states is None:
        return np.ones((network.n_neurons, network.n_variables)), 1e-2
    i, x, times = spikes.units[own], spikes.states[own], spikes.times[own]
    traces = np.abs(np.einsum("eaa->e", network.jacobian(x, i, times)))
    time_unit = float(network.n_variables / np.median(traces)) if np.median(traces) > 0 else 1e-2
    flow = network.field(x, i, times)
    scale = np.ones((network.n_neurons, network.n_variables))
    for number in range(len(network.populations)):
        here = network.which[i] == number
        if here.any():
            size = np.sqrt((flow[here] ** 2).mean(axis=0)) * time_unit
            size = np.where(size > 0, size, np.abs(x[here]).max(axis=0))
            scale[network.slice(number)] = np.where(size > 0, size, 1.0)
    return scale, time_unit


def _with_deviation(result: LyapunovSpectrum, model: HybridModel, start: float) -> LyapunovSpectrum:
    """Check that a re-integrated path is the simulated one."""
    if not isinstance(model, NonlinearModel) or not model.deviations:
        return result
    times, gaps = (np.concatenate(p) for p in zip(*model.deviations, strict=True))
    gaps = gaps[times > start]
    typical = float(np.median(gaps)) if gaps.size else 0.0
    result.parameters["path_deviation"] = typical
    if typical > _DEVIATING:
        raise UnreadableModelError(
            "network", f"states {typical:.2g} away from the recorded ones at the crossings",
            "must follow the equations given",
            f"use one of the methods {list(SCHEMES)} or a smaller time step",
        )  # fmt: skip
    return result
