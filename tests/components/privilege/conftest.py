"""The stack that this folder's tests share."""

from collections.abc import Iterator

import pytest

from tests.components.privilege.guarded import Guarded, guarded


@pytest.fixture(scope="module")
def stack() -> Iterator[Guarded]:
    with guarded() as given:
        yield given
