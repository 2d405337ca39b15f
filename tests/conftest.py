"""The stacks' registrations, recorded once: what every test of the Pulumi program asserts on."""

import pytest

from local.program import run
from local.recorder import Recorder


@pytest.fixture(scope="session")
def dev() -> Recorder:
    return run("dev")


@pytest.fixture(scope="session")
def prod() -> Recorder:
    return run("prod")


@pytest.fixture(scope="session", params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recorder:
    return request.getfixturevalue(request.param)
