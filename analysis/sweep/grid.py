"""Grid: the axes of a sweep and everything held fixed, from which all its cases follow."""

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from heavytail_snn.analysis.sweep.case import Case, case_key
from heavytail_snn.analysis.sweep.entry.measure import Measure, Output
from heavytail_snn.analysis.sweep.entry.model import ModelEntry
from heavytail_snn.analysis.sweep.entry.parameter import Parameter, Value
from heavytail_snn.core.errors import ParameterError, check_integer, check_sequence
from heavytail_snn.core.options import refuse_unknown
from heavytail_snn.core.showing import Rows, Shown

_OWN_NAMES = ("record", "state", "error", "seed")  # of every store and dataset


@dataclass(frozen=True, eq=False)
class Grid(Shown):
    """What a sweep runs over.

    Parameters
    ----------
    entry : ModelEntry
    measures : tuple of Measure
    axes : dict of str to list
        In their order; the seed is an axis of its own, the last.
    fixed : dict
        The other parameters.
    seeds : list of int
    """

    entry: ModelEntry
    measures: tuple[Measure, ...]
    axes: Mapping[str, list[Value]]
    fixed: Mapping[str, Value]
    seeds: list[int]

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of points along each axis, the seeds last."""
        return (*(len(points) for points in self.axes.values()), len(self.seeds))

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the axes, "seed" last."""
        return (*self.axes, "seed")

    @property
    def units(self) -> dict[str, str]:
        """Unit of each parameter, "" for none."""
        return {p.name: p.unit for p in _parameters(self.entry, self.measures).values()}

    def __len__(self) -> int:
        return math.prod(self.shape)

    def shown(self) -> tuple[str, Rows]:
        """Return the model, what is measured, axes and seeds."""
        rows = [("model", self.entry.name), ("measures", ", ".join(m.name for m in self.measures))]
        rows += [(name, f"{len(p)}: {p[0]} ... {p[-1]}") for name, p in self.axes.items()]
        return "Grid", [*rows, ("seeds", str(len(self.seeds))), ("cases", str(len(self)))]

    def points(self) -> Iterator[tuple[tuple[int, ...], dict[str, Value]]]:
        """Yield place and parameters of each point, seeds left out."""
        numbered = [list(enumerate(points)) for points in self.axes.values()]
        for chosen in itertools.product(*numbered):
            varied = dict(zip(self.axes, (value for _, value in chosen), strict=True))
            yield tuple(number for number, _ in chosen), {**self.fixed, **varied}

    def cases(self) -> list[Case]:
        """Return all cases, the seed varying fastest."""
        return [
            Case((*place, k), values, seed, case_key(self.entry, self.measures, values, seed))
            for place, values in self.points()
            for k, seed in enumerate(self.seeds)
        ]

    def outputs(self) -> dict[str, Output]:
        """Return the outputs by name, each with the longest of its axes over the grid.

        Raises
        ------
        ParameterError
            If an axis has other coordinates elsewhere in the grid, or a name is taken: by another
            measure, an axis, or what each store holds.
        """
        found: dict[str, Output] = {}
        owners: dict[str, str] = dict.fromkeys(_OWN_NAMES, "the store")
        owners |= dict.fromkeys(self.axes, "the grid")
        for _, values in self.points():
            for measure in self.measures:
                for output in measure.outputs(self.entry, values):
                    for name in [output.name, f"{output.name}_error"][: 1 + output.error]:
                        if owners.setdefault(name, measure.name) != measure.name:
                            raise ParameterError(
                                "measure", measure.name,
                                f"must not have an output {name!r}, as {owners[name]!r} has",
                                "give it another name, or measure one of the two",
                            )  # fmt: skip
                    found[output.name] = _longer(found.get(output.name), output)
        return found

    def check(self) -> None:
        """Raise where parameters do not go together at some point, before anything runs."""
        if self.entry.check is not None:
            for _, values in self.points():
                self.entry.check(values)
        self.outputs()


def _longer(known: Output | None, output: Output) -> Output:
    if known is None:
        return output
    axes = {}
    for name, points in output.axes.items():
        pair = sorted((np.asarray(known.axes[name]), np.asarray(points)), key=len)
        if not np.array_equal(pair[1][: len(pair[0])], pair[0]):
            raise ParameterError(
                name, f"{len(known.axes[name])} and {len(points)} points",
                f"of {output.name} must be the same coordinates over the whole grid",
                "make a sweep of its own for each",
            )  # fmt: skip
        axes[name] = pair[1]
    return Output(output.name, output.unit, output.error, axes)


def grid_of(
    entry: ModelEntry,
    measures: tuple[Measure, ...],
    given: Mapping[str, Any],
    seed: Any,
    *,
    plain: bool = False,
) -> Grid:
    """Return the checked grid of what a caller gave.

    Parameters
    ----------
    given : mapping
        Parameters by name: a value, or a list of values for an axis.
    seed : int or sequence of int
    plain : bool
        Whether values are plain numbers in the stated units, as in files; else Brian2 quantities.
    """
    parameters = _parameters(entry, measures)
    if "seed" in given:
        raise ParameterError(
            "seed", given["seed"], "must not stand among the parameters: it is no part of [grid]",
            "write seed = ... above [grid]",
        )  # fmt: skip
    refuse_unknown(f"sweep of {entry.name!r}", given, list(parameters))
    axes, fixed = {}, {}
    for name, parameter in parameters.items():
        if name not in given:
            fixed[name] = parameter.default
            continue
        read = Parameter(**{**vars(parameter), "unit": ""}) if plain else parameter
        values, several = read.values(given[name])
        if several:
            axes[name] = values
        else:
            fixed[name] = values[0]
    # axes stand in the order in which they were given
    ordered = {name: axes[name] for name in given if name in axes}
    grid = Grid(entry, measures, ordered, fixed, _seeds(seed))
    grid.check()
    return grid


def _parameters(entry: ModelEntry, measures: tuple[Measure, ...]) -> dict[str, Parameter]:
    found: dict[str, Parameter] = {}
    owners: list[tuple[str, tuple[Parameter, ...]]] = [(entry.name, entry.parameters)]
    owners += [(measure.name, measure.parameters_with(entry)) for measure in measures]
    for owner, parameters in owners:
        for parameter in parameters:
            if parameter.name in found or parameter.name == "seed":
                raise ParameterError(
                    "parameters", parameter.name, f"of {owner!r} must not be used twice"
                )
            found[parameter.name] = parameter
    return found


def _seeds(seed: Any) -> list[int]:
    several = (seed,) if isinstance(seed, int | np.integer) else check_sequence(
        "seed", seed, "whole numbers", "write seed=range(10)"
    )  # fmt: skip
    seeds = [check_integer("seed", item, high=2**63 - 1) for item in several]
    if not seeds or len(set(seeds)) < len(seeds):
        raise ParameterError("seed", seed, "must be different whole numbers", "use seed=range(10)")
    return seeds
