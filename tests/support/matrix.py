"""Run the fast tests on other Pythons and with other versions of what the package needs.

An environment is a Python and one choice of versions: the newest that fit together, or the lowest
that pyproject.toml allows, so that every floor written there is a version that was tried.
Environments lie in build/matrix and are made again when pyproject.toml changes; `make clean`
removes them.  uv makes them where it is installed, else venv and pip.

``python tests/support/matrix.py`` or ``... --only 3.13-newest``; ``--only other`` is one Python
other than this one, or the lowest versions where there is no other.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from fast_tests import ROOT, Outcome, run_fast_tests, summarize

FOLDER = ROOT / "build" / "matrix"
ENVIRONMENTS = ("3.12-lowest", "3.12-newest", "3.13-newest", "3.14-newest")
REQUIRED = ("3.12-lowest", "3.12-newest", "3.13-newest")
EXTRA = "test"


def floors() -> list[str]:
    """Return "name==version" for every lower bound of what an environment installs."""
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted, seen = [*project["dependencies"], f"{project['name']}[{EXTRA}]"], []
    for text in wanted:
        requirement = Requirement(text)
        if requirement.name == project["name"]:
            for extra in requirement.extras:
                wanted.extend(project["optional-dependencies"][extra])
            continue
        lowest = [part.version for part in requirement.specifier if part.operator == ">="]
        assert len(lowest) == 1, f"{text} needs exactly one lower bound"
        seen.append(f"{requirement.name}=={lowest[0]}")
    return seen


def interpreters(version: str) -> Iterator[str]:
    """Yield commands that may be Python `version`."""
    if version == "{}.{}".format(*sys.version_info):
        yield sys.executable
    yield f"python{version}"
    for folder in sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}*"), reverse=True):
        yield str(folder / "bin" / "python")
    if shutil.which("uv"):
        found = subprocess.run(
            ["uv", "python", "find", "--no-python-downloads", version],
            capture_output=True,
            text=True,
            check=False,
        )
        yield from found.stdout.split("\n")[:1]


def interpreter(version: str) -> str | None:
    """Return the first that runs and is what it seems: a shim of pyenv may exist and fail."""
    say = "import sys; print('{}.{}'.format(*sys.version_info))"
    for command in interpreters(version):
        try:
            done = subprocess.run(
                [command, "-c", say], capture_output=True, text=True, check=False, timeout=60
            )
        except OSError:
            continue  # there is no such command
        if done.stdout.strip() == version:
            return command
    return None


def stamp(name: str) -> str:
    """Return what an environment was made from."""
    return hashlib.sha256(f"{name}\n{(ROOT / 'pyproject.toml').read_text()}".encode()).hexdigest()


def prepare(name: str, python: str) -> tuple[Path, str]:
    """Make an environment, or take the present one; return its Python and an obstacle, if any."""
    folder = FOLDER / name
    inside = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    made = folder / ".made-from"
    if made.is_file() and made.read_text() == stamp(name):
        return inside, ""
    print(f"{name}: the environment is made in {folder.relative_to(ROOT)}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    uv = shutil.which("uv")
    command = [uv, "venv", "-q", "--python", python] if uv else [python, "-m", "venv"]
    subprocess.run([*command, str(folder)], check=True)
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(floors() if name.endswith("lowest") else []) + "\n")
    install = [uv, "pip", "install", "-q", "--python", str(inside)] if uv else (
        [str(inside), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    )  # fmt: skip
    install += ["--only-binary", "numpy,scipy,numba,llvmlite,brian2,h5py,pandas,matplotlib"]
    install += ["--constraint", str(constraints), "--editable", f"{ROOT}[{EXTRA}]"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        (FOLDER / f"{name}.install.txt").write_text(done.stdout + done.stderr)
        return inside, f"not installable, see build/matrix/{name}.install.txt"
    made.write_text(stamp(name))
    return inside, ""


def run(name: str, workers: int, choose: tuple[str, ...]) -> Outcome:
    """Run the fast tests in one environment, or say why not."""
    version = name.split("-")[0]
    python = interpreter(version)
    if python is None:
        return Outcome(name, None, f"there is no Python {version} on this machine")
    inside, obstacle = prepare(name, python)
    if obstacle:
        return Outcome(name, False if name in REQUIRED else None, obstacle)
    return run_fast_tests(
        name,
        str(inside),
        log=FOLDER / f"{name}.txt",
        environment={"NUMBA_CACHE_DIR": str(FOLDER / name / "numba")},
        workers=workers,
        choose=choose,
    )


def other() -> str:
    """Return an environment of another Python than this, or the lowest versions if none is here."""
    mine = "{}.{}-newest".format(*sys.version_info)
    others = [name for name in ENVIRONMENTS[1:] if name != mine]
    there = [name for name in others if interpreter(name.split("-")[0])]
    return there[-1] if there else ENVIRONMENTS[0]


def main() -> int:
    """Run what was chosen and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", choices=(*ENVIRONMENTS, "other"), metavar="NAME")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tests", nargs="+", default=(), help="files or tests; else all fast ones")
    chosen = parser.parse_args()
    names = [other() if name == "other" else name for name in chosen.only or ENVIRONMENTS]
    FOLDER.mkdir(parents=True, exist_ok=True)
    outcomes = [run(name, chosen.workers, tuple(chosen.tests)) for name in names]
    return summarize(outcomes, required=tuple(names) if chosen.only else REQUIRED)


if __name__ == "__main__":
    sys.exit(main())
