"""The stack that this folder's tests share."""

from collections.abc import Iterator

import pytest

from tests.components.privilege.guarded import KEY_ARN, Guarded, guarded


@pytest.fixture(scope="module")
def stack() -> Iterator[Guarded]:
    with guarded(kmsKeyArn=KEY_ARN, resultStream=True) as given:
        yield given
