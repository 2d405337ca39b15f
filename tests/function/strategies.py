"""Valid and invalid messages, recorded and generated, for property-based tests."""

import base64
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from sentiment_contract.messages import MAX_ID_BYTES, MAX_TEXT_CHARS
from sentiment_contract.timestamps import EPOCH_MILLISECONDS_FROM, EPOCH_SECONDS_FROM, MAX_SKEW_MINUTES
from tests.function.aws import record

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*/*.body"))  # folders: the first fault's code, or "taken"
SEEDS = sorted({str(path.parent) for path in CORPUS})
NOW = datetime.now(UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST_S = int((NOW + timedelta(minutes=MAX_SKEW_MINUTES)).timestamp()) + 86_400  # plus a day for the run

any_text = st.text(st.characters(exclude_categories=()))  # lone surrogates too, which JSON can carry
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | any_text,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(any_text, inner, max_size=4),
    max_leaves=12,
)


def _but(*types: type) -> st.SearchStrategy[Any]:
    """Any strictly valid JSON value that is of none of these types."""
    finite = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text
    values = finite | st.lists(finite, max_size=2) | st.dictionaries(any_text, finite, max_size=2)
    return values.filter(lambda value: not isinstance(value, types))


ids = st.text(min_size=1).filter(lambda value: len(value.encode()) <= MAX_ID_BYTES)
texts = st.text(min_size=1).filter(str.strip)
invalid_ids = _but(str) | st.just("") | st.just("é" * MAX_ID_BYTES) | ids.map(lambda value: value + "\ud800")
invalid_texts = (
    _but(str) | st.text(" \t\n\u2003") | st.just("x" * (MAX_TEXT_CHARS + 1)) | texts.map(lambda value: value + "\udfff")
)

_offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_before_now = NOW.replace(tzinfo=None) - timedelta(days=2)  # whatever the offset
_moments = st.datetimes(datetime(1970, 1, 3), _before_now, timezones=_offsets | st.just(UTC))
timestamps = (
    _moments.map(lambda moment: (moment.isoformat(), moment))
    | _moments.map(lambda moment: (moment.replace(tzinfo=None).isoformat(" "), moment.replace(tzinfo=UTC)))
    | st.integers(EPOCH_SECONDS_FROM, int(NOW.timestamp())).map(lambda s: (s, EPOCH + timedelta(seconds=s)))
    | st.integers(EPOCH_MILLISECONDS_FROM, int(NOW.timestamp()) * 1000).map(
        lambda ms: (ms, EPOCH + timedelta(milliseconds=ms))
    )
)
invalid_timestamps = (
    _but(str, int, float, type(None))
    | st.booleans()
    | st.integers(max_value=EPOCH_SECONDS_FROM - 1)
    | st.integers(LATEST_S, EPOCH_MILLISECONDS_FROM - 1)
    | st.integers(LATEST_S * 1000)
    | st.text(st.characters(exclude_categories=["Nd"]))  # every date has digits
    | st.datetimes(datetime(2100, 1, 1)).map(datetime.isoformat)
    | st.datetimes(max_value=datetime(1969, 12, 30), timezones=_offsets).map(datetime.isoformat)
)


@st.composite
def good_items(draw: st.DrawFn) -> tuple[dict[str, Any], datetime | None]:
    """A valid item, and the moment that its timestamp names, if it has one."""
    stamp, moment = draw(st.just((None, None)) | timestamps)
    extra = draw(st.dictionaries(ids.map("x-{}".format), _but(), max_size=2))
    return {**extra, "id": draw(ids), "text": draw(texts), "timestamp": stamp}, moment


@st.composite
def bad_items(draw: st.DrawFn) -> tuple[Any, str]:
    """An invalid item, and the code of its fault."""
    code = draw(st.sampled_from(["InvalidShape", "InvalidId", "InvalidText", "InvalidTimestamp"]))
    if code == "InvalidShape":
        return draw(_but(dict)), code
    field, values = {
        "InvalidId": ("id", invalid_ids),
        "InvalidText": ("text", invalid_texts),
        "InvalidTimestamp": ("timestamp", invalid_timestamps),
    }[code]
    return {**draw(good_items())[0], field: draw(values)}, code


attributes = st.dictionaries(
    st.sampled_from(["source", "SentTimestamp", "ErrorCode", "trace.id"]),
    st.fixed_dictionaries(
        {},
        optional={
            "dataType": st.sampled_from(["String", "String.x", "Number", "Number.int", "Binary", "Binary.png", "", 7]),
            "stringValue": st.sampled_from(["7", "-1", "a b", "", None]),
            "binaryValue": st.binary(max_size=6).map(lambda raw: base64.b64encode(raw).decode()) | ids,
            "stringListValues": st.just([]),
            "binaryListValues": st.just([]),
        },
    ),
)


@st.composite
def whole_records(draw: st.DrawFn, bodies: st.SearchStrategy[str]) -> dict[str, Any]:
    """A record as Lambda passes it, except that its messageAttributes may have any shape."""
    made = record(draw(bodies), str(draw(st.uuids())), receive_count=draw(st.integers(1, 2)))
    return {**made, "messageAttributes": draw(attributes)}


@st.composite
def broken_records(draw: st.DrawFn) -> Any:
    """A record that lacks a part or has another value in its place, as only a hand-made event can."""
    made = draw(whole_records(st.just("{}")))
    field = draw(st.sampled_from(["messageId", "body", "attributes", "messageAttributes"]))
    kept = {key: value for key, value in made.items() if key != field}
    return draw(st.just(kept) | json_values.map(lambda value: {**kept, field: value}) | json_values)
