"""ModelEntry: what a model must say to take part in a sweep; Sample: one network of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from heavytail_snn.analysis.sweep.entry.parameter import Parameter, Value
from heavytail_snn.core.errors import ParameterError
from heavytail_snn.core.results import Result
from heavytail_snn.core.showing import Shown

Values = Mapping[str, Value]
SERVES = ("recording", "states", "exponents")


@dataclass(frozen=True, kw_only=True)
class ModelEntry(Shown):
    """A model of a sweep: its parameters, and functions from them to what measures need.

    Functions are pure: equal arguments give equal numbers in every process.  They live at the top
    of a module, so that other processes find them.

    Parameters
    ----------
    name : str
    summary : str
        One sentence.
    parameters : tuple of Parameter
    network : callable
        ``network(values, seed)`` returns the network with its weights drawn.
    run : callable
        ``run(network, values, seed)`` simulates it; what it returns goes to the next two.
    recording : callable, optional
        ``recording(run, values)`` returns the Recording without the transient.
    states : callable, optional
        ``states(run, values)`` returns the (n_samples, n_neurons) states without the transient.
    exponents : callable, optional
        ``exponents(network, values, seed)`` returns a LyapunovSpectrum.
    check : callable, optional
        ``check(values)`` raises where parameters do not go together.
    rate_unit : str
        Of exponents: "1/s" or "1/step".
    state_interval : float
        Time between two samples of `states`, in units of 1/`rate_unit`.
    version : int
        Part of a case's identity: raise it when the numbers change.
    """

    name: str
    summary: str = ""
    parameters: tuple[Parameter, ...]
    network: Callable[[Values, int], Any]
    run: Callable[[Any, Values, int], Any]
    recording: Callable[[Any, Values], Any] | None = None
    states: Callable[[Any, Values], Any] | None = None
    exponents: Callable[[Any, Values, int], Any] | None = None
    check: Callable[[Values], None] | None = None
    rate_unit: str = "1/s"
    state_interval: float = 1.0
    version: int = 1

    @property
    def serves(self) -> tuple[str, ...]:
        """What of `SERVES` measures can have."""
        return tuple(name for name in SERVES if getattr(self, name) is not None)


class Sample(Shown):
    """One network of a model: each thing is made when a measure asks for it, and once.

    Parameters
    ----------
    entry : ModelEntry
    values : mapping
        The resolved parameters, plain numbers in the units that the entry states.
    seed : int

    Attributes
    ----------
    warnings : list of str
        What results said on the way.
    """

    def __init__(self, entry: ModelEntry, values: Values, seed: int) -> None:
        self.entry, self.values, self.seed = entry, values, seed
        self.warnings: list[str] = []
        self._made: dict[str, Any] = {}

    @property
    def network(self) -> Any:
        """The network, with its weights."""
        return self._once("network", lambda: self.entry.network(self.values, self.seed))

    @property
    def recording(self) -> Any:
        """Spikes, or flips of binary units."""
        function = self._offered("recording")
        return self._once("recording", lambda: function(self._run, self.values))

    @property
    def states(self) -> Any:
        """The (n_samples, n_neurons) states."""
        function = self._offered("states")
        return self._once("states", lambda: function(self._run, self.values))

    @property
    def exponents(self) -> Any:
        """The Lyapunov spectrum."""
        function = self._offered("exponents")
        found = self._once("exponents", lambda: function(self.network, self.values, self.seed))
        return self.noted(found)

    @property
    def _run(self) -> Any:
        return self._once("run", lambda: self.entry.run(self.network, self.values, self.seed))

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what was made before, or raise what was raised before."""
        if name not in self._made:
            try:
                self._made[name] = make()
            except Exception as error:  # the next measure need not run into it again
                self._made[name] = error
        if isinstance(self._made[name], Exception):
            raise self._made[name]
        return self._made[name]

    def noted(self, result: Result) -> Any:
        """Return a result, and keep its warnings for the record."""
        self.warnings += [text for text in result.warnings if text not in self.warnings]
        return result

    def _offered(self, what: str) -> Callable[..., Any]:
        function = getattr(self.entry, what)
        if function is None:
            raise ParameterError(
                "model", self.entry.name, f"has no {what}", f"it has {', '.join(self.entry.serves)}"
            )
        return function
