"""The memory limit is the smallest of what the machine, its groups and the process allow."""

import math
import os

import pytest

from heavytail_snn.core import memory


def test_the_limit_is_not_above_the_physical_memory():
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < memory.memory_limit() <= physical


def test_a_control_group_limits(monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text("500000000\n")
    monkeypatch.setattr(memory, "_CONTROL_GROUPS", (tmp_path / "memory.max", tmp_path / "none"))
    assert memory.memory_limit() <= 5e8
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.memory_limit() > 5e8


def test_a_limit_of_the_process_limits():
    resource = pytest.importorskip("resource", reason="process limits exist on POSIX systems only")
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    before = memory.memory_limit()
    limit = 2**40 if soft == resource.RLIM_INFINITY else soft
    resource.setrlimit(resource.RLIMIT_DATA, (limit, hard))
    try:
        assert memory.memory_limit() == min(before, limit)
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def test_without_any_word_of_the_system_there_is_no_limit(monkeypatch):
    monkeypatch.setattr(memory, "_limits", lambda: iter(()))
    assert memory.memory_limit() == math.inf


def test_systems_without_sysconf_are_asked_no_further(monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert memory.memory_limit() > 0
