"""The engine, the registry, and the images that the program registers, built and pushed once for all tests.

Without Docker, pytest skips the tests and prints how to get it; in CI (CI=true) they fail.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import pytest
from rich.console import Console

from tests.stacks import DEV
from tests.tools.local.docker.images import MAX_IMAGE_MB, MAX_PEAK_MB, Built
from tools.local.docker.build import build_stack
from tools.local.docker.container import MB
from tools.local.docker.engine import Engine, NoDocker, open_engine
from tools.local.docker.gate import Demand, demand_of
from tools.local.docker.registry import registry as open_registry
from tools.local.docker.report import Report
from tools.models.full_size import full_size_model

T = TypeVar("T")
REPORT = pytest.StashKey[Report]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("image")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for reason in {skipped.longrepr[2] for skipped in terminalreporter.stats.get("skipped", [])}:
        terminalreporter.write_line(reason, yellow=True)
    if report := config.stash.get(REPORT, None):
        report.show(Console(width=120))


@pytest.fixture(scope="session")
def report(pytestconfig: pytest.Config) -> Iterator[Report]:
    """Collects figures, writes them to build/image.json, and prints them below the tests."""
    report = Report(targets={"uncompressed_bytes": MAX_IMAGE_MB * MB, "peak_bytes": MAX_PEAK_MB * MB})
    pytestconfig.stash[REPORT] = report
    yield report
    report.write()


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    with ExitStack() as stack:
        yield _or_skip(lambda: stack.enter_context(open_engine()))


@pytest.fixture(scope="session")
def registry() -> Iterator[str]:
    with ExitStack() as stack:
        yield _or_skip(lambda: stack.enter_context(open_registry()))


@pytest.fixture(scope="session")
def demo(engine: Engine, registry: str) -> Built:
    """The image with the demonstration model."""
    return _built(engine, registry, "./models/demo")


@pytest.fixture(scope="session")
def full_size(engine: Engine, registry: str) -> Built:
    """The image with a model as large as the real one."""
    full_size_model()
    return _built(engine, registry, "./models/full-size")


@pytest.fixture(scope="session")
def demand() -> Demand:
    """What the dev stack's function demands of its image."""
    return demand_of(DEV, MAX_IMAGE_MB)


def _built(engine: Engine, registry: str, model_id: str) -> Built:
    recording = _or_skip(lambda: build_stack(engine, registry, DEV, modelId=model_id))
    return Built(recording.one("aws:lambda/function:Function").inputs["imageUri"], recording)


def _or_skip(get: Callable[[], T]) -> T:
    try:
        return get()
    except NoDocker as no_docker:
        reason = str(no_docker)
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
