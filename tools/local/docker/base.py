"""The base image: AWS's own if it can be pulled, otherwise a stand-in from Debian's packages."""

import hashlib
import os
import shutil
import subprocess
import tomllib
from pathlib import Path

from tools.local.docker.engine import DockerError, Engine, NoDocker
from tools.local.program import ROOT

RECIPE = Path(__file__).parent / "base"
REPOSITORY = "sentiment-analyzer/lambda-base"
SUITE = "trixie"  # Debian 13, whose Python is 3.13
PACKAGES = "python3,python3-pip,ca-certificates"
CERTIFICATES = Path(os.environ.get("SSL_CERT_FILE", "/etc/ssl/certs/ca-certificates.crt"))
OVERRIDE = "BASE_IMAGE"  # of the environment


def base_image(engine: Engine) -> str:
    """The reference of an image with Lambda's entry point and Python 3.13.

    The variable BASE_IMAGE names it (public.ecr.aws/lambda/python:3.13 if that can be pulled); by default it is the
    stand-in, which is built once and kept by the engine.

    Raises:
        NoDocker: the stand-in must be built, but mmdebstrap is missing.
    """
    return os.environ.get(OVERRIDE) or _stand_in(engine)


def _stand_in(engine: Engine) -> str:
    """A base image from a Debian release: its Python, an unprivileged user, the runtime client, the entry point."""
    files = [path for path in sorted(RECIPE.iterdir()) if path.is_file()]
    recipe = [SUITE, PACKAGES, runtime_client(), *(path.read_text() for path in files)]
    reference = f"{REPOSITORY}:{SUITE}-{hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]}"
    if not engine.run("image", "ls", "--quiet", reference):
        root = _root_file_system(engine)
        _build(engine, reference, {"ROOT_FILE_SYSTEM": root, "RUNTIME_CLIENT": runtime_client()})
    return reference


def runtime_client() -> str:
    """The requirement for AWS's runtime client, the same as in the local run."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return next(item for item in groups["local"] if str(item).startswith("awslambdaric=="))


def _root_file_system(engine: Engine) -> str:
    """An image with only Debian's packages."""
    program = shutil.which("mmdebstrap")
    if not program:
        raise NoDocker(
            "A stand-in for AWS's base image needs `apt-get install --no-install-recommends mmdebstrap`; "
            f"where AWS's own can be pulled, set {OVERRIDE}=public.ecr.aws/lambda/python:3.13 instead"
        )
    reference = f"{REPOSITORY}:{SUITE}"
    with subprocess.Popen(
        [program, "--quiet", "--variant=minbase", f"--include={PACKAGES}", SUITE, "-"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as packages:
        imported = subprocess.run(engine.command("import", "-", reference), stdin=packages.stdout, capture_output=True)
        _, said = packages.communicate()
    if packages.returncode or imported.returncode:
        raise DockerError(f"{SUITE} cannot be made: {(said + imported.stderr).decode(errors='replace').strip()}")
    return reference


def _build(engine: Engine, reference: str, arguments: dict[str, str]) -> None:
    context = ROOT / ".local" / "base"
    shutil.rmtree(context, ignore_errors=True)
    shutil.copytree(RECIPE, context)
    shutil.copy(CERTIFICATES, context / "ca-certificates.crt")
    given = [part for name, value in arguments.items() for part in ("--build-arg", f"{name}={value}")]
    engine.run("build", "--network=host", "--tag", reference, *given, str(context))
