"""The image's tag: a hash of everything that goes into it, and of nothing else."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from components.image import IN_CONTEXT, ImageArgs, build_args, content_tag
from tools.local.program import ROOT

ARGS = ImageArgs(model_id="owner/model", model_revision="714eb0f", backend="onnx", architecture="x86_64")
INDEX = "https://index.example/cpu"
PREBUILT = replace(ARGS, model_id="./models/demo")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the build context, to change at will."""
    shutil.copytree(ROOT / "function", tmp_path / "function", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "function"


def tag(args: ImageArgs = ARGS) -> str:
    return content_tag(build_args(args), args)


@pytest.mark.usefixtures("context")
def test_the_same_inputs_give_the_same_tag() -> None:
    assert tag() == tag()


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(
    "change",
    [
        {"model_id": "owner/other"},
        {"model_revision": "0000000"},
        {"backend": "torch"},
        {"architecture": "arm64"},
        {"extra_package_index_url": INDEX},  # it decides between builds of one version, such as torch's
        {"model_id": "./models/demo"},
    ],
)
def test_another_setting_gives_another_tag(change: dict[str, str]) -> None:
    assert tag(replace(ARGS, **change)) != tag()


@pytest.mark.parametrize(
    "name",
    [
        "handler.py",
        "build_model.py",
        "model_build/parity.py",
        "Dockerfile",
        ".dockerignore",
        "requirements.txt",
        "requirements-onnx.txt",
    ],
)
def test_another_content_of_a_file_in_the_image_gives_another_tag(context: Path, name: str) -> None:
    before = tag()
    (context / name).write_text((context / name).read_text() + "\n# changed\n")
    assert tag() != before


def test_a_new_module_gives_another_tag(context: Path) -> None:
    before = tag()
    (context / "added.py").write_text("")
    assert tag() != before


def test_a_prebuilt_model_is_part_of_the_tag(context: Path) -> None:
    before = tag(PREBUILT)
    (context / "models" / "demo" / "manifest.json").write_text("{}")
    assert tag(PREBUILT) != before


def test_another_mode_of_a_file_gives_another_tag_as_the_docker_provider_builds_again(context: Path) -> None:
    before = tag()
    (context / "handler.py").chmod(0o755)
    assert tag() != before


@pytest.mark.parametrize(
    "add",
    [
        lambda context: (context.parent / "README.md").write_text("changed"),
        lambda context: (context / "notes.md").write_text("changed"),
        lambda context: (context / "model_build" / "x.pyc").write_bytes(b"changed"),
        lambda context: (
            (context / "__pycache__").mkdir() or (context / "__pycache__" / "x.pyc").write_bytes(b"changed")
        ),
    ],
)
def test_a_file_outside_the_image_leaves_the_tag_alone(context: Path, add: Callable[[Path], object]) -> None:
    before, prebuilt_before = tag(), tag(PREBUILT)
    add(context)
    assert (tag(), tag(PREBUILT)) == (before, prebuilt_before)


@pytest.mark.usefixtures("context")
def test_hub_and_prebuilt_models_take_the_dockerfiles_two_ways() -> None:
    assert build_args(ARGS) == {
        "BACKEND": "onnx",
        "MODEL_SOURCE": "hub",
        "MODEL_ID": "owner/model",
        "MODEL_REVISION": "714eb0f",
    }
    assert build_args(PREBUILT) == {"BACKEND": "onnx", "MODEL_SOURCE": "prebuilt", "MODEL_PATH": "models/demo"}


def test_the_docker_context_is_exactly_what_is_hashed() -> None:
    lines = (ROOT / "function" / ".dockerignore").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["*", *(f"!{pattern}" for pattern in IN_CONTEXT)]


def test_every_build_argument_is_one_that_the_dockerfile_takes() -> None:
    dockerfile = (ROOT / "function" / "Dockerfile").read_text()
    for name in {*build_args(replace(ARGS, extra_package_index_url=INDEX)), *build_args(PREBUILT)}:
        assert f"ARG {name}" in dockerfile
