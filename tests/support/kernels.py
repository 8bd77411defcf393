"""Run the fast tests under every matrix kernel of this processor, and without vector instructions.

A matrix product sums in another order on another processor.  OpenBLAS holds the kernels of many
processors, and OPENBLAS_CORETYPE chooses one; a name that the processor or the build lacks is
replaced in silence, so that each kernel is first asked for and then looked at with threadpoolctl.
"no-simd" switches off what numpy detects beyond the instructions it was compiled for, and has numba
compile for a generic processor.

``python tests/support/kernels.py`` or ``... --only Haswell no-simd``
"""

import argparse
import json
import os
import platform
import subprocess
import sys

from fast_tests import ROOT, Outcome, run_fast_tests, summarize

KERNELS = {
    "x86": ("Nehalem", "Haswell", "Zen", "SkylakeX", "Sapphirerapids"),
    "arm": ("ARMV8", "NEOVERSEN1", "NEOVERSEV1"),
}
NO_SIMD = "no-simd"
LOOK = """
import json, numpy, scipy.linalg, threadpoolctl
chosen = {i["filepath"]: i["architecture"] for i in threadpoolctl.threadpool_info()
          if i["internal_api"] == "openblas"}
found = numpy.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
print(json.dumps({"kernels": sorted(set(chosen.values())), "simd": found}))
"""
PRODUCT = """
import numpy as np
import scipy.linalg.blas

matrix = np.random.default_rng(1).standard_normal((700, 700))
exact = np.einsum("ij,jk->ik", matrix, matrix)
for product in (matrix @ matrix, scipy.linalg.blas.dgemm(1.0, matrix, matrix)):
    np.testing.assert_allclose(product, exact, atol=1e-10)
"""


def names() -> tuple[str, ...]:
    """Return the names to try on this family of processors."""
    arm = platform.machine().lower() in ("aarch64", "arm64")
    return (*KERNELS["arm" if arm else "x86"], NO_SIMD)


def look(environment: dict[str, str]) -> dict[str, list[str]]:
    """Return the kernels and the vector instructions that a process in `environment` uses."""
    command = [sys.executable, "-c", LOOK]
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def broken(environment: dict[str, str]) -> str:
    """Return what is wrong with plain products of matrices, before the library is blamed for it."""
    done = subprocess.run(
        [sys.executable, "-c", PRODUCT],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    said = done.stderr.strip().splitlines()[-1:] or [f"the process ended with {done.returncode}"]
    return f"numpy or scipy cannot multiply two matrices under this kernel: {said[0]}"


def environment_of(name: str) -> tuple[dict[str, str], str]:
    """Return the variables that select `name`, and why it cannot be had here (empty if it can)."""
    if name != NO_SIMD:
        environment = {"OPENBLAS_CORETYPE": name}
        chosen = look(environment)["kernels"]
        if not chosen:
            return environment, "numpy and scipy use no OpenBLAS here"
        if [each.lower() for each in chosen] != [name.lower()]:
            return environment, f"OpenBLAS takes {' and '.join(chosen)} instead on this processor"
        return environment, ""
    detected = look({})["simd"]
    environment = {
        "NPY_DISABLE_CPU_FEATURES": " ".join(detected),
        "NUMBA_CPU_NAME": "generic",
        "NUMBA_CPU_FEATURES": "",
    }
    left = look(environment)["simd"]
    if not detected:
        return environment, "numpy finds nothing beyond what it was compiled for"
    return environment, f"numpy keeps {' '.join(left)}" if left else ""


def main() -> int:
    """Run what was chosen and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", nargs="+", default=names(), choices=names(), metavar="NAME")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--tests", nargs="+", default=(), help="files or tests; else all fast ones")
    chosen = parser.parse_args()
    outcomes = []
    for name in chosen.only:
        environment, obstacle = environment_of(name)
        if obstacle:
            outcomes.append(Outcome(name, None, obstacle))
            continue
        if fault := broken(environment):
            outcomes.append(Outcome(name, False, fault))
            continue
        outcomes.append(
            run_fast_tests(
                name,
                sys.executable,
                log=ROOT / "build" / "kernels" / f"{name}.txt",
                environment=environment,
                workers=chosen.workers,
                choose=tuple(chosen.tests),
            )
        )
    return summarize(outcomes)


if __name__ == "__main__":
    sys.exit(main())
