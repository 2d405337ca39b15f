"""`make image`: the stack's own build, with secrets, pushed to the stack's repository under the program's tag."""

import sys
from pathlib import Path

import pytest

from tools.local.docker.engine import Engine
from tools.release import image
from tools.release.image import NothingToBuild, build_image

REPOSITORY = "123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment-analyzer-dev-image-1a2b3c"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    """A docker command that records its arguments and its standard input."""
    client = tmp_path / "docker"
    client.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        f"with pathlib.Path({str(tmp_path / 'called')!r}).open('a') as called:\n"
        "    print(*sys.argv[1:], '<', sys.stdin.read(), file=called)\n"
        f"print({REPOSITORY!r} + '@sha256:' + 'a' * 64)\n"
    )
    client.chmod(0o755)
    return Engine(str(client))


@pytest.fixture
def called(tmp_path: Path) -> Path:
    return tmp_path / "called"


@pytest.mark.usefixtures("aws")
def test_make_image_builds_with_secrets_and_pushes_the_programs_tag(
    engine: Engine, called: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "outputs", lambda *_: {"repositoryUrl": REPOSITORY})
    netrc = tmp_path / "netrc"
    netrc.write_text("machine packages.example login ci password hunter2\n")
    name = build_image("dev", engine, {"netrc": netrc})
    repository, _, tag = name.rpartition(":")
    assert repository == REPOSITORY
    login, build, push, *_ = called.read_text().splitlines()
    assert login.startswith("login --username AWS --password-stdin 123456789012.dkr.ecr.us-west-2.amazonaws.com <")
    assert f"--tag {name} " in build
    assert f"--secret id=netrc,src={netrc}" in build
    assert f"build/image/{tag}" in build
    assert "BASE_IMAGE" not in build
    assert push.startswith(f"push --quiet {name} ")
    assert "hunter2" not in called.read_text()


def test_the_error_for_a_missing_repository_names_the_command_for_it(
    engine: Engine, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "outputs", lambda *_: {})
    with pytest.raises(NothingToBuild, match=r"pulumi up --stack dev --target .*Repository::image"):
        build_image("dev", engine, {})
    assert not called.exists()


def test_a_missing_secret_fails_the_build_before_docker_runs(
    engine: Engine, called: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "outputs", lambda *_: {"repositoryUrl": REPOSITORY})
    with pytest.raises(FileNotFoundError, match="/nowhere/netrc"):
        build_image("dev", engine, {"netrc": Path("/nowhere/netrc")})
    assert not called.exists()
