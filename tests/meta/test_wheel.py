"""The built wheel holds one top-level name, all sub-packages and the packaged data."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from heavytail_snn.core.version import __version__

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory) -> list[str]:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for name in filter(None, tracked.split("\0")):
        if (ROOT / name).is_file():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
    code = (
        "from setuptools.build_meta import build_wheel; import sys; print(build_wheel(sys.argv[1]))"
    )
    subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=source, check=True, capture_output=True
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path).namelist()


def test_the_only_top_level_name_is_the_package(wheel_names):
    top = {name.split("/")[0] for name in wheel_names}
    about = f"heavytail_snn-{__version__}.dist-info"
    assert top == {"heavytail_snn", about}


def test_every_module_of_the_repository_is_inside(wheel_names):
    expected = {
        ("" if path.parts[0] == "heavytail_snn" else "heavytail_snn/") + path.as_posix()
        for folder in ("heavytail_snn", "models", "analysis")
        for path in (p.relative_to(ROOT) for p in (ROOT / folder).rglob("*.py"))
        if _tracked(path)
    }
    missing = expected - set(wheel_names)
    assert not missing
    for name in ("py.typed", "figure.mplstyle", "data/hippocampus.mat", "data/LICENSE.hippocampus"):
        assert f"heavytail_snn/{name}" in wheel_names


def _tracked(path: Path) -> bool:
    command = ["git", "ls-files", "--error-unmatch", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_no_responses_under_gpl_data_licence_are_packaged(wheel_names):
    assert not [name for name in wheel_names if "v4" in name.lower() or name.endswith(".npy")]
