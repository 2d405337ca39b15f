"""The stacks' registrations, which every test of the Pulumi program asserts on; and the closing summary."""

import ast
from collections import Counter

import pytest
from hypothesis import settings

from tools.local.program import ROOT, run
from tools.local.recorder import Recorder

# The same examples in every run, and no judgement on how long one takes; and many more, others each time, for
# pytest --hypothesis-profile=thorough.
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=200)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def dev() -> Recorder:
    return run("dev")


@pytest.fixture(scope="session")
def prod() -> Recorder:
    return run("prod")


@pytest.fixture(scope="session", params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recorder:
    return request.getfixturevalue(request.param)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A line for each file: how many tests, and what they are about (the file's docstring)."""
    outcomes: dict[str, Counter[str]] = {}
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            outcomes.setdefault(report.nodeid.partition("::")[0], Counter())[outcome] += 1
    terminalreporter.section("what was tested")
    for path, counts in sorted(outcomes.items()):
        about = (ast.get_docstring(ast.parse((ROOT / path).read_text())) or path).partition("\n")[0]
        figures = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        terminalreporter.write_line(f"{figures:>12}  {about}", red=bool(counts["failed"] + counts["error"]))
