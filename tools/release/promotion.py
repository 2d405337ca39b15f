"""An image that one stack builds and others run: which that is, and how it is kept from expiring where it was built."""

import contextlib
import re
from collections.abc import Mapping
from typing import Any

from components.image import PROMOTED_TAG_PREFIX

IMAGE = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<name>[^@]+)@(?P<digest>sha256:\w+)"
)
DIGEST_CHARS = 12  # of the digest, in the tag


def promoted_image(outputs: Mapping[str, Any]) -> str | None:
    """The image that a stack runs, if another stack built it."""
    image: str | None = outputs.get("imageUri")
    return image if image and image.partition("@")[0] != outputs["repositoryUrl"] else None


def keep(ecr: Any, image_uri: str) -> str:
    """Tag an image, by digest, so that the repository's lifecycle counts it among the promoted; returns the tag.

    The tag follows from the digest, so a repeat changes nothing, and the repository's immutable tags allow it.

    Raises:
        ValueError: not an ECR image by digest. LookupError: the repository does not hold it.
        ClientError: ECR refuses.
    """
    parts = IMAGE.fullmatch(image_uri)
    if parts is None:
        raise ValueError(f"imageUri: {image_uri!r} must be an ECR image by digest")
    where = {"registryId": parts["registry"], "repositoryName": parts["name"]}
    found = ecr.batch_get_image(**where, imageIds=[{"imageDigest": parts["digest"]}])["images"]
    if not found:
        raise LookupError(f"imageUri: {image_uri!r} is not in its repository; it may have expired")
    tag = PROMOTED_TAG_PREFIX + parts["digest"].removeprefix("sha256:")[:DIGEST_CHARS]
    there = (ecr.exceptions.ImageAlreadyExistsException, ecr.exceptions.ImageTagAlreadyExistsException)
    with contextlib.suppress(*there):
        same = {key: found[0][key] for key in ("imageManifest", "imageManifestMediaType") if key in found[0]}
        ecr.put_image(**where, **same, imageTag=tag)
    return tag
