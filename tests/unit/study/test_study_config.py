"""The configuration of a study: defaults, lines in messages, did-you-mean, every rule."""

from pathlib import Path

import pytest

from heavytail_snn.analysis.study.config import (
    DEFAULT_TOML,
    DEFAULTS,
    config_from_dict,
    parse_config,
    read_config,
)
from heavytail_snn.core.errors import ParameterError

LIF = '[[network]]\nmodel = "lif"\nalpha = 2.0\nn_neurons = 200\n'


def test_default_study_is_the_one_promised():
    config = parse_config(DEFAULT_TOML)
    assert {n.model for n in config.networks} == {"lif", "binary", "rate_map"}
    assert all(set(n.alpha) == {2.0, 1.5} for n in config.networks)
    assert all(max(n.n_neurons) == 1000 for n in config.networks)


def test_the_example_file_is_the_default():
    path = Path(__file__).resolve().parents[3] / "examples/study_default.toml"
    assert path.read_text() == DEFAULT_TOML


def test_resolved_configuration_is_a_fixed_point():
    config = parse_config(LIF + '[recording]\nfile = "example"\ntime_unit = "s"\n')
    network = config.networks[0]
    assert network.gain == DEFAULTS["lif"]["gain"]
    assert (network.alpha, network.n_neurons) == ((2.0,), (200,))
    assert config_from_dict(config.to_dict()) == config
    assert config.to_dict()["network"][0]["n_neurons"] == [200]


def test_recording_is_sought_beside_the_file(tmp_path):
    (tmp_path / "s.toml").write_text('[recording]\nfile = "spikes.npz"\n')
    assert read_config(tmp_path / "s.toml").recording == str((tmp_path / "spikes.npz").resolve())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('titel = "x"\n' + LIF, ["line 1: titel", "did you mean 'title'?"]),
        (LIF + "\nalhpa = 1\n", ["line 6: alhpa", "did you mean 'alpha'?"]),
        (LIF + LIF.replace("2.0", "2.3"), ["line 7: alpha", "got 2.3", "[0.5, 2]", "Gaussian"]),
        (LIF.replace('"lif"', '"liff"'), ["line 2: model", "did you mean 'lif'?"]),
        (LIF.replace('"lif"', "7"), ["line 2: model", "got 7"]),
        (LIF.replace("alpha = 2.0\n", ""), ["line 1: alpha must be given", "add alpha = ..."]),
        (LIF.replace("200", "[200, 200]"), ["line 4: n_neurons must not repeat"]),
        (LIF.replace("200", "[]"), ["line 4: n_neurons must hold at least one"]),
        (LIF.replace("200", "20.5"), ["line 4: n_neurons must be an integer >= 20, got 20.5"]),
        (LIF + "in_degree = 500\n", ["line 5: in_degree must be below", "got 500", "use 0"]),
        (LIF + "duration = -1\n", ["line 5: duration", "got -1"]),
        (LIF + 'gain = "strong"\n', ["line 5: gain", "got 'strong'"]),
        (LIF + "networks = 0\n", ["line 5: networks must be an integer >= 1, got 0"]),
        (LIF.replace('"lif"', '"binary"') + "drive = 3\n", ["line 5: drive must be 0 for binary"]),
        (LIF.replace('"lif"', '"binary"') + "noise = 0\n", ["line 5: noise must be positive"]),
        ("seed = -1\n" + LIF, ["line 1: seed", "got -1"]),
        ("z_limit = 0\n" + LIF, ["line 1: z_limit", "got 0"]),
        ('backend = "cp"\n' + LIF, ["line 1: backend", "did you mean 'cpp'?"]),
        ("network = 3\n", ["line 1: network must be tables", "[[network]]"]),
        ("seed = 1\n", ["network must be given", "add a [[network]] or a [recording]"]),
        (LIF + "[recording]\n", ["line 5: file must be a text"]),
        (LIF + '[recording]\nfile = "x"\ntime_unit = "min"\n', ["line 7: time_unit", "got 'min'"]),
        ("recording = 3\n" + LIF, ["line 1: recording must be a table"]),
        ("a = = 1\n", ["must be valid TOML", "line 1"]),
    ],
)
def test_refusals_name_line_value_rule_and_remedy(text, said):
    with pytest.raises(ParameterError) as refusal:
        parse_config(text, source="s.toml")
    for part in ("s.toml", *said):
        assert part in str(refusal.value)


def test_a_file_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "s.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="must be UTF-8 text"):
        read_config(tmp_path / "s.toml")
