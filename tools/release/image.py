"""`make image`: builds a stack's image with secrets, which `docker.Image` does not support, and pushes it.

The program finds the image in the stack's repository by its tag, so the next update deploys it and builds nothing.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

from components.image import BUILD
from tools.local.docker.build import build, push
from tools.local.docker.engine import Engine
from tools.local.program import run
from tools.local.recorder import Recorder
from tools.release.pulumi_cli import outputs, session

SECRETS = {
    "netrc": "file with the package index's user and password, like ~/.netrc",
    "hf_token": "file with the model hub's token",
}
REPOSITORY = ("**:components:Image::image", "**:Repository::image")  # a resource is not created without its parent


class NothingToBuild(Exception):
    """The stack runs another stack's image, or has no repository yet; the message names the next step."""


def build_image(stack: str, engine: Engine, secrets: Mapping[str, Path]) -> str:
    """Build and push; returns the image by its tag.

    Raises:
        NothingToBuild: there is nothing to build, or no repository to push to.
        FileNotFoundError: a secret's file does not exist.
        DockerError: the build or the push failed.
    """
    for file in secrets.values():
        file.open().close()
    recording: Recorder = run(stack)
    registered = recording.all(BUILD)
    if not registered:
        raise NothingToBuild(f"stack {stack!r} runs the image in imageUri and builds none")
    repository = outputs(stack).get("repositoryUrl")
    if not repository:
        raise NothingToBuild(
            f"stack {stack!r} has no repository yet; this creates it: pulumi up --stack {stack} "
            + " ".join(f"--target '{target}'" for target in REPOSITORY)
        )
    inputs = registered[0].inputs
    name = f"{repository}:{inputs['imageName'].rpartition(':')[2]}"
    log_in(stack, engine, repository.partition("/")[0])
    build(engine, name, inputs["build"], secrets=secrets)
    push(engine, name)
    return name


def log_in(stack: str, engine: Engine, registry: str) -> None:
    """Log docker in to the stack's own registry, with the stack's profile."""
    (given,) = session(stack).client("ecr").get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
    engine.run("login", "--username", user, "--password-stdin", registry, stdin=password.encode())
