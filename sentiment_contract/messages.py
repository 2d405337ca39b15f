"""The message contract: the messages that a producer may send, and the faults of all others."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sentiment_contract.timestamps import ALLOWED, parse_timestamp

MAX_ID_BYTES = 2048  # DynamoDB's limit for a partition key
ID_ALLOWED = f"a string of 1 to {MAX_ID_BYTES} bytes of UTF-8"
MAX_TEXT_CHARS = 100_000  # at 4 bytes each, with the id, still below DynamoDB's 400 KB item
MAX_MESSAGE_BYTES = 1_048_576  # SQS's largest message, and the most of all messages of a request together
MAX_ITEMS = 1_000  # per message, for which a batch has time (docs/decisions/0010)
SHOWN_CHARS = 80  # of a bad value, in an error
SNS_ENVELOPE = {"Type", "TopicArn", "Message"}  # keys of what SNS sends without raw message delivery
MISSING = object()  # the value of a missing key


@dataclass(frozen=True, slots=True)
class Item:
    """One text to classify.

    Attributes:
        id: the producer's name for the text; key of the result.
        text: the text to classify.
        sent_at: when the producer created the text (its `timestamp`), or when SQS first received it. The newest result
            for an id wins.
    """

    id: str
    text: str
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Fault:
    """The reason why an item can never succeed.

    Attributes:
        code: stable and safe to log: InvalidJson, InvalidShape, InvalidId, InvalidText, InvalidTimestamp.
        message: names the field, its value (shortened) and what is allowed. May quote the text: never log it.
    """

    code: str
    message: str


class _Invalid(Exception):
    def __init__(self, code: str, field: str, value: object, allowed: str):
        found = "is missing" if value is MISSING else f"{_shown(value)} is not allowed"
        self.fault = Fault(code, f"{field}: {found}; must be {allowed}")


def _shown(value: object) -> str:
    """A value, shortened and in ASCII; only the type of an array or object."""
    if isinstance(value, list):
        return f"list of {len(value)}"
    if not isinstance(value, str | int | float | None):
        return type(value).__name__
    try:
        shown = ascii(value)
    except ValueError:  # Python cannot print an integer of more than 4,300 digits
        shown = "a huge integer"
    return shown if len(shown) <= SHOWN_CHARS else f"{shown[:SHOWN_CHARS]}..."


def parse_body(body: str, sent_at: datetime) -> tuple[list[Item], list[Fault]]:
    """Read an SQS message body: `{"id", "text", "timestamp"?}` or `{"items": [...]}` of such.

    Args:
        body: the message body as received.
        sent_at: replaces a missing timestamp.

    Returns:
        The items that can be classified, and one fault for each that cannot. There is at least one of either.
    """
    try:
        message = json.loads(body, parse_constant=_refuse_constant, object_pairs_hook=_unique_keys)
    except _Invalid as invalid:
        return [], [invalid.fault]
    except (ValueError, RecursionError) as error:
        where = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        return [], [Fault("InvalidJson", f"body: not valid JSON{where}; must be a JSON object")]
    return parse_message(message, sent_at)


def parse_message(message: object, sent_at: datetime) -> tuple[list[Item], list[Fault]]:
    """Read a message from parsed JSON; returns the same as `parse_body`."""
    if isinstance(message, dict) and "items" in message:
        return parse_items(message["items"], sent_at)
    if isinstance(message, dict) and message.keys() >= SNS_ENVELOPE and "id" not in message:
        return [], [_wrapped(message)]
    return _sort_out([("", message)], sent_at)


def _wrapped(envelope: Mapping[str, Any]) -> Fault:
    kind, topic = envelope["Type"], _shown(envelope["TopicArn"])
    wanted = (
        "a text: confirm the subscription by its SubscribeURL, or subscribe with the queue's account instead"
        if kind == "SubscriptionConfirmation"
        else "the published message itself: set RawMessageDelivery of the topic's subscription to true"
    )
    return Fault("InvalidShape", f"body: SNS {_shown(kind)} of {topic} is not allowed; must be {wanted}")


def parse_items(items: object, sent_at: datetime) -> tuple[list[Item], list[Fault]]:
    """Read the items of a message or a direct invocation; returns the same as `parse_body`."""
    if not isinstance(items, list) or not 1 <= len(items) <= MAX_ITEMS:
        invalid = _Invalid("InvalidShape", "items", items, f'an array of 1 to {MAX_ITEMS} objects with "id" and "text"')
        return [], [invalid.fault]
    return _sort_out([(f"items[{index}].", item) for index, item in enumerate(items)], sent_at)


def _sort_out(candidates: list[tuple[str, object]], sent_at: datetime) -> tuple[list[Item], list[Fault]]:
    items: list[Item] = []
    faults: list[Fault] = []
    for prefix, candidate in candidates:
        try:
            items.append(_parse_item(candidate, prefix, sent_at))
        except _Invalid as invalid:
            faults.append(invalid.fault)
    return items, faults


def _parse_item(item: object, prefix: str, sent_at: datetime) -> Item:
    if not isinstance(item, Mapping):
        raise _Invalid("InvalidShape", prefix.rstrip(".") or "body", item, 'an object with "id" and "text"')
    item_id, text, timestamp = item.get("id", MISSING), item.get("text", MISSING), item.get("timestamp")
    if not (isinstance(item_id, str) and is_id(item_id)):
        raise _Invalid("InvalidId", f"{prefix}id", item_id, ID_ALLOWED)
    if not (isinstance(text, str) and text.strip() and len(text) <= MAX_TEXT_CHARS and _is_utf8(text)):
        raise _Invalid(
            "InvalidText",
            f"{prefix}text",
            text,
            f"a string of 1 to {MAX_TEXT_CHARS} characters of UTF-8, not only spaces",
        )
    return Item(item_id, text, sent_at if timestamp is None else _parse_timestamp(timestamp, f"{prefix}timestamp"))


def _parse_timestamp(value: object, field: str) -> datetime:
    try:
        return parse_timestamp(value)
    except ValueError:
        raise _Invalid("InvalidTimestamp", field, value, ALLOWED) from None


def is_id(value: str) -> bool:
    """Whether DynamoDB accepts it as a key."""
    return bool(value) and _is_utf8(value) and len(value.encode()) <= MAX_ID_BYTES


def _is_utf8(value: str) -> bool:
    """Whether a string can be stored: JSON allows lone surrogates, UTF-8 does not."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_constant(name: str) -> None:
    raise _Invalid("InvalidJson", "body", name, "JSON, which has no such number")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key, value in pairs:
        if key in mapping:
            raise _Invalid("InvalidJson", "body", key, "an object that has each key once")
        mapping[key] = value
    return mapping
