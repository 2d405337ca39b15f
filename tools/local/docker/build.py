"""Builds and pushes the image that the Pulumi program registers."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tools.local.docker.base import base_image
from tools.local.docker.engine import DockerError, Engine
from tools.local.program import ROOT, StackFile, run
from tools.local.recorder import Project, Recorder

KNOWN = {"context", "dockerfile", "platform", "args", "builderVersion"}  # BuildKit is what the engine takes anyway


class ImageBuilder(Recorder):
    """A recorder that builds a real image with an engine and pushes it to a registry.

    Context, Dockerfile, platform, arguments and tag come from the registration. Only the base image is ours if AWS's
    cannot be pulled.
    """

    def __init__(self, project: Project, stack: str, region: str, engine: Engine, registry: str, base: str):
        super().__init__(project, stack, region)
        self._engine, self._registry, self._base = engine, registry, base

    def create(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        match type_:
            case "aws:ecr/repository:Repository":
                return {"repositoryUrl": f"{self._registry}/{self.physical_name(name)}"}
            case "docker:index/image:Image":
                build(self._engine, inputs["imageName"], inputs["build"], self._base)
                return {"repoDigest": push(self._engine, inputs["imageName"])}
            case _:
                return {}


def build_stack(engine: Engine, registry: str, stack: StackFile, **overrides: Any) -> ImageBuilder:
    """Run a stack's program; the function in its recording has the image by digest."""
    make = partial(ImageBuilder, engine=engine, registry=registry, base=base_image(engine))
    return run(stack, make, **overrides)


def build(
    engine: Engine,
    image_name: str,
    given: dict[str, Any],
    base: str = "",
    secrets: Mapping[str, Path] | None = None,
) -> None:
    """Build what `docker.Image` was given.

    Args:
        base: base image if `given` names none; empty leaves the choice to the Dockerfile.
        secrets: files by the id of the build secret that the Dockerfile mounts.

    Raises:
        DockerError: it has unknown settings, so this might build something else; or the build failed.
    """
    if unknown := given.keys() - KNOWN:
        raise DockerError(f"docker.Image's build has {sorted(unknown)}, and only {sorted(KNOWN)} are built here")
    arguments = {**({"BASE_IMAGE": base} if base else {}), **given["args"]}
    engine.run(
        "build",
        "--network=host",
        "--tag",
        image_name,
        "--file",
        given["dockerfile"],
        "--platform",
        given["platform"],
        *(part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")),
        *(part for name, file in (secrets or {}).items() for part in ("--secret", f"id={name},src={file.resolve()}")),
        given["context"],
        cwd=ROOT,
    )


def push(engine: Engine, image_name: str) -> str:
    """Push an image; returns `repository@digest`, with the registry's digest."""
    engine.run("push", "--quiet", image_name)
    repository = image_name.rpartition(":")[0]
    digests = engine.run("image", "inspect", "--format", '{{join .RepoDigests "\\n"}}', image_name).splitlines()
    return next(digest for digest in digests if digest.startswith(f"{repository}@"))
