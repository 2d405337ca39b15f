"""Invokes a version of the function to check that it answers known texts as its model did at build time."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from function.known_texts import KNOWN_TEXTS

MAX_SCORE_DIFFERENCE = 0.02  # other processors round differently; we saw up to 0.001
POLL_SECONDS = 1.0


class Busy(Exception):
    """Lambda refused every invocation, because all of the function's executions were in use."""


@dataclass(kw_only=True)
class Asked:
    """
    Attributes:
        version: the version that answered.
        model: its id and revision; empty if the version predates the check.
        labels: its answers by text.
        faults: differences from its build, or the reason why it does not answer.
        recorded: whether its build recorded answers to compare with.
    """

    version: str = ""
    model: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    recorded: bool = False


def ask(
    lambda_: Any, function: str, qualifier: str, patience_s: float, sleep: Callable[[float], None] = time.sleep
) -> Asked:
    """Invoke a version or an alias of a function with a check (docs/messages.md).

    A version that predates the check, as after a rollback, or whose model has no recorded answers, gets KNOWN_TEXTS
    instead, so that there are answers to compare the path through the queue with.

    Raises:
        Busy: no execution was free for `patience_s` seconds.
        ClientError, BotoCoreError: the function cannot be invoked.
    """

    def invoke(event: dict[str, Any]) -> tuple[str, dict[str, Any], str]:
        """The version that answered, its answer, and the fault, if any."""
        deadline = time.monotonic() + patience_s
        while True:
            try:
                answer = lambda_.invoke(FunctionName=function, Qualifier=qualifier, Payload=json.dumps(event).encode())
            except lambda_.exceptions.TooManyRequestsException as error:
                if time.monotonic() > deadline:
                    raise Busy(f"{function}:{qualifier} has no free execution: {error}") from error
                sleep(POLL_SECONDS)
                continue
            given = json.loads(answer["Payload"].read())
            given = given if isinstance(given, dict) else {}
            fault = ""
            if "FunctionError" in answer:
                fault = f"it fails: {given.get('errorType')}: {given.get('errorMessage')}"
            elif given.get("statusCode") == 500:
                fault = f"it fails: {given.get('error')}; its log says where"
            return answer.get("ExecutedVersion", qualifier), given, fault

    version, given, fault = invoke({"check": True})
    if fault:
        return Asked(version=version, faults=[fault])
    model = given.get("model", {})
    asked = Asked(version=version, model=f"{model['model_id']} {model['model_revision']}" if model else "")
    if results := given.get("results"):
        asked.recorded = True
        asked.labels = {result["text"]: result["built"]["sentiment"] for result in results}
        asked.faults = [_difference(result) for result in results if not _agrees(result, result["built"])]
        return asked
    asked.version, given, fault = invoke({"items": [{"id": text, "text": text} for text in KNOWN_TEXTS]})
    asked.labels = {result["text"]: result["sentiment"] for result in given.get("results", [])}
    if not asked.labels:
        asked.faults = [fault or f"it answers {given}"]
    return asked


def _agrees(now: dict[str, Any], built: dict[str, Any]) -> bool:
    same = now["sentiment"] == built["sentiment"]
    return same and abs(now["score"] - built["score"]) <= MAX_SCORE_DIFFERENCE


def _difference(now: dict[str, Any]) -> str:
    built = now["built"]
    return (
        f"{now['sentiment']} {now['score']:.3f}, but its model answered {built['sentiment']} {built['score']:.3f} "
        f"when it was built: {now['text']!r}"
    )
