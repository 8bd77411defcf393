"""The example scripts after arXiv:2505.09816 run, print their tables and draw their figures.

Each is imported and run in its smallest form; what the figures say is tested elsewhere with the
library's functions.
"""

import importlib
import sys
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[3] / "examples/frompapers"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("xie_2025_*.py"))


def test_all_seven_scripts_are_there():
    assert len(SCRIPTS) == 7


# with two tiny networks some means are over nothing
@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
@pytest.mark.parametrize("name", SCRIPTS)
def test_script_prints_a_table_and_draws(name, tmp_path, monkeypatch, capsys):
    monkeypatch.syspath_prepend(str(FOLDER))
    script = importlib.import_module(name)
    path = script.main(["--tiny", "--out", str(tmp_path)])
    printed = capsys.readouterr().out
    assert "alpha" in printed
    assert "J^T Q" in printed or name == "xie_2025_fig1"
    picture = matplotlib.image.imread(path)
    assert picture.shape[1] > 800
    assert np.ptp(picture) == pytest.approx(1)
    assert "arXiv:2505.09816" in script.__doc__
    sys.modules.pop(name)
