"""The memory limit is the smallest of what the machine, its groups and the process allow."""

import math
import os

import pytest

from heavytail_snn.core import memory


def test_the_limit_is_not_above_the_physical_memory():
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert 0 < memory.memory_limit() <= physical


def fake(root, files):
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


NESTED = "proc/self/cgroup"
V2 = "0::/batch.slice/job_7/step\n"
V1 = "12:cpu,cpuacct:/other\n4:memory:/batch/job_7\n0::/\n"


@pytest.mark.parametrize(
    "files",
    [
        {"sys/fs/cgroup/memory.max": "500000000\n"},
        {NESTED: "0::/\n", "sys/fs/cgroup/memory.max": "500000000\n"},
        {NESTED: V2, "sys/fs/cgroup/batch.slice/job_7/step/memory.max": "500000000\n"},
        {
            NESTED: V2,
            "sys/fs/cgroup/batch.slice/job_7/step/memory.max": "max\n",
            "sys/fs/cgroup/batch.slice/job_7/memory.max": "500000000\n",
            "sys/fs/cgroup/batch.slice/memory.max": "600000000\n",
        },
        {NESTED: V2, "sys/fs/cgroup/unified/batch.slice/memory.max": "500000000\n"},
        {NESTED: V1, "sys/fs/cgroup/memory/batch/job_7/memory.limit_in_bytes": "500000000\n"},
        {NESTED: V1, "sys/fs/cgroup/memory/batch/memory.limit_in_bytes": "500000000\n"},
        {NESTED: V1, "sys/fs/cgroup/memory/memory.limit_in_bytes": "500000000\n"},
        {NESTED: "0::/../../job_7\n", "sys/fs/cgroup/job_7/memory.max": "500000000\n"},
    ],
)
def test_the_smallest_limit_of_the_group_and_its_parents_holds(monkeypatch, tmp_path, files):
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    without = memory.memory_limit()
    assert without > 6e8
    fake(tmp_path, files)
    assert memory.memory_limit() == 5e8
    fake(tmp_path, {name: "max\n" for name in files if name != NESTED})
    assert memory.memory_limit() == without


def test_limits_of_other_groups_do_not_hold(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    without = memory.memory_limit()
    fake(tmp_path, {NESTED: V2, "sys/fs/cgroup/batch.slice/job_8/memory.max": "1000\n"})
    fake(tmp_path, {"sys/fs/cgroup/memory/other/memory.limit_in_bytes": "1000\n"})
    assert memory.memory_limit() == without


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


def test_what_is_available_now_is_a_limit(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "_ROOT", tmp_path)
    fake(tmp_path, {"proc/meminfo": "MemTotal: 9000000 kB\nMemAvailable:    400000 kB\n"})
    assert memory.memory_limit() == 4.096e8
