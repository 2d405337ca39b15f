"""The images that the tests run, and their limits in megabytes."""

from dataclasses import dataclass
from typing import Any

from function.manifest import DISTILBERT
from function.memory import HEADROOM, needed_mb
from tools.local.docker.build import ImageBuilder

MAX_IMAGE_MB = 450  # uncompressed, full-size model, on the stand-in base
MAX_PEAK_MB = int(needed_mb(DISTILBERT, "onnx") / HEADROOM)
NEEDS_ROOT = "a network of its own needs root on the machine that runs the engine"


@dataclass(frozen=True)
class Built:
    """An image that the dev stack's program registered: its name by digest, and the recording."""

    uri: str
    recording: ImageBuilder

    @property
    def registered(self) -> dict[str, Any]:
        """The inputs of `docker.Image`."""
        return self.recording.one("docker:index/image:Image").inputs
