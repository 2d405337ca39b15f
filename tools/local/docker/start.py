"""Runs the local pipeline on the container: builds a stack's image, and starts the function's runtime from it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tools.local.docker.base import base_image
from tools.local.docker.build import build
from tools.local.docker.container import ContainerStart
from tools.local.docker.engine import DATA_ROOT, open_engine
from tools.local.program import ROOT, run
from tools.local.recorder import Recorder


@contextmanager
def image_start(stack: str, model_dir: Path) -> Iterator[ContainerStart]:
    """Build the stack's image with a prebuilt model, and yield a function that starts it.

    Raises:
        NoDocker: there is no engine, or no base image.
        DockerError: the build failed.
        FileNotFoundError: the model is outside function/models.
    """
    models = ROOT / "function" / "models"
    if model_dir.resolve().parent != models:
        raise FileNotFoundError(f"{model_dir} lies outside {models}, where an image's model has to be")
    model_id = f"./models/{model_dir.resolve().name}"
    given = run(stack, Recorder, modelId=model_id).one("docker:index/image:Image").inputs
    with open_engine(DATA_ROOT) as engine:
        build(engine, given["imageName"], given["build"], base_image(engine))
        yield ContainerStart(engine, given["imageName"])
