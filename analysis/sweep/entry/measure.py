"""Measure: what is taken from each network of a sweep, and Output: one array of the store."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from heavytail_snn.analysis.sweep.entry.model import ModelEntry, Sample, Values
from heavytail_snn.analysis.sweep.entry.parameter import Parameter
from heavytail_snn.core.showing import Shown


@dataclass(frozen=True, eq=False)
class Output(Shown):
    """One variable that a measure fills in for each network.

    Parameters
    ----------
    name : str
    unit : str
    error : bool
        Whether a standard error within the network comes with it, as ``name_error``.
    axes : dict of str to (n,) array
        Own dimensions with their coordinates; the same over the whole grid, or, where only the
        length differs, the first of a common series (ranks of exponents): the rest is nan.
    """

    name: str
    unit: str = ""
    error: bool = False
    axes: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Measure(Shown):
    """One measure of a sweep.

    Parameters
    ----------
    name : str
    needs : tuple of str
        The model serves one of these: "recording", "states", "exponents".
    outputs : callable
        ``outputs(entry, values)`` returns the Outputs, before anything is measured.
    take : callable
        ``take(sample)`` returns an Estimate, a number or an array for each output by its name.
        Estimates may have more names than outputs.
    parameters : tuple of Parameter
        Of the measure; a sweep takes them like those of the model.
    reads_parameters : callable, optional
        ``reads_parameters(entry)`` tells whether they matter for a model; by default they do.  A
        parameter that does not is refused, so that no axis is without effect.
    version : int
        Part of a case's identity: raise it when the numbers change.
    """

    name: str
    needs: tuple[str, ...]
    outputs: Callable[[ModelEntry, Values], tuple[Output, ...]]
    take: Callable[[Sample], Mapping[str, Any]]
    parameters: tuple[Parameter, ...] = ()
    reads_parameters: Callable[[ModelEntry], bool] | None = None
    version: int = 1

    def parameters_with(self, entry: ModelEntry) -> tuple[Parameter, ...]:
        """Return the parameters that the measure reads for a model."""
        reads = self.reads_parameters is None or self.reads_parameters(entry)
        return self.parameters if reads else ()


def by_name(*results: Any) -> dict[str, Any]:
    """Return the estimates of results by their names: what `Measure.take` may return."""
    return {estimate.name: estimate for result in results for estimate in result.estimates()}
