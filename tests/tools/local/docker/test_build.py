"""The built image is what the component registers, holds only what it needs, and has the code in its top layer."""

import json
import shutil
from pathlib import Path

import pytest

from components.build_context import DOCKERFILE, context_files
from components.image import PLATFORMS
from tests.tools.local.docker.images import MAX_IMAGE_MB, Built
from tools.local.docker.base import base_image
from tools.local.docker.build import build, push
from tools.local.docker.container import MB
from tools.local.docker.engine import Engine
from tools.local.docker.gate import Demand, faults, image_bytes
from tools.local.docker.measure import compressed_bytes, last_layer_bytes
from tools.local.docker.registry_client import Reference, fetch_config, fetch_manifest
from tools.local.docker.report import Report
from tools.local.program import ROOT

GLIBC_OF_LAMBDA = (2, 34)  # Amazon Linux 2023; the stand-in's is newer, and accepts wheels that Lambda cannot load
WHEELS = """
import importlib.metadata as metadata, json
def tags(wheel):
    return [line.removeprefix("Tag: ") for line in (wheel or "").splitlines() if line.startswith("Tag: ")]
print(json.dumps({found.name: tags(found.read_text("WHEEL")) for found in metadata.distributions()}))
"""
NOT_COMPILED = """
import importlib.util, pathlib
for path in pathlib.Path("/var/task").glob("[fs]*/*.py"):
    if not pathlib.Path(importlib.util.cache_from_source(path)).exists():
        print(path.name)
"""
TORCH = "import importlib.util; print(*filter(importlib.util.find_spec, ('torch', 'transformers')))"


def python(engine: Engine, image: str, program: str) -> str:
    return engine.run("run", "--rm", "--network=none", "--entrypoint=python", image, "-c", program)


def layers(engine: Engine, image: str) -> list[str]:
    return json.loads(engine.run("image", "inspect", "--format", "{{json .RootFS.Layers}}", image))


@pytest.fixture
def changed_context(demo: Built, tmp_path: Path) -> Path:
    """A copy of the staged build context, to change at will."""
    copy = tmp_path / "context"
    shutil.copytree(ROOT / demo.registered["build"]["context"], copy)
    return copy


def rebuild(engine: Engine, built: Built, context: Path) -> str:
    """Repeat the build with another context; returns its tag."""
    tag = f"{built.registered['imageName']}-changed"
    elsewhere = {"context": str(context), "dockerfile": str(context / DOCKERFILE)}
    build(engine, tag, {**built.registered["build"], **elsewhere}, base_image(engine))
    return tag


def test_the_function_gets_the_digest_of_the_components_tag(demo: Built) -> None:
    tagged = fetch_manifest(Reference.parse(demo.registered["imageName"]))
    assert demo.uri == f"{demo.registered['imageName'].rpartition(':')[0]}@{tagged.digest}"


def test_the_image_has_the_platform_that_the_component_registers(demo: Built) -> None:
    reference = Reference.parse(demo.uri)
    config = fetch_config(reference, fetch_manifest(reference))
    assert f"{config['os']}/{config['architecture']}" == demo.registered["build"]["platform"] == PLATFORMS["x86_64"]


def test_the_image_contains_the_model_that_the_component_names(engine: Engine, demo: Built, full_size: Built) -> None:
    read = "print(open('/opt/model/manifest.json').read())"
    served = {
        built.registered["build"]["args"]["MODEL_PATH"]: json.loads(python(engine, built.uri, read))["model_id"]
        for built in (demo, full_size)
    }
    assert served == {
        "function/models/demo": "sentiment-analyzer/demo",
        "function/models/full-size": "sentiment-analyzer/full-size-random",
    }


def test_the_engine_gets_exactly_the_context_that_the_tag_hashes(
    demo: Built, full_size: Built, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    for name, built in (("demo model", demo), ("full-size model", full_size)):
        staged = ROOT / built.registered["build"]["context"]
        found = {path.relative_to(staged).as_posix(): path for path in staged.rglob("*") if path.is_file()}
        hashed = context_files("onnx", built.registered["build"]["args"]["MODEL_PATH"])
        assert found.keys() == hashed.keys()
        assert all(found[path].read_bytes() == hashed[path].read_bytes() for path in found)
        report.add(name, context_bytes=sum(path.stat().st_size for path in found.values()))


def test_a_code_change_changes_only_the_last_layer(engine: Engine, demo: Built, changed_context: Path) -> None:
    for name in ("function/handler.py", "function/manifest.py", "sentiment_contract/messages.py"):
        (changed_context / name).write_text((changed_context / name).read_text() + "\n# changed\n")
    before, after = layers(engine, demo.uri), layers(engine, rebuild(engine, demo, changed_context))
    assert before[:-1] == after[:-1]
    assert before[-1] != after[-1]


def test_the_same_context_in_another_folder_gives_the_same_layers(
    engine: Engine, demo: Built, changed_context: Path
) -> None:
    assert layers(engine, rebuild(engine, demo, changed_context)) == layers(engine, demo.uri)


def test_lambdas_user_can_read_files_with_owner_only_permissions(
    engine: Engine, demo: Built, demand: Demand, changed_context: Path
) -> None:
    for path in changed_context.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert faults(engine, push(engine, rebuild(engine, demo, changed_context)), demand) == []


def test_the_image_holds_compiled_code_for_the_read_only_file_system(engine: Engine, demo: Built) -> None:
    assert python(engine, demo.uri, NOT_COMPILED) == ""


def test_the_onnx_image_has_no_torch(engine: Engine, demo: Built) -> None:
    assert python(engine, demo.uri, TORCH) == ""


def test_lambda_can_load_every_wheel_in_the_image(engine: Engine, demo: Built) -> None:
    wheels: dict[str, list[str]] = json.loads(python(engine, demo.uri, WHEELS))
    assert "onnxruntime" in wheels
    assert {name: tags for name, tags in wheels.items() if not any(map(loads_on_lambda, tags))} == {}


def loads_on_lambda(tag: str) -> bool:
    """Whether a wheel's tag promises to need no newer glibc than Lambda has."""
    platform = tag.rpartition("-")[2]
    if platform in ("any", "manylinux1_x86_64", "manylinux2010_x86_64", "manylinux2014_x86_64"):
        return True
    system, *version = platform.removesuffix("_x86_64").split("_")
    return system == "manylinux" and tuple(map(int, version)) <= GLIBC_OF_LAMBDA


def test_the_image_with_a_full_size_model_stays_within_its_size_limit(
    engine: Engine, demo: Built, full_size: Built, report: Report
) -> None:
    for name, built in {"demo model": demo, "full-size model": full_size}.items():
        report.add(
            name,
            compressed_bytes=compressed_bytes(built.uri),
            code_bytes=last_layer_bytes(built.uri),
            uncompressed_bytes=image_bytes(engine, built.uri),
            base_bytes=image_bytes(engine, base_image(engine)),
        )
    assert image_bytes(engine, full_size.uri) <= MAX_IMAGE_MB * MB
