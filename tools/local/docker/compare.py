"""`make image-report`: our image side by side with the guide's (torch, transformers), with a full-size model in both.

Not like for like in one point: torch's CPU build has to be had, which may be for Python 3.11 only, so both torch images
are on a stand-in base with Debian 12's Python 3.11, and ours with ONNX Runtime is on the one with 3.13. Weights are the
same (random) ones, in int8 in ours and in fp32 in the guide's.
"""

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from rich.console import Console

from function.build_model import build as build_model
from settings import TORCH_MIN_MEMORY_MB
from tools.local.docker.base import base_image, stand_in
from tools.local.docker.build import build, build_stack, push
from tools.local.docker.container import ContainerStart
from tools.local.docker.engine import Engine, open_engine
from tools.local.docker.gate import demand_of, image_bytes
from tools.local.docker.measure import compressed_bytes, init_seconds, run_batches
from tools.local.docker.registry import HOST, registry
from tools.local.docker.report import Report
from tools.local.program import ROOT
from tools.models.full_size import MODEL_ID, SOURCE, full_size_model

REPORT = ROOT / "build" / "image-comparison.json"
GUIDE = Path(__file__).parent / "guide"
PYTHON_311 = "bookworm"  # the Debian release that has it
PLATFORM = "linux/amd64"
BATCHES = 50
TORCH = "torch==2.13.0"


def main() -> int:
    full_size_model()
    log_file = ROOT / ".local" / "compare.log"
    with open_engine() as engine, registry() as address, _torch_index() as index:
        demand = demand_of("dev")
        guide_function = replace(demand.function, handler="app.handler")
        ours = build_stack(engine, address, "dev", modelId="./models/full-size")
        images = {
            "ours": (ours.one("aws:lambda/function:Function").inputs["imageUri"], demand.function, base_image(engine)),
            "ours, torch": (_torch_image(engine, address, index), demand.function, stand_in(engine, PYTHON_311)),
            "guide": (_guide_image(engine, address, index), guide_function, stand_in(engine, PYTHON_311)),
        }
        report = Report()
        for memory_mb in (demand.function.memory_mb, TORCH_MIN_MEMORY_MB):
            for name, (image, function, base) in images.items():
                column = f"{name}, {memory_mb} MB"
                sized = replace(function, memory_mb=memory_mb)
                report.add(
                    column,
                    compressed_bytes=compressed_bytes(image),
                    uncompressed_bytes=image_bytes(engine, image),
                    base_bytes=image_bytes(engine, base),
                )
                start = ContainerStart(engine, image)
                run = run_batches(start, sized, log_file, BATCHES)
                if run.failures:
                    report.notes.append(f"{column}: {len(run.failures)} failures, such as {run.failures[0]}")
                else:
                    report.add_run(column, run)
                    report.add(column, init_one_cpu_s=init_seconds(replace(start, cpus=1), sized, log_file))
    report.write(REPORT)
    report.show(Console(width=140))
    return 0


def _torch_image(engine: Engine, address: str, index: str) -> str:
    """Our Dockerfile with its other backend."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as folder:
        context = Path(folder, "function")
        shutil.copytree(ROOT / "function", context, ignore=shutil.ignore_patterns("models", "__pycache__"))
        build_model(str(SOURCE), None, "torch", context / "models" / "full-size", model_id=MODEL_ID)
        arguments = {"BACKEND": "torch", "MODEL_SOURCE": "prebuilt", "MODEL_PATH": "models/full-size"}
        return _build_and_push(engine, f"{address}/torch:latest", context, {**arguments, "PIP_EXTRA_INDEX_URL": index})


def _guide_image(engine: Engine, address: str, index: str) -> str:
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as folder:
        context = Path(folder, "guide")
        shutil.copytree(GUIDE, context)
        shutil.copytree(SOURCE, context / "model", copy_function=_copy_for_all)
        return _build_and_push(engine, f"{address}/guide:latest", context, {"PIP_EXTRA_INDEX_URL": index})


def _copy_for_all(source: str, target: str) -> None:
    shutil.copyfile(source, target)
    Path(target).chmod(0o644)


def _build_and_push(engine: Engine, tag: str, context: Path, arguments: dict[str, str]) -> str:
    given = {
        "context": str(context),
        "dockerfile": str(context / "Dockerfile"),
        "platform": PLATFORM,
        "args": arguments,
    }
    build(engine, tag, given, stand_in(engine, PYTHON_311))
    return push(engine, tag)


@contextmanager
def _torch_index() -> Iterator[str]:
    """A package index on loopback with what pip finds here of torch for Python 3.11: the CPU build, if it is there."""
    with tempfile.TemporaryDirectory(dir=ROOT / ".local") as folder:
        wheels = Path(folder, "torch")
        fetch = ["download", "--quiet", "--no-deps", "--only-binary=:all:", "--python-version=3.11", f"--dest={wheels}"]
        subprocess.run([sys.executable, "-m", "pip", *fetch, TORCH], check=True)
        server = ThreadingHTTPServer((HOST, 0), partial(_Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, name="torch-index", daemon=True).start()
        yield f"http://{HOST}:{server.server_port}"
        server.shutdown()
        server.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Keep every request out of the standard error stream."""


if __name__ == "__main__":
    sys.exit(main())
