"""Several spectra of one network, from different initial states, as one."""

import dataclasses

import numpy as np

from heavytail_snn.analysis.lyapunov.tangent.spectrum import LyapunovSpectrum


def pooled(results: list[LyapunovSpectrum]) -> LyapunovSpectrum:
    """Return the mean spectrum; its errors are those of the mean over the runs.

    The larger of the spread of the runs and their own block errors is taken for each exponent.
    Derived quantities are means over the runs, likewise.
    """
    size = min(r.exponents.size for r in results)
    values = np.array([r.exponents[:size] for r in results])
    own = np.array([r.standard_error[:size] for r in results])
    n = len(results)
    spread = values.std(axis=0, ddof=1) / np.sqrt(n)
    error = np.maximum(spread, np.sqrt((own**2).sum(axis=0)) / n)
    mean = values.mean(axis=0)
    changes = {"exponents": mean, "standard_error": error}
    for name in ("kaplan_yorke_dimension", "entropy_rate"):
        found = np.array([getattr(r, name) for r in results], dtype=float)
        changes[name] = found.mean()
        other = f"{name}_standard_error"
        if hasattr(results[0], other):
            errors = np.array([getattr(r, other) for r in results], dtype=float)
            changes[other] = max(found.std(ddof=1) / np.sqrt(n), np.sqrt((errors**2).sum()) / n)
    changes["parameters"] = {
        **results[0].parameters,
        "repeats": n,
        "exponents_of_repeats": [v.tolist() for v in values],
    }
    return dataclasses.replace(results[0], **changes)
