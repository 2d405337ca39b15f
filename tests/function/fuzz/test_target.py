"""The target of `make fuzz`, tested on the recorded bodies and on broken handlers."""

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from tests.function.aws import Aws, import_handler
from tests.function.fuzz.target import target
from tests.function.strategies import CORPUS


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    for name, value in Aws(None, None, "", "http://127.0.0.1:1/dead-letters").variables().items():
        monkeypatch.setenv(name, value)
    return import_handler()


@pytest.fixture
def one(module: ModuleType) -> Callable[[bytes], None]:
    return target(module)


def test_the_target_accepts_recorded_bodies_and_arbitrary_bytes(one: Callable[[bytes], None]) -> None:
    assert CORPUS
    for data in [*(path.read_bytes() for path in CORPUS), b"", b"\xff\xfe\x00", bytes(range(256))]:
        one(data)


@pytest.mark.parametrize(
    "wrong",
    [
        {"batchItemFailures": [{"itemIdentifier": "first"}]},
        {"batchItemFailures": []},
        {"statusCode": 200, "score": float("nan")},
    ],
    ids=["a good neighbour is reported", "nothing is stored", "not JSON"],
)
def test_the_target_fails_on_a_wrong_answer(one: Callable[[bytes], None], module: ModuleType, wrong: Any) -> None:
    module.handler = lambda event, context: wrong  # type: ignore[attr-defined]
    with pytest.raises((AssertionError, ValueError)):
        one(b"{}")


def test_the_target_fails_on_an_exception(
    one: Callable[[bytes], None], module: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "is_whole", lambda record: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        one(b"{}")
