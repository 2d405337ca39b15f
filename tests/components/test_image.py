"""The image's tag and its staged build context cover everything that goes into the image, and nothing else."""

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from components.build_context import STAGED_TAGS, content_tag, context_files, stage
from components.image import ImageArgs, build_args
from tools.local.program import ROOT

ARGS = ImageArgs(model_id="owner/model", model_revision="714eb0f", backend="onnx", architecture="x86_64")
INDEX = "https://index.example/cpu"
PREBUILT = replace(ARGS, model_id="./models/demo")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the image's sources that a test may change, as the current directory."""
    for folder in ("function", "sentiment_contract"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__", "full-size"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(args: ImageArgs = ARGS) -> dict[str, Path]:
    return context_files(args.backend, build_args(args).get("MODEL_PATH"))


def tag(args: ImageArgs = ARGS) -> str:
    return content_tag(files(args), [build_args(args), args.architecture])


@pytest.mark.usefixtures("checkout")
@pytest.mark.parametrize(
    "change",
    [
        {"model_id": "owner/other"},
        {"model_revision": "0000000"},
        {"backend": "torch"},
        {"architecture": "arm64"},
        {"base_image": "mirror.example/python:3.13"},
        {"package_index_url": INDEX},
        {"model_hub_url": INDEX},
        {"extra_package_index_url": INDEX},  # it decides between builds of one version, such as torch's
        {"model_id": "./models/demo"},
    ],
)
def test_a_changed_setting_changes_the_tag(change: dict[str, str]) -> None:
    assert tag() == tag()
    assert tag(replace(ARGS, **change)) != tag()


@pytest.mark.parametrize(
    "name",
    [
        "function/handler.py",
        "function/build_model.py",
        "function/model_build/parity.py",
        "function/model_build/parity_sentences.txt",
        "function/Dockerfile",
        "function/requirements-onnx.txt",
        "function/requirements-build.txt",
        "function/torch.txt",
        "sentiment_contract/messages.py",
    ],
)
def test_a_changed_file_of_the_image_changes_the_tag(checkout: Path, name: str) -> None:
    before = tag()
    (checkout / name).write_text((checkout / name).read_text() + "\n# changed\n")
    assert tag() != before


def test_a_new_module_changes_the_tag(checkout: Path) -> None:
    before = tag()
    (checkout / "function" / "added.py").write_text("")
    assert tag() != before


@pytest.mark.parametrize("name", ["model.onnx.data", "manifest.json"])
def test_a_changed_prebuilt_model_changes_the_tag(checkout: Path, name: str) -> None:
    before = tag(PREBUILT)
    with (checkout / "function" / "models" / "demo" / name).open("ab") as file:
        file.write(b"\n")
    assert tag(PREBUILT) != before


@pytest.mark.parametrize(
    "add",
    [
        lambda root: (root / "README.md").write_text("changed"),
        lambda root: (root / "function" / "notes.md").write_text("changed"),
        lambda root: (root / "function" / ".DS_Store").write_bytes(b"changed"),
        lambda root: (root / "function" / "models" / "demo" / ".DS_Store").write_bytes(b"changed"),
        lambda root: (root / "function" / "model_build" / "x.pyc").write_bytes(b"changed"),
        lambda root: (root / "function" / "requirements-torch.txt").write_text("changed"),
        lambda root: shutil.copytree(root / "function" / "models" / "demo", root / "function" / "models" / "full-size"),
        lambda root: (root / "function" / "__pycache__").mkdir(),
        lambda root: (root / "function" / "handler.py").chmod(0o600),
    ],
)
def test_an_irrelevant_change_keeps_the_tag(checkout: Path, add: Callable[[Path], object]) -> None:
    before, prebuilt_before = tag(), tag(PREBUILT)
    add(checkout)
    assert (tag(), tag(PREBUILT)) == (before, prebuilt_before)


def test_build_code_does_not_change_the_tag_of_a_prebuilt_model(checkout: Path) -> None:
    before = tag(PREBUILT)
    (checkout / "function" / "model_build" / "parity_sentences.txt").write_text("changed")
    (checkout / "function" / "requirements-build.txt").write_text("changed")
    assert tag(PREBUILT) == before


@pytest.mark.usefixtures("checkout")
def test_the_staged_context_is_the_same_under_every_umask() -> None:
    staged = []
    for umask in (0o022, 0o077, 0o002):
        before = os.umask(umask)
        try:
            folder = Path(stage(files(PREBUILT), f"{umask:04}"))
        finally:
            os.umask(before)
        staged.append({path.relative_to(folder): path.stat().st_mode for path in folder.rglob("*")})
        assert folder.stat().st_mode & 0o777 == 0o755
    assert staged[0] == staged[1] == staged[2]
    assert {path.as_posix() for path in staged[0] if (folder / path).is_file()} == set(files(PREBUILT))


@pytest.mark.usefixtures("checkout")
def test_staging_reuses_a_context_and_deletes_old_tags() -> None:
    first = Path(stage(files(), "tag-first"))
    made = first.stat().st_ino
    assert Path(stage(files(), "tag-first")).stat().st_ino == made
    for number in range(STAGED_TAGS):
        os.utime(first, (number, number))
        stage(files(), f"tag-{number}")
    assert {path.name for path in first.parent.iterdir()} == {f"tag-{number}" for number in range(STAGED_TAGS)}


def test_a_clone_has_the_same_tag_as_the_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("this copy is not a git checkout")
    for name in filter(None, tracked.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(ROOT)
    here = tag(PREBUILT), tag()
    monkeypatch.chdir(tmp_path)
    assert (tag(PREBUILT), tag()) == here, "a module of the image is not committed"


def test_hub_and_prebuilt_models_have_different_build_arguments() -> None:
    assert build_args(ARGS) == {
        "BACKEND": "onnx",
        "MODEL_SOURCE": "hub",
        "MODEL_ID": "owner/model",
        "MODEL_REVISION": "714eb0f",
    }
    prebuilt = {"BACKEND": "onnx", "MODEL_SOURCE": "prebuilt", "MODEL_PATH": "function/models/demo"}
    assert build_args(PREBUILT) == prebuilt


def test_the_dockerfile_takes_every_build_argument() -> None:
    dockerfile = (ROOT / "function" / "Dockerfile").read_text()
    mirrors = {"base_image": "mirror.example/python:3.13"} | dict.fromkeys(
        ("package_index_url", "extra_package_index_url", "model_hub_url"), INDEX
    )
    for name in {*build_args(replace(ARGS, **mirrors)), *build_args(PREBUILT)}:
        assert f"ARG {name}" in dockerfile
