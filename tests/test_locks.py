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
    """Name -> version of a group's dependencies, with those of the groups that it includes."""
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
    """Name -> version of a lock file's packages, each of which must have a hash."""
    pins: dict[str, str] = {}
    for entry in re.split(r"\n(?=[A-Za-z0-9])", "\n" + path.read_text())[1:]:
        match = PIN.match(entry)
        assert match, entry
        assert "--hash=sha256:" in entry, f"{path.name}: {match[1]} has no hash"
        pins[normal(match[1])] = match[2]
    return pins


@pytest.mark.parametrize(("lock", "group"), LOCKS.items())
def test_a_lock_file_pins_every_dependency_of_its_group(lock: str, group: str) -> None:
    found, wanted = locked(ROOT / lock), direct(group)
    assert {name: found.get(name) for name in wanted} == wanted, f"{lock} does not match pyproject.toml: run make lock"


@pytest.mark.parametrize("lock", ["function/requirements-onnx.txt", "function/requirements-torch.txt"])
def test_an_image_installs_only_the_packages_of_its_group(lock: str) -> None:
    assert locked(ROOT / lock).keys() == direct(LOCKS[lock]).keys()


def test_program_local_pipeline_and_tests_use_the_same_versions() -> None:
    program = {normal(name): version for name, version in PIN.findall((ROOT / "requirements.txt").read_text())}
    local, dev = locked(ROOT / "locks/local.txt"), locked(ROOT / "locks/dev.txt")
    assert program.items() <= local.items()
    assert local.items() <= dev.items()


def test_no_lock_file_contains_torch_or_names_an_index() -> None:
    for lock in LOCKS:
        assert "torch" not in locked(ROOT / lock)
        assert "://" not in (ROOT / lock).read_text()
