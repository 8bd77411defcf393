"""Configuration of a study: a TOML file, checked line by line, and the resolved values of a run.

Every key has one rule.  A broken rule is reported with the line, the value, the rule and a remedy;
a misspelt key gets a did-you-mean.
"""

import difflib
import re
import tomllib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from heavytail_snn.core.errors import ParameterError, check_choice, check_integer, check_real
from heavytail_snn.core.paths import input_file
from heavytail_snn.core.showing import Shown
from heavytail_snn.door.regular import read_small_text
from heavytail_snn.recording.raw.options import BY_NAME

MODELS = ("rate_map", "lif", "binary")
MODEL_REMEDY = 'use model = "rate_map", "lif" or "binary"'
# what a table leaves out, by model; gain in the stable convention (variance 2 gain^2 at alpha = 2)
DEFAULTS: dict[str, dict[str, Any]] = {
    "rate_map": {"in_degree": 0, "gain": 1.4, "drive": 0.0, "noise": 0.0, "duration": 300.0,
                 "transient": 500.0, "networks": 3},
    "lif": {"in_degree": 100, "gain": 20.0, "drive": 24.0, "noise": 0.0, "duration": 4.0,
            "transient": 0.5, "networks": 4},
    "binary": {"in_degree": 100, "gain": 0.7, "drive": 0.0, "noise": 0.4, "duration": 10.0,
               "transient": 0.5, "networks": 3},
}  # fmt: skip
DEFAULT_TOML = """\
# A study: networks x weights x theory.  Run it with: heavytail-snn study THIS_FILE
title = "Spiking and rate networks with Gaussian and heavy-tailed weights, against theory"
seed = 1            # of weights, initial states, noise and the theories' sampling
z_limit = 3.0       # combined standard errors that a difference may reach
backend = "cpp"     # of the spiking networks: runtime, numpy, cython, cpp or cuda
population = 1000   # spike trains in the population dynamics of the LIF theory

[[network]]
model = "rate_map"        # x(t+1) = tanh(gain W x(t))
alpha = [2.0, 1.5]        # stability of the weights; 2 is Gaussian
n_neurons = [500, 1000]   # several sizes: extrapolated in 1/N where theory means infinite N
in_degree = 0             # synapses per neuron; 0 is all to all
gain = 1.4                # stable convention: Gaussian weights have variance 2 gain^2 / N
noise = 0.0
duration = 300            # steps
transient = 500           # steps left out before
networks = 3              # independent networks; their spread gives the errors

[[network]]
model = "lif"
alpha = [2.0, 1.5]
n_neurons = 1000
in_degree = 100
gain = 20.0               # mV
drive = 24.0              # mV; the threshold is 20 mV
duration = 4.0            # seconds
transient = 0.5
networks = 4

[[network]]
model = "binary"          # +-1 units, asynchronous updates every 10 ms on average
alpha = [2.0, 1.5]
n_neurons = [500, 1000]
in_degree = 0
gain = 0.7
noise = 0.4               # scale of threshold noise with the weights' stability
duration = 5.0            # seconds
transient = 0.5
networks = 3

# [recording]
# file = "spikes.nwb"
# time_unit = "s"         # needed where the file does not say: s, ms or us; every option of
#                           # `heavytail-snn analyze` is a key: sampling_rate, variable, units ...
"""


_REMEDY_FILE = "name a TOML file, such as one from heavytail-snn study --print-default > study.toml"


@dataclass(frozen=True, kw_only=True)
class NetworkConfig(Shown):
    """One kind of network at one or more stabilities and sizes.

    Parameters
    ----------
    model : {"rate_map", "lif", "binary"}
    alpha, n_neurons : tuple
        Every combination is run.
    in_degree : int
        0 is all to all.
    gain, drive, noise : float
        Gain of the stable convention; LIF: all in mV.
    duration, transient : float
        In seconds; rate maps: steps.
    networks : int
        Independent networks per combination.
    """

    model: str
    alpha: tuple[float, ...]
    n_neurons: tuple[int, ...]
    in_degree: int
    gain: float
    drive: float
    noise: float
    duration: float
    transient: float
    networks: int


