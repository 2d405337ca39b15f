"""The gate accepts our image, and refuses, with the reason, images that Lambda would refuse."""

import hashlib
import http.client
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.tools.local.docker.images import Built
from tools.local.docker.build import push
from tools.local.docker.engine import Engine
from tools.local.docker.gate import Demand, faults
from tools.local.docker.registry_client import (
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Reference,
    RegistryError,
    fetch_manifest,
)
from tools.local.program import ROOT


@pytest.fixture
def variant(engine: Engine, demo: Built) -> Callable[[str, str], str]:
    """Builds and pushes a variant of the image, from a name and lines for a Dockerfile; returns it by digest."""

    def make(name: str, lines: str) -> str:
        tag = f"{demo.registered['imageName']}-{name}"
        dockerfile = f"FROM {demo.registered['imageName']}\n{lines}\n"
        engine.run("build", "--network=host", "--tag", tag, "-", stdin=dockerfile.encode())
        return push(engine, tag)

    return make


def put_manifest(image: str, media_type: str, content: dict[str, Any]) -> str:
    """Push a manifest to an image's repository; returns it by digest."""
    body = json.dumps(content).encode()
    reference = Reference.parse(image)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    connection = http.client.HTTPConnection(reference.host, timeout=30)
    path = f"/v2/{reference.repository}/manifests/{digest}"
    connection.request("PUT", path, body, {"Content-Type": media_type})
    response = connection.getresponse()
    assert response.status == http.client.CREATED, response.read()
    connection.close()
    return f"{reference.host}/{reference.repository}@{digest}"


def index_of(image: str) -> str:
    """Push an index of an image and an attestation, as BuildKit does by default; returns it by digest."""
    manifest = fetch_manifest(Reference.parse(image))
    size = len(json.dumps(manifest.content))
    listed = {"mediaType": DOCKER_MANIFEST, "digest": manifest.digest, "size": size}
    return put_manifest(
        image,
        OCI_INDEX,
        {
            "schemaVersion": 2,
            "mediaType": OCI_INDEX,
            "manifests": [
                {**listed, "platform": {"os": "linux", "architecture": "amd64"}},
                {**listed, "platform": {"os": "unknown", "architecture": "unknown"}},
            ],
        },
    )


def attestation_of(image: str) -> str:
    """Push an attestation on its own, which is a manifest of statements; returns it by digest."""
    content = fetch_manifest(Reference.parse(image)).content
    config = {**content["config"], "mediaType": "application/vnd.oci.image.config.v1+json"}
    layer = {**content["layers"][-1], "mediaType": "application/vnd.in-toto+json"}
    return put_manifest(
        image,
        OCI_MANIFEST,
        {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [layer]},
    )


def test_both_of_our_images_pass(engine: Engine, demo: Built, full_size: Built, demand: Demand) -> None:
    assert {built.uri: faults(engine, built.uri, demand) for built in (demo, full_size)} == {
        demo.uri: [],
        full_size.uri: [],
    }


def test_an_index_is_refused(engine: Engine, demo: Built, demand: Demand) -> None:
    (fault,) = faults(engine, index_of(demo.uri), demand)
    assert "is an index of 2 manifests, and Lambda takes a single image" in fault
    assert "--provenance=false" in fault


def test_an_attestation_is_refused(engine: Engine, demo: Built, demand: Demand) -> None:
    (fault,) = faults(engine, attestation_of(demo.uri), demand)
    assert "is an attestation, not an image" in fault


def test_another_architecture_is_refused(engine: Engine, demo: Built, demand: Demand) -> None:
    (fault,) = faults(engine, demo.uri, replace(demand, architecture="arm64"))
    assert fault == "the image is for linux/amd64, and the function's architecture arm64 wants linux/arm64"


def test_an_image_over_the_stated_size_is_refused(engine: Engine, demo: Built, demand: Demand) -> None:
    (fault,) = faults(engine, demo.uri, replace(demand, max_mb=100))
    assert fault.endswith("MB uncompressed, and 100 MB are allowed")


@pytest.mark.parametrize(
    ("name", "lines", "says"),
    [
        ("no-handler", "RUN rm function/handler.py", "No module named 'function.handler'"),
        ("no-library", "RUN pip uninstall --yes --quiet numpy", "No module named 'numpy'"),
        ("no-model", "RUN rm /opt/model/model.onnx", "model.onnx cannot be read"),
        ("no-entry-point", 'ENTRYPOINT ["/no/such/program"]', "/no/such/program"),
        ("other-entry-point", 'ENTRYPOINT ["true"]', "Runtime exited without providing a reason"),
    ],
)
def test_an_image_that_does_not_start_is_refused(
    engine: Engine, variant: Callable[[str, str], str], demand: Demand, name: str, lines: str, says: str
) -> None:
    (fault,) = faults(engine, variant(name, lines), demand)
    assert fault.startswith("function.handler.handler does not come up: ")
    assert says in fault


def test_the_error_for_a_missing_image_names_it(engine: Engine, demo: Built, demand: Demand) -> None:
    missing = f"{demo.uri.partition('@')[0]}@sha256:{'0' * 64}"
    with pytest.raises(RegistryError, match=r"answers 404 for .*manifests/sha256:000"):
        faults(engine, missing, demand)


def test_a_reference_without_a_registry_is_refused() -> None:
    with pytest.raises(RegistryError, match="'ubuntu' is not of the form host/repository@digest"):
        Reference.parse("ubuntu")


def test_the_gate_can_run_as_a_command(engine: Engine, demo: Built) -> None:
    command = [sys.executable, "-m", "tools.local.docker.gate", demo.uri, "--max-mb", "100"]
    folder = str(Path(engine.client).parent)  # this client can talk to the engine
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    if engine.host:
        environment["DOCKER_HOST"] = engine.host
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert answer.returncode == 1
    assert answer.stderr.startswith("refused: the image is ")
    assert answer.stderr.endswith("100 MB are allowed\n")
