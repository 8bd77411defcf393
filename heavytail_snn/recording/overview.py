"""What a recording shows in a notebook: size, limits, rates, traces, and where it comes from."""

from typing import TYPE_CHECKING

import numpy as np

from heavytail_snn.core.showing import Rows, short

if TYPE_CHECKING:
    from heavytail_snn.recording.recording import Recording


def overview(recording: "Recording") -> Rows:
    """Return rows of a label and a text."""
    rates = recording.rates()
    return [
        ("units", f"{recording.n_units}"),
        ("spikes", f"{recording.n_spikes}"),
        ("limits", f"{recording.t_start:g} to {recording.t_stop:g} s"),
        (
            "rates (min / median / max)",
            f"{rates.min():.3g} / {np.median(rates):.3g} / {rates.max():.3g} Hz",
        ),
        *((f"trace {name}", repr(trace)) for name, trace in recording.traces.items()),
        *((str(name), short(value)) for name, value in recording.attrs.items()),
    ]
