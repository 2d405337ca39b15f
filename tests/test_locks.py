"""The lock files pin pyproject.toml's dependencies with hashes, for every purpose; only torch has none."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tools.local.program import ROOT

GROUPS: dict[str, list[Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
LOCKS = {
    "locks/dev.txt": "dev",
    "locks/local.txt": "local",
    "locks/pictures.txt": "pictures",
    "locks/fuzz.txt": "fuzz",
    "locks/peers.txt": "peers",
    "locks/train.txt": "train",
    "locks/demonstration.txt": "demonstration",
    "function/requirements-onnx.txt": "image-onnx",
    "function/requirements-torch.txt": "image-torch",
    "function/requirements-build.txt": "model-build",
}
PIN = re.compile(r"([A-Za-z0-9._-]+)(?:\[\w+\])?==([\w.]+)")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def direct(group: str) -> dict[str, str]:
    """Name -> version of what a group asks for, included groups among it."""
    pins: dict[str, str] = {}
    for entry in GROUPS[group]:
        if isinstance(entry, dict):
            pins |= direct(entry["include-group"])
        else:
            match = PIN.fullmatch(entry)
            assert match, f"{group}: {entry} is not pinned"
            pins[normal(match[1])] = match[2]
    return pins


def locked(path: Path) -> dict[str, str]:
    """Name -> version of a lock file, each with a hash."""
    pins: dict[str, str] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", "\n" + path.read_text())[1:]:
        match = PIN.match(entry)
        assert match, entry
        assert "--hash=sha256:" in entry, f"{path.name}: {match[1]} has no hash"
        pins[normal(match[1])] = match[2]
    return pins


@pytest.mark.parametrize(("lock", "group"), LOCKS.items())
def test_a_lock_file_holds_what_its_group_asks_for(lock: str, group: str) -> None:
    found, wanted = locked(ROOT / lock), direct(group)
    assert {name: found.get(name) for name in wanted} == wanted, f"{lock} is not that of pyproject.toml: make lock"


@pytest.mark.parametrize("lock", ["function/requirements-onnx.txt", "function/requirements-torch.txt"])
def test_an_image_carries_nothing_that_its_group_does_not_name(lock: str) -> None:
    assert locked(ROOT / lock).keys() == direct(LOCKS[lock]).keys()


def test_the_program_the_local_pipeline_and_the_tests_share_their_versions() -> None:
    program = {normal(name): version for name, version in PIN.findall((ROOT / "requirements.txt").read_text())}
    local, dev = locked(ROOT / "locks/local.txt"), locked(ROOT / "locks/dev.txt")
    assert program.items() <= local.items()
    assert local.items() <= dev.items()


def test_torch_stands_in_no_lock_file_and_no_file_names_an_index() -> None:
    for lock in LOCKS:
        assert "torch" not in locked(ROOT / lock)
        assert "://" not in (ROOT / lock).read_text()
