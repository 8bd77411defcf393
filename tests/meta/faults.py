"""Plants faults in copies of the package, one at a time, and sees a named test fail.

    python tests/meta/faults.py                     every fault of tests/meta/faults.toml
    python tests/meta/faults.py --only hybrid       those whose room contains the word

A fault whose text is not found once, whose test fails without it, or which its test lets live, is
an error: the list then says something that is not so.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIST = ROOT / "tests/meta/faults.toml"
LIMIT = 900  # s


@dataclass(frozen=True)
class Fault:
    """One replacement in one file, and the test that must notice it."""

    room: str
    fault: str
    file: str
    old: str
    new: str
    test: str


def faults(path: Path = LIST) -> list[Fault]:
    """Return the faults of the list."""
    return [Fault(**row) for row in tomllib.loads(path.read_text())["fault"]]


def copy_of_the_package(folder: Path) -> Path:
    """Copy what git knows of, without compiled kernels."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def planted(folder: Path, fault: Fault) -> str:
    """Apply a fault and return the text that was there before."""
    file = folder / fault.file
    text = file.read_text()
    if text.count(fault.old) != 1:
        raise SystemExit(f"{fault.file}: {fault.old!r} occurs {text.count(fault.old)} times")
    file.write_text(text.replace(fault.old, fault.new))
    return text


def forget_kernels(folder: Path) -> None:
    """Delete compiled kernels: their cache does not see that a function they call has changed."""
    for kept in (folder / "analysis").rglob("*.nb?"):
        kept.unlink()


def run(folder: Path, tests: list[str]) -> tuple[int, str]:
    """Run tests in a copy; return pytest's exit status and the end of its output."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    environment |= {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", *tests], cwd=folder,
            capture_output=True, text=True, check=False, env=environment, timeout=LIMIT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return 1, f"hung for {LIMIT} s"
    return done.returncode, done.stdout[-2000:]


def main() -> int:
    """Plant the faults; return the number of those that lived."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="a word that the room contains")
    parser.add_argument("--first", type=int, default=1, help="the number to begin with")
    options = parser.parse_args()
    chosen = [f for f in faults() if options.only in f.room][options.first - 1 :]
    if not chosen:
        raise SystemExit(f"no room contains {options.only!r}")
    alive = []
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = copy_of_the_package(Path(name))
        status, text = run(folder, sorted({f.test for f in chosen}))
        if status != 0:
            raise SystemExit(f"the tests fail without any fault:\n{text}")
        for number, fault in enumerate(chosen, options.first):
            before = planted(folder, fault)
            forget_kernels(folder)
            status, text = run(folder, [fault.test])
            (folder / fault.file).write_text(before)
            killed = status == 1  # pytest's "tests were run and some failed"
            if not killed:
                alive.append(fault)
            print(f"{number:3d} {'killed' if killed else 'LIVES ':6} {fault.room}: {fault.fault}",
                  flush=True)  # fmt: skip
            if status not in (0, 1):
                print(text)
    print(f"{len(chosen) - len(alive)} of {len(chosen)} faults killed")
    return len(alive)


if __name__ == "__main__":
    sys.exit(min(main(), 1))
