"""Shared by all tests: the stacks' registrations, fixtures from their own modules, and the final summary."""

import tests.shell  # noqa: F401, I001 - first

import ast
import gc
from collections import Counter

import hypothesis
import pytest

from settings import SettingsError
from tests.pulumi_stand_in import pulumi_cli
from tests.model_kinds import kind, kind_built, kind_source
from tests.stacks import DEV, PROD
from tests.tiny_model import onnx_model, three_label_model, tiny_source, torch_model
from tools.local.program import ROOT, run
from tools.local.recorder import Recorder

__all__ = [
    "kind",
    "kind_built",
    "kind_source",
    "onnx_model",
    "pulumi_cli",
    "three_label_model",
    "tiny_source",
    "torch_model",
]

# By default, hypothesis tries the same examples in every run, with no time limit for one. With
# pytest --hypothesis-profile=thorough, it tries many more, and different ones in each run.
hypothesis.settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=200)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2_000)
hypothesis.settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def dev() -> Recorder:
    return run(DEV)


@pytest.fixture(scope="session")
def prod() -> Recorder:
    return run(PROD)


@pytest.fixture(scope="session", params=sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml")))
def shipped(request: pytest.FixtureRequest) -> Recorder:
    """Each stack of this checkout. Users change these, so tests assert only what holds for any stack."""
    try:
        return run(request.param)
    except SettingsError as error:
        if "only the Pulumi CLI can decrypt" in str(error):
            pytest.skip(str(error))
        raise


@pytest.fixture(scope="session", params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recorder:
    return request.getfixturevalue(request.param)


def pytest_configure() -> None:
    """Collects garbage less often: scanning the thousands of objects of each AWS client took a third of the time."""
    gc.set_threshold(10_000, 20, 10)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints each folder's files by name, with their numbers of tests and the first line of their docstrings."""
    outcomes: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            outcomes.setdefault(report.nodeid.partition("::")[0], Counter())[outcome] += 1
    terminalreporter.section("what was tested")
    folder, width = "", max(map(len, (path.rpartition("/")[2] for path in outcomes)), default=0)
    for path, counts in sorted(outcomes.items(), key=lambda entry: entry[0].rpartition("/")):
        inside, _, file = path.rpartition("/")
        if inside != folder:
            terminalreporter.write_line(folder := inside, bold=True)
        figures = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        about = (ast.get_docstring(ast.parse((ROOT / path).read_text())) or "").partition("\n")[0]
        line = f"  {file:<{width}}  {figures:>11}  {about}"
        terminalreporter.write_line(line, red=bool(counts["failed"] + counts["error"]))