@dataclass(frozen=True, kw_only=True)
class StudyConfig(Shown):
    """A resolved configuration: everything needed to run a study again.

    Parameters
    ----------
    title : str
    seed : int
    z_limit : float
    backend : str
        Of the spiking networks.
    population : int
        Of the LIF theory.
    networks : tuple of NetworkConfig
    recording : str or None
        File to show beside the networks.
    reading : dict
        Options of `Recording.read` for it.
    """

    title: str
    seed: int = 1
    z_limit: float = 3.0
    backend: str = "cpp"
    population: int = 1000
    networks: tuple[NetworkConfig, ...] = ()
    recording: str | None = None
    reading: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the configuration as it would stand in a TOML file, all values written out."""
        content: dict[str, Any] = {
            name: getattr(self, name)
            for name in ("title", "seed", "z_limit", "backend", "population")
        }
        content["network"] = [
            {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(network).items()}
            for network in self.networks
        ]
        if self.recording is not None:
            options = {k: list(v) if isinstance(v, tuple) else v for k, v in self.reading.items()}
            content["recording"] = {"file": self.recording, **options}
        return content


def read_config(path: Path | str) -> StudyConfig:
    """Read and check a TOML configuration; a relative recording is sought beside it.

    Raises
    ------
    ParameterError
        Naming the file, line, value, rule and remedy.
    """
    path = input_file("configuration", path, remedy=_REMEDY_FILE)
    try:
        text = read_small_text(path)
    except UnicodeDecodeError as error:
        raise ParameterError(str(path), f"byte {error.start}", "must be UTF-8 text") from error
    return parse_config(text, source=path.name, folder=path.parent)


def parse_config(text: str, *, source: str = "study", folder: Path | None = None) -> StudyConfig:
    """Check the text of a configuration and fill in what it leaves out; see `read_config`."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ParameterError(source, str(error), "must be valid TOML") from error
    return config_from_dict(content, lines=_Lines(text, source), folder=folder)


