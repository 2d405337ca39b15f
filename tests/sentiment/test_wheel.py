"""The client as a producer installs it: a wheel, in an otherwise empty environment."""

import json
import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import boto3
import pytest

from tests.sentiment.place import Place
from tools.local.program import ROOT

pytestmark = pytest.mark.slow(reason="builds and installs the wheel")

PACKAGES = ("sentiment", "sentiment_contract")
BOTO3 = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "dateutil", "six.py")
SEND = """
import json, os, sys
before = dict(os.environ)
from sentiment import Producer
unchanged = dict(os.environ) == before
with Producer(os.environ["QUEUE_URL"]) as producer:
    producer.send("wheel-1", "Sent from a wheel")
print(json.dumps({"unchanged": unchanged, "modules": sorted({name.split(".")[0] for name in sys.modules})}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built offline from the checkout; hatchling leaves no files behind there."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*build, "--wheel-dir", folder, ROOT], check=True)
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with only the wheel and boto3's packages."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    with ZipFile(wheel) as packed:
        packed.extractall(site)
    for name in BOTO3:
        (site / name).symlink_to(Path(boto3.__file__).parents[1] / name)
    return folder / "bin" / "python"


def test_the_wheel_contains_only_the_client_and_the_contract(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        names = packed.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == set(PACKAGES)
    ours = {path.relative_to(ROOT).as_posix() for name in PACKAGES for path in (ROOT / name).rglob("*.py")}
    assert {name for name in names if name.endswith(".py")} == ours


def test_installing_the_wheel_requires_only_boto3(wheel: Path) -> None:
    with ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("/METADATA"))
        lines = packed.read(name).decode().splitlines()
    first, *extra = [line for line in lines if line.startswith("Requires-Dist: ")]
    assert first.startswith("Requires-Dist: boto3")
    assert extra
    assert {re.search(r"; extra == '(\w+)'$", line)[1] for line in extra} == {"cli", "report"}


def test_an_installed_producer_sends_and_changes_nothing_in_the_process(
    place: Place, python: Path, tmp_path: Path
) -> None:
    environment = {name: value for name, value in {**os.environ, **place.environment}.items() if name != "PYTHONPATH"}
    done = subprocess.run([python, "-c", SEND], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["unchanged"]
    assert set(said["modules"]).isdisjoint({"function", "tools", "settings", "components", "pulumi", "rich", "typer"})
    assert [item["id"] for item in place.items()] == ["wheel-1"]


def test_the_command_names_the_extra_that_is_missing(python: Path, tmp_path: Path) -> None:
    done = subprocess.run([python, "-m", "sentiment", "results"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    assert "[cli]" in done.stderr
