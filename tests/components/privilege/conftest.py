"""The stacks that this folder's tests share."""

from collections.abc import Iterator

import pytest

from tests.components.privilege.guarded import KEY_ARN, Guarded, guarded
from tests.stacks import STRICT


@pytest.fixture(scope="module")
def stack() -> Iterator[Guarded]:
    with guarded(kmsKeyArn=KEY_ARN, resultStream=True) as given:
        yield given


@pytest.fixture(scope="module")
def company() -> Iterator[Guarded]:
    """The stack of a strict company, which another account and a topic may send to."""
    with guarded(STRICT, modelId="./models/demo") as given:
        yield given
