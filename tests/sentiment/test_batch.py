"""Batches stay within SQS's limits, and hold every text once and in order."""

import json
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st

from sentiment.batch import MAX_MESSAGES, Batch, encode
from sentiment_contract.messages import MAX_ID_BYTES, MAX_MESSAGE_BYTES, MAX_TEXT_CHARS, Item, parse_body

MOMENT = datetime(2026, 11, 1, 9, tzinfo=UTC)

characters = st.characters(exclude_categories=["Cs"])  # lone surrogates are not text
short = st.text(characters, min_size=1, max_size=40).filter(str.strip)
# A few long texts fill a batch; their characters differ in the number of bytes.
long = st.builds(str.__mul__, st.sampled_from("a\x00é€\uffff😊"), st.integers(1, MAX_TEXT_CHARS)).filter(str.strip)
items = st.builds(Item, short, short | long, st.just(MOMENT))


def batches(texts: list[Item], items_per_message: int) -> list[list[str]]:
    """The bodies of each request that these texts fill."""
    batch, made = Batch(items_per_message), []
    for item in map(encode, texts):
        if batch.add(item) is None:
            made.append(batch)
            batch = Batch(items_per_message)
            assert batch.add(item) is not None, "an empty batch accepts whatever the contract allows"
    return [list(each.bodies()) for each in [*made, batch]]


@settings(deadline=None, database=None)
@given(st.lists(items, min_size=1, max_size=60), st.integers(1, 30))
def test_no_request_exceeds_a_limit_and_every_text_is_sent_once_in_order(texts: list[Item], per_message: int) -> None:
    requests = batches(texts, per_message)
    for bodies in requests:
        assert 1 <= len(bodies) <= MAX_MESSAGES
        assert sum(len(body.encode()) for body in bodies) <= MAX_MESSAGE_BYTES
    parsed = [parse_body(body, datetime.now(UTC)) for bodies in requests for body in bodies]
    assert [item for found, _ in parsed for item in found] == texts
    assert all(not faults and len(found) <= per_message for found, faults in parsed)


@settings(deadline=None, database=None)
@given(st.text(characters, min_size=1).filter(str.strip))
@example("nor these: \ufffe \uffff \x00")
def test_a_message_holds_only_characters_that_sqs_accepts(text: str) -> None:
    encoded = encode(Item("1", text, MOMENT))
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
    assert all(c in "\t\n\r" or "\x20" <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" for c in encoded)
    assert json.loads(encoded)["text"] == text


def test_the_largest_allowed_text_fits_into_a_message() -> None:
    largest = encode(Item("\x00" * MAX_ID_BYTES, "x" + "\x00" * (MAX_TEXT_CHARS - 1), MOMENT))
    assert Batch().add(largest) == 0
    assert Batch(items_per_message=100).add(largest) == 0


def test_a_batch_is_full_when_its_last_message_is() -> None:
    batch = Batch(items_per_message=2)
    indices = [batch.add(encode(Item(str(n), "good", MOMENT))) for n in range(2 * MAX_MESSAGES)]
    assert indices == [n // 2 for n in range(2 * MAX_MESSAGES)]
    assert batch.full
    assert batch.add(encode(Item("more", "good", MOMENT))) is None
