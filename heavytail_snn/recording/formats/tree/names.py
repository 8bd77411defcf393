"""What names of variables, fields and columns mean: times, unit numbers, limits, units of time."""

import re

from heavytail_snn.door.literals import SAMPLES, unit_of_time

TIMES = frozenset(
    "t ts st time times timestamp timestamps spiketime spiketimes spikestimes spike spikes train "
    "trains spiketrain spiketrains spktime spktimes spiketimestamps spikets events event tspk "
    "sptimes firings spiketimeseries spikesamples spikesample samples sample sampleindex".split()
)
SAMPLED = frozenset("spikesamples spikesample samples sample sampleindex".split())
# columns in which the same number of a unit may mean two units
GROUPS = frozenset("population probe probes shank session subject animal recording array".split())
# the first that a file has names the units: a unit is more than its cluster or its channel
IDS = (
    "unit", "units", "unitid", "unitids", "unitindex", "unitlabels", "neuron", "neurons",
    "neuronid", "neuronids", "nodeid", "nodeids", "cell", "cells", "cellid", "cellids",
    "spikeclusters", "cluster", "clusters", "clusterid", "clusterids", "clu", "sender", "senders",
    "gid", "gids", "i", "id", "ids", "spikeids", "index", "indices", "spikeindices", "source",
    "sources", "label", "labels", "spikelabels", "neuronindex", "trainid", "channel", "channels",
    "channelid", "channelids", "electrode", "electrodes",
)  # fmt: skip
START = frozenset("tstart start starttime tbegin begin t0".split())
STOP = frozenset("tstop stop stoptime tend end endtime".split())
DURATION = frozenset("duration recordingduration totaltime".split())
RATE = frozenset("fs sr samplerate samplingrate samplingfrequency samplefrequency".split())
UNIT = frozenset("timeunit timeunits unitoftime timesunit".split())
N_UNITS = frozenset("nunits nneurons numunits ncells".split())
_SUFFIX = re.compile(r"^(.*?)[\s_.\-]*[\s_.\-\(\[]([a-zµμ]+)[\)\]]?$", re.IGNORECASE)


def plain_name(name: str) -> str:
    """Return a name in lower case without separators and without a unit of time at its end."""
    return re.sub(r"[\W_]+", "", split_unit(name)[0]).lower()


def split_unit(name: str) -> tuple[str, str | None]:
    """Return a name and the unit of time in it: "spike_times_ms" is ("spike_times", "ms")."""
    found = _SUFFIX.match(name.strip())
    if found and found.group(1):
        word = found.group(2)
        if unit_of_time(word) is not None and word.lower() not in ("h", "min"):
            return found.group(1), word
        if word.lower() in SAMPLES:
            return found.group(1), "samples"
    return name, None


def is_times(name: str) -> bool:
    """Tell whether a name means spike times."""
    return plain_name(name) in TIMES


def id_rank(name: str) -> int | None:
    """Return how well a name means unit numbers, 0 best; None if it does not."""
    plain = plain_name(name)
    return IDS.index(plain) if plain in IDS else None


def is_series(names: list[str]) -> bool:
    """Tell whether names differ by a number alone, as unit1, unit2 or sig001a, sig001b."""
    stems = {re.sub(r"\d+[a-z]?$", "", name.lower()) for name in names}
    return len(names) > 1 and len(stems) == 1 and all(re.search(r"\d", name) for name in names)
