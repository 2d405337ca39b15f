"""`python -m tools.local.docker.gate IMAGE`: refuses an image that Lambda would refuse, before Lambda does.

IMAGE is `host/repository@digest`, or with a tag instead of the digest, in a registry to which you are logged in.
"""

import argparse
import sys
from dataclasses import dataclass

from components.image import PLATFORMS
from tools.local.docker.container import MB, ContainerStart
from tools.local.docker.engine import DockerError, Engine, NoDocker, open_engine
from tools.local.docker.registry_client import (
    DOCKER_LIST,
    OCI_INDEX,
    Manifest,
    Reference,
    RegistryError,
    fetch_config,
    fetch_manifest,
)
from tools.local.execution_environment import ExecutionEnvironment, FunctionError
from tools.local.function_config import FunctionConfig, registered_function
from tools.local.program import StackFile, run
from tools.local.recorder import Recorder

LAMBDA_LIMIT_MB = 10 * 1024  # uncompressed, all layers
INIT_SECONDS = 60  # generous: this tests whether it starts, not how fast
SHOWN_LOG_LINES = 12
NOWHERE = "http://127.0.0.1:1"  # init calls no service
NOBODY = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "AWS_SESSION_TOKEN": "none"}


@dataclass(frozen=True, kw_only=True)
class Demand:
    """The requirements for an image.

    Attributes:
        function: the function that will run it.
        architecture: x86_64 or arm64.
        max_mb: size with all layers unpacked, in MB of 2**20 bytes.
    """

    function: FunctionConfig
    architecture: str
    max_mb: int = LAMBDA_LIMIT_MB


def demand_of(stack: StackFile, max_mb: int = LAMBDA_LIMIT_MB) -> Demand:
    """The requirements of a stack's function."""
    recording = run(stack, Recorder)
    registered = recording.one("aws:lambda/function:Function").inputs
    function = registered_function(recording, endpoint_url=NOWHERE, credentials=NOBODY)
    return Demand(function=function, architecture=registered["architectures"][0], max_mb=max_mb)


def faults(engine: Engine, image: str, demand: Demand) -> list[str]:
    """Reasons why Lambda would refuse the image, or why its function would not start; empty if there are none.

    Raises:
        RegistryError: the registry does not have the image.
    """
    reference = Reference.parse(image)
    manifest = fetch_manifest(reference)
    if fault := _kind_fault(manifest):
        return [fault]  # there is no single image to check
    config = fetch_config(reference, manifest)
    found, wanted = f"{config.get('os')}/{config.get('architecture')}", PLATFORMS[demand.architecture]
    if found != wanted:
        return [f"the image is for {found}, and the function's architecture {demand.architecture} wants {wanted}"]
    engine.run("pull", "--quiet", image)
    size_mb = image_bytes(engine, image) / MB
    too_large = f"the image is {size_mb:.0f} MB uncompressed, and {demand.max_mb} MB are allowed"
    return [*([too_large] if size_mb > demand.max_mb else []), *_init_faults(engine, image, demand.function)]


def image_bytes(engine: Engine, image: str) -> int:
    """The image's size, unpacked."""
    return int(engine.run("image", "inspect", "--format", "{{.Size}}", image))


def _kind_fault(manifest: Manifest) -> str:
    """The fault of a reference that is not a single image's manifest, as Lambda requires."""
    content = manifest.content
    if manifest.media_type in (OCI_INDEX, DOCKER_LIST) or "manifests" in content:
        return (
            f"{manifest.digest} is an index of {len(content.get('manifests', []))} manifests, and Lambda takes a "
            "single image: build for one platform and without attestations (--provenance=false --sbom=false)"
        )
    if any("in-toto" in layer.get("mediaType", "") for layer in content.get("layers", [])):
        return f"{manifest.digest} is an attestation, not an image: take the digest of the image that it attests"
    return ""


def _init_faults(engine: Engine, image: str, function: FunctionConfig) -> list[str]:
    log: list[str] = []
    try:
        environment = ExecutionEnvironment(function, log.append, ContainerStart(engine, image))
    except DockerError as error:
        return [f"the image does not start: {error}"]
    try:
        environment.init("gate", INIT_SECONDS)
    except FunctionError as error:
        environment.close()  # which brings the last lines of the log
        said = "\n".join(f"  {line}" for line in log[-SHOWN_LOG_LINES:])
        return [f"{function.handler} does not come up: {error}\n{said}"]
    environment.close()
    return []


def main() -> int:
    parser = argparse.ArgumentParser(prog="gate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("image", help="host/repository@digest")
    parser.add_argument("--stack", default="dev", help="stack whose function will run it (default: dev)")
    parser.add_argument(
        "--max-mb", type=int, default=LAMBDA_LIMIT_MB, help="uncompressed size (default: Lambda's 10 GB)"
    )
    options = parser.parse_args()
    try:
        with open_engine() as engine:
            found = faults(engine, options.image, demand_of(options.stack, options.max_mb))
    except (NoDocker, DockerError, RegistryError, OSError) as error:
        found = [str(error)]
    for fault in found:
        sys.stderr.write(f"refused: {fault}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