def config_from_dict(
    content: dict[str, Any], *, lines: "_Lines | None" = None, folder: Path | None = None
) -> StudyConfig:
    """Check a configuration given as nested dictionaries, such as one stored in a report."""
    place = (lines or _Lines("", "configuration")).name
    _check_keys(content, (*_TOP, "network", "recording"), place, "")
    values = {key: _TOP[key](place("", 0, key), content[key]) for key in _TOP if key in content}
    tables = content.get("network", [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise ParameterError(
            place("", 0, "network"), tables, "must be tables", "write [[network]] above its keys"
        )
    networks = tuple(_network(table, index, place) for index, table in enumerate(tables))
    recording = _recording(content.get("recording"), place, folder)
    if not networks and not recording:
        raise ParameterError(
            place("", 0, "network"), None, "must be given", "add a [[network]] or a [recording]"
        )
    return StudyConfig(**({"title": "Study"} | values), networks=networks, **recording)


def _network(table: dict[str, Any], index: int, place: "Place") -> NetworkConfig:
    _check_keys(table, tuple(_NETWORK), place, "network", index)
    for key in ("model", "alpha", "n_neurons"):
        if key not in table:
            raise ParameterError(
                place("network", index, key), None, "must be given", f"add {key} = ... to the table"
            )
    model = _NETWORK["model"](place("network", index, "model"), table["model"])
    full = DEFAULTS[model] | table
    values = {key: _NETWORK[key](place("network", index, key), full[key]) for key in _NETWORK}
    if values["in_degree"] >= min(values["n_neurons"]):
        raise ParameterError(
            place("network", index, "in_degree"), values["in_degree"],
            f"must be below the smallest n_neurons {min(values['n_neurons'])}",
            "use 0 for all to all",
        )  # fmt: skip
    if model != "lif" and values["drive"] != 0:
        raise ParameterError(
            place("network", index, "drive"), values["drive"],
            f"must be 0 for {model}, whose theory has no drive", "leave it out",
        )  # fmt: skip
    if model == "binary" and values["noise"] == 0:
        raise ParameterError(
            place("network", index, "noise"), 0, "must be positive for binary units",
            "their theory has no autocorrelation without threshold noise",
        )  # fmt: skip
    return NetworkConfig(**values)


def _recording(table: Any, place: "Place", folder: Path | None) -> dict[str, Any]:
    if table is None:
        return {}
    if not isinstance(table, dict):
        raise ParameterError(place("", 0, "recording"), table, "must be a table [recording]")
    _check_keys(table, ("file", *_READING), place, "recording")
    file = _text(place("recording", 0, "file"), table.get("file"))
    path = (folder or Path()) / file
    options = {
        key: BY_NAME[key].check(place("recording", 0, key), value)
        for key, value in table.items()
        if key != "file"
    }
    if options.get("format") == "pickle":
        raise ParameterError(
            place("recording", 0, "format"), "pickle",
            "must not be asked for by a study, since a pickle can run any program",
            'read it in Python and write ".npz"',
        )  # fmt: skip
    name = "example" if file == "example" else str(path.resolve())
    return {"recording": name, "reading": options}


Place = Callable[[str, int, str], str]
Rule = Callable[[str, Any], Any]


def _check_keys(
    table: dict[str, Any], known: tuple[str, ...], place: Place, name: str, index: int = 0
) -> None:
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            remedy = f"did you mean {close[0]!r}?" if close else "remove it"
            where = f"[{name}]" if name else "a study"
            rule = f"is no key of {where}, which knows {', '.join(known)}"
            raise ParameterError(place(name, index, key), table[key], rule, remedy)


def _real(low: float = 0.0, *, open_low: bool = False) -> Rule:
    return lambda name, value: check_real(name, value, low=low, open_low=open_low)


def _integer(low: int) -> Rule:
    return lambda name, value: check_integer(name, value, low=low)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ParameterError(name, value, "must be a text in quotes")
    return value


def _several(rule: Rule) -> Rule:
    def check(name: str, value: Any) -> tuple[Any, ...]:
        items = value if isinstance(value, list | tuple) else [value]
        if not items:
            raise ParameterError(name, value, "must hold at least one value")
        checked = tuple(rule(name, item) for item in items)
        if len(set(checked)) < len(checked):
            raise ParameterError(name, value, "must not repeat a value")
        return checked

    return check


def _alpha(name: str, value: Any) -> float:
    remedy = "2 is Gaussian; below 0.5 single synapses exceed floating-point ranges"
    return check_real(name, value, low=0.5, high=2, remedy=remedy)


def _model(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ParameterError(name, value, f"must be one of {list(MODELS)}", MODEL_REMEDY)
    return check_choice(name, value, MODELS)


# a study may come from a stranger, who does not say that his files are ours
_READING = tuple(name for name in BY_NAME if name != "trusted")
_BACKENDS = ("runtime", "numpy", "cython", "cpp", "cuda")
_TOP: dict[str, Rule] = {
    "title": _text,
    "seed": _integer(0),
    "z_limit": _real(open_low=True),
    "backend": lambda name, value: check_choice(name, value, _BACKENDS),
    "population": _integer(50),
}
_NETWORK: dict[str, Rule] = {
    "model": _model,
    "alpha": _several(_alpha),
    "n_neurons": _several(_integer(20)),
    "in_degree": _integer(0),
    "gain": _real(open_low=True),
    "drive": _real(),
    "noise": _real(),
    "duration": _real(open_low=True),
    "transient": _real(),
    "networks": _integer(1),
}


class _Lines:
    """Finds the line of a key; tomllib forgets where a value stood."""

    def __init__(self, text: str, source: str) -> None:
        self.source = source
        self.found: dict[tuple[str, int, str], int] = {}
        table, index, seen = "", 0, {"": 1}
        for number, line in enumerate(text.splitlines(), 1):
            header = re.match(r"\s*\[\[?\s*([\w-]+)\s*\]\]?", line)
            key = re.match(r"\s*\"?([\w-]+)\"?\s*=", line)
            if header:
                table = header.group(1)
                index = seen.get(table, 0)
                seen[table] = index + 1
                self.found[table, index, ""] = number
                self.found.setdefault(("", 0, table), number)
            elif key:
                self.found.setdefault((table, index, key.group(1)), number)

    def name(self, table: str, index: int, key: str) -> str:
        """Return "file, line 7: alpha"; the table's line where the key is missing."""
        line = self.found.get((table, index, key)) or self.found.get((table, index, ""))
        where = f"{self.source}, line {line}" if line else self.source
        return f"{where}: {key}"
