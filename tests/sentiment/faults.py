"""Faults of SQS, put between boto3 and the network by botocore's own hooks."""

import json
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSResponse

Entry = dict[str, Any]


class PartialFailures:
    """Keeps entries of SendMessageBatch from being sent, and reports them as failed.

    Attributes:
        requests: the bodies of each request, including those that were taken out.
    """

    def __init__(
        self, sqs: Any, fails: Callable[[str, int], bool], sender_fault: bool = False, code: str = "Injected"
    ) -> None:
        """
        Args:
            fails: decides whether an entry fails, by its body and the number of earlier tries.
        """
        self.requests: list[list[str]] = []
        self._fails = fails
        self._fault = {"SenderFault": sender_fault, "Code": code, "Message": "as the test wants it"}
        self._tries: dict[str, int] = {}
        events = sqs.meta.events
        events.register("provide-client-params.sqs.SendMessageBatch", self._take_out)
        events.register("after-call.sqs.SendMessageBatch", self._report)

    def _take_out(self, params: dict[str, Any], context: dict[str, Any], **_: Any) -> dict[str, Any]:
        bodies = [entry["MessageBody"] for entry in params["Entries"]]
        self.requests.append(bodies)
        failed = [entry for entry in params["Entries"] if self._fails(entry["MessageBody"], self._tried(entry))]
        for body in bodies:
            self._tries[body] = self._tries.get(body, 0) + 1
        context["failed"] = failed
        left = [entry for entry in params["Entries"] if entry not in failed]
        # SQS accepts no empty batch, so an unrelated message takes the place of the failed ones.
        return {**params, "Entries": left or [{"Id": "none", "MessageBody": "nothing"}]}

    def _tried(self, entry: Entry) -> int:
        return self._tries.get(entry["MessageBody"], 0)

    def _report(self, parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        parsed["Failed"] = [{"Id": entry["Id"], **self._fault} for entry in context["failed"]]


def answers(sqs: Any, *statuses: int, code: str = "ThrottlingException", after: int = 0) -> list[int]:
    """After `after` requests to send, answer with these HTTP statuses; return those still to come."""
    left, passing = list(statuses), [None] * after

    def answer(request: Any, **_: Any) -> AWSResponse | None:
        if passing or not left:
            return passing.pop() if passing else None
        body = json.dumps({"__type": f"com.amazonaws.sqs#{code}", "message": "as the test wants it"}).encode()
        response = AWSResponse(request.url, left.pop(0), {"Content-Type": "application/x-amz-json-1.0"}, None)
        response._content = body
        return response

    sqs.meta.events.register("before-send.sqs.SendMessageBatch", answer)
    return left
