"""Chaos, dimension and spectra of spiking networks with heavy-tailed synapses.

Importing this package makes `levy_stable`, `stable_ug` and `normal_cdf` known in Brian2 strings.
All else is loaded on first use.
"""

from pathlib import Path as _Path

# In a checkout `models` and `analysis` stand beside this folder; installed, they lie inside.
_CHECKOUT = _Path(__file__).resolve().parents[1]
if not (_CHECKOUT / "heavytail_snn" / "models").exists() and (_CHECKOUT / "models").is_dir():
    __path__.append(str(_CHECKOUT))

from heavytail_snn.core.lazy import lazy_face  # noqa: E402
from heavytail_snn.core.version import __version__  # noqa: E402, F401
from heavytail_snn.registration import register_with_brian  # noqa: E402

register_with_brian()

__getattr__, __dir__, __all__ = lazy_face(__name__, __file__)
