"""A small recording that the package may redistribute: see README.md and LICENSE.hippocampus."""

from pathlib import Path

from heavytail_snn.recording.recording import Recording

EXAMPLE_PATH = Path(__file__).parent / "hippocampus.mat"


def example_recording() -> Recording:
    """Return 16 units of the rat hippocampus, 35,112 spikes in 997.5 s.

    Returns
    -------
    Recording
        Its limits are the first and last spike, since the file states none.

    Examples
    --------
    >>> example_recording()
    Recording(16 units, 35112 spikes, 0.70148 to 998.176 s)
    """
    return Recording.read(EXAMPLE_PATH)
