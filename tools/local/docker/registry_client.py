"""Reads from a registry: the manifest itself, not as a docker client would resolve it."""

import hashlib
import http.client
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
ANY_MANIFEST = ", ".join((DOCKER_MANIFEST, DOCKER_LIST, OCI_MANIFEST, OCI_INDEX))
TIMEOUT_SECONDS = 30


class RegistryError(Exception):
    """The registry does not have it, or refuses access."""


@dataclass(frozen=True)
class Reference:
    """The parts of `host/repository@digest` or `host/repository:tag`; `version` is digest or tag."""

    host: str
    repository: str
    version: str

    @classmethod
    def parse(cls, reference: str) -> "Reference":
        """
        Raises:
            RegistryError: it names no registry or no version.
        """
        host, _, path = reference.partition("/")
        repository, _, version = path.partition("@") if "@" in path else path.rpartition(":")
        if not ("." in host or ":" in host) or not repository or not version:
            raise RegistryError(f"{reference!r} is not of the form host/repository@digest or host/repository:tag")
        return cls(host, repository, version)


@dataclass(frozen=True)
class Manifest:
    """
    Attributes:
        digest: the registry's digest.
        media_type: the media type that the registry reports.
        content: parsed.
    """

    digest: str
    media_type: str
    content: dict[str, Any]


def fetch_manifest(reference: Reference) -> Manifest:
    """
    Raises:
        RegistryError: there is no such manifest.
    """
    body, headers = _get(reference, f"manifests/{reference.version}", ANY_MANIFEST)
    digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
    return Manifest(digest, headers["Content-Type"], json.loads(body))


def fetch_config(reference: Reference, manifest: Manifest) -> dict[str, Any]:
    """The image's configuration: architecture, os, entry point, and so on."""
    body, _ = _get(reference, f"blobs/{manifest.content['config']['digest']}", "*/*")
    config = json.loads(body)
    return config if isinstance(config, dict) else {}


def _get(reference: Reference, path: str, accept: str) -> tuple[bytes, http.client.HTTPMessage]:
    loopback = reference.host.startswith(("127.", "localhost:"))
    connect = http.client.HTTPConnection if loopback else http.client.HTTPSConnection
    connection = connect(reference.host, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(
            "GET", f"/v2/{reference.repository}/{path}", headers={"Accept": accept, **_login(reference.host)}
        )
        response = connection.getresponse()
        body = response.read()
    except OSError as error:
        raise RegistryError(f"{reference.host} does not answer: {error}") from error
    finally:
        connection.close()
    if response.status != http.client.OK:
        raise RegistryError(f"{reference.host} answers {response.status} for {reference.repository}/{path}")
    return body, response.headers


def _login(host: str) -> dict[str, str]:
    """The credentials that `docker login` stored for a host, such as ECR's."""
    folder = Path(os.environ.get("DOCKER_CONFIG", Path.home() / ".docker"))
    try:
        auth = json.loads((folder / "config.json").read_text())["auths"][host]["auth"]
    except (OSError, KeyError, ValueError):
        return {}
    return {"Authorization": f"Basic {auth}"}
