"""Keeps an image that other stacks run from expiring in the repository of the stack that built it."""

import contextlib
import re
from typing import Any

from components.image import PROMOTED_TAG_PREFIX

IMAGE = re.compile(
    r"(?P<registry>\d{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.[^/]+/(?P<name>[^@]+)@(?P<digest>sha256:\w+)"
)
DIGEST_CHARS = 12  # of the digest, in the tag


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
        ecr.put_image(**where, imageManifest=found[0]["imageManifest"], imageTag=tag)
    return tag
