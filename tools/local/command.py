"""`python -m tools.local demo` and `python -m tools.local serve`: run a stack's pipeline on this machine."""

import argparse
import errno
from contextlib import nullcontext
from pathlib import Path

from function.manifest import ModelError
from sentiment.screen import console
from settings import SettingsError
from tools.local.demo import run_demo
from tools.local.docker.engine import DockerError, NoDocker
from tools.local.docker.start import image_start
from tools.local.runtime_process import PlainProcess
from tools.local.serve import serve
from tools.local.stack import DEMO_MODEL

MAX_PORT = 65_535


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.local", description=__doc__)
    parser.add_argument("command", choices=["demo", "serve"])
    parser.add_argument("--stack", default="dev", help="stack to run, by its Pulumi.<stack>.yaml (default: dev)")
    parser.add_argument(
        "--model", type=Path, default=DEMO_MODEL, help="folder that function/build_model.py built (default: the demo's)"
    )
    parser.add_argument("--port", type=_port, default=4566, help="port of `serve`'s endpoint (default: 4566)")
    parser.add_argument(
        "--image", action="store_true", help="run the container image (needs Docker) instead of a plain process"
    )
    options = parser.parse_args()
    screen = console()
    try:
        with image_start(options.stack, options.model) if options.image else nullcontext(PlainProcess) as start:
            if options.command == "demo":
                return 0 if run_demo(options.stack, options.model, screen, start) else 1
            serve(options.stack, options.model, options.port, screen, start)
    except (ModelError, SettingsError, NoDocker, DockerError, OSError) as error:
        taken = isinstance(error, OSError) and error.errno == errno.EADDRINUSE
        screen.print(f"[bold red]error:[/] {error}{'; PORT= takes another' if taken else ''}", highlight=False)
        return 2
    return 0


def _port(given: str) -> int:
    if not (given.isascii() and given.isdigit() and int(given) <= MAX_PORT):
        raise argparse.ArgumentTypeError(f"{given!r} is no port; must be 0 (any that is free) to {MAX_PORT}")
    return int(given)
