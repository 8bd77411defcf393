"""Network operations, let run under the condition that they only read."""

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from brian2 import Network
from brian2.core.variables import ArrayVariable

from heavytail_snn.core.errors import ParameterError


@contextlib.contextmanager
def unchanged_by(operations: Iterable[Any], network: Network) -> Iterator[None]:
    """Let network operations run, and raise at the first that changes an array of the network."""
    arrays = {
        f"{item.name}.{name}": variable
        for item in network.sorted_objects
        for name, variable in getattr(item, "variables", {}).items()
        if isinstance(variable, ArrayVariable) and not name.startswith("_") and name != "t"
    }
    replaced = []
    for operation in operations:
        replaced.append((operation, operation.function))
        operation.function = _watched(operation, arrays)
    try:
        yield
    finally:
        for operation, function in replaced:
            operation.function = function


def _watched(operation: Any, arrays: dict[str, ArrayVariable]) -> Any:
    function = operation.function

    def call(*arguments: Any) -> None:
        before = {name: np.array(v.get_value()) for name, v in arrays.items()}
        function(*arguments)
        for name, variable in arrays.items():
            if not np.array_equal(before[name], variable.get_value(), equal_nan=True):
                raise ParameterError(
                    "network_operation", operation.name, f"must only read, and it changed {name}",
                    "write the change as run_regularly, or as an equation",
                )  # fmt: skip

    return call
