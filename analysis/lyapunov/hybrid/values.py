"""What expressions become in generated code: values with derivatives, names, conditions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TIME = "t"  # the key of derivatives by time


@dataclass(frozen=True)
class Value:
    """A number in the generated code.

    Parameters
    ----------
    code : str
        A name or a literal.
    slopes : mapping
        Key of a perturbed quantity -> code of the derivative; absent means 0.
    random : bool
        Whether a draw went in: the code is then not the value.
    random_slopes : frozenset
        Keys whose derivative depends on a draw.
    reads : frozenset
        Keys of perturbed quantities that went in, also where the derivative is 0.
    """

    code: str
    slopes: Mapping[Any, str] = field(default_factory=dict)
    random: bool = False
    random_slopes: frozenset[Any] = frozenset()
    reads: frozenset[Any] = frozenset()


@dataclass(frozen=True)
class Inline:
    """A name that stands for an expression, which is read in a scope of its own."""

    code: str
    scope: Any


@dataclass(frozen=True)
class Call:
    """A name that stands for a function.

    Parameters
    ----------
    value : str
        Python of the call, with {0}, {1}, ... for the arguments.
    slopes : tuple of str
        Derivatives by the arguments, likewise; {v} is the value.  Empty: constant.
    random : bool
    """

    value: str
    slopes: tuple[str, ...] = ()
    random: bool = False


@dataclass(frozen=True)
class Atom:
    """A comparison ``gap > 0`` (or ``>= 0``), and how it was written."""

    gap: Value
    text: str
    sign: str = ">"


@dataclass(frozen=True)
class Condition:
    """A condition as a formula over atoms ``h > 0``.

    Parameters
    ----------
    formula : int or (word, parts)
        Number of an atom, or "and", "or", "not" with parts.
    atoms : list of Atom
    """

    formula: Any
    atoms: list[Atom]

    def code(self) -> str:
        """Return Python that tells whether the condition holds."""

        def write(part: Any) -> str:
            if isinstance(part, int):
                return f"({self.atoms[part].gap.code} {self.atoms[part].sign} 0.0)"
            word, parts = part
            if word == "not":
                return f"(not {write(parts[0])})"
            return "(" + f" {word} ".join(write(p) for p in parts) + ")"

        return write(self.formula)
