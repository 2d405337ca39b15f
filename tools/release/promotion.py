"""Finds images that one stack builds and others run."""

from collections.abc import Mapping
from typing import Any


def promoted_image(outputs: Mapping[str, Any]) -> str | None:
    """The image that a stack runs, if another stack built it."""
    image: str | None = outputs.get("imageUri")
    return image if image and image.partition("@")[0] != outputs["repositoryUrl"] else None
