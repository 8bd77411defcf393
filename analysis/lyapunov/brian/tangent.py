"""A Brian2 network with monitors, whose tangent is followed after a run of your own."""

from collections.abc import Mapping
from typing import Any

from brian2 import Network
from brian2.devices.device import get_device

from heavytail_snn.analysis.lyapunov.hybrid.explain import explain
from heavytail_snn.analysis.lyapunov.hybrid.follow import spectrum_of_replay
from heavytail_snn.analysis.lyapunov.hybrid.recorder import Recorder
from heavytail_snn.analysis.lyapunov.hybrid.replay import Replay
from heavytail_snn.analysis.lyapunov.hybrid.spectrum import (
    check_duration,
    check_size,
    read_network,
    read_times,
    run_network,
)
from heavytail_snn.analysis.lyapunov.tangent.protocol import AUTO, check_number
from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum
from heavytail_snn.brian import internals
from heavytail_snn.brian.device import exclusive
from heavytail_snn.core.errors import BackendError
from heavytail_snn.core.randomness import Seed
from heavytail_snn.core.showing import Shown
from heavytail_snn.core.time_units import one_time


class BrianTangent(Shown):
    """A Brian2 network with the monitors that its Lyapunov spectrum needs.

    Use it instead of `lyapunov_spectrum_of_network` to build and run a standalone project yourself:
    create it, run the network for `duration`, then call `spectrum`, as often as you like.

    Parameters
    ----------
    network : brian2.Network
    neurons, synapses : optional
        Found in the network; accepted for programs written before that was so.
    duration : time
        Total simulated time.
    namespace : mapping, optional
        As for ``Network.run``; by default the caller's variables.
    white_noise : {"frozen"}, optional
        See `lyapunov_spectrum_of_network`.

    Attributes
    ----------
    explanation : str
        What was understood of the model.

    Raises
    ------
    SaltationError
        Its subclasses name what is refused.
    MemoryLimitError
        If the recording would not fit.
    """

    def __init__(
        self,
        network: Network,
        neurons: Any = (),
        synapses: Any = (),
        *,
        duration: Any,
        namespace: Mapping[str, Any] | None = None,
        white_noise: str | None = None,
    ) -> None:
        self.network = network
        self.namespace = internals.caller_namespace(level=1) if namespace is None else namespace
        self.duration = one_time("duration", duration, low=0, open_low=True)
        self.white_noise = white_noise
        self.system = read_network(network, self.namespace, white_noise=white_noise)
        self.explanation = explain(self.system)
        self._recorder = Recorder(network, self.system, self.duration)
        self._replay: Replay | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        """What it was built from, by name."""
        return {
            "groups": sorted(self.system.groups),
            "duration": self.duration,
            "dt": self.system.step,
        }

    def __reduce__(self) -> Any:
        raise BackendError(
            "a BrianTangent holds a running Brian2 network, which can be neither pickled nor "
            "copied; keep the LyapunovSpectrum that its spectrum() returns"
        )

    def run(self) -> None:
        """Run the network for `duration` on its present device."""
        run_network(self.network, self.system, self.duration, self.namespace)

    def spectrum(
        self,
        *,
        k: int | str | None = AUTO,
        state_warmup: Any = 0.5,
        tangent_warmup: Any = 1.0,
        qr_interval: Any = 0.015,
        seed: Seed = None,
        progress: bool = False,
    ) -> LyapunovSpectrum:
        """Return the leading `k` exponents of the run; what the warm-ups leave is averaged over.

        Parameters and errors: see `lyapunov_spectrum_of_network`.
        """
        number = check_number(k)
        check_size(self.system, number)
        (first, second, whole), interval = read_times(
            state_warmup, tangent_warmup, self.duration, qr_interval
        )
        times = [first, second, whole - first - second]
        check_duration(times[2], self.system.step)
        if self._replay is None:
            with exclusive():
                internals.build_unless_run(get_device())
            self._replay = Replay(self.system, self._recorder)
        return spectrum_of_replay(
            self._replay, number, times, interval, seed, progress, self.white_noise
        )
