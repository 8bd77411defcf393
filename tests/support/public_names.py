"""What the package shows: its modules, public classes, callables and error classes, by walking."""

import importlib
import inspect

import rooms

import heavytail_snn as ht
from heavytail_snn.core.errors import HeavytailError


def modules():
    """Import and return every module of the package, the command line's entry left out."""
    names = [rooms._module(path) for path in rooms.sources() if path.name != "__main__.py"]
    return [importlib.import_module(name) for name in names]


def faces():
    """Return the package and its sub-packages that list public names."""
    return [module for module in modules() if hasattr(module, "__all__") and _is_face(module)]


def public():
    """Return {dotted name: object} of every public name; modules left out, each object once."""
    found = {}
    for face in sorted(faces(), key=lambda module: len(module.__name__)):
        for name in face.__all__:
            thing = getattr(face, name)
            if callable(thing) and all(thing is not known for known in found.values()):
                found[f"{face.__name__}.{name}".removeprefix("heavytail_snn.")] = thing
    return found


def public_classes():
    """Return {dotted name: class} of the public classes that are no errors or warnings."""
    return {
        name: thing
        for name, thing in public().items()
        if inspect.isclass(thing) and not issubclass(thing, Exception)
    }


def callables_with_any_keyword():
    """Return the dotted names of public functions and methods that take ``**options``."""
    everything = dict(public())
    for name, cls in public_classes().items():
        for member, _ in inspect.getmembers(cls, callable):
            if not member.startswith("_"):
                everything[f"{name}.{member}"] = getattr(cls, member)
    return sorted(name for name, thing in everything.items() if _takes_any_keyword(thing))


def error_classes():
    """Return every error class of the package, whichever module it lives in."""
    modules()
    found, rest = [], [HeavytailError]
    while rest:
        cls = rest.pop()
        found.append(cls)
        rest += [sub for sub in cls.__subclasses__() if sub.__module__.startswith(ht.__name__)]
    return sorted(set(found), key=lambda cls: cls.__name__)


def _is_face(module):
    return module.__file__.endswith("__init__.py")


def _takes_any_keyword(thing):
    try:
        parameters = inspect.signature(thing).parameters.values()
    except ValueError:  # an exception without a constructor of its own
        return False
    return any(item.kind is item.VAR_KEYWORD for item in parameters)
