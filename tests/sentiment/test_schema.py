"""The published JSON Schema is current and valid, and agrees with the parser."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from sentiment.schema import published, schema
from sentiment_contract.messages import MAX_ID_BYTES, MAX_ITEMS, MAX_TEXT_CHARS, parse_body
from tests.sentiment.place import Run
from tools.local.program import ROOT

VALIDATOR = Draft202012Validator(schema())


def by_schema(body: str) -> bool:
    return VALIDATOR.is_valid(json.loads(body))


def by_parser(body: str) -> bool:
    return not parse_body(body, datetime.now(UTC))[1]


def of(**fields: Any) -> str:
    return json.dumps({"id": "1", "text": "good", **fields})


def test_the_published_schema_is_the_one_the_command_prints(run: Run) -> None:
    assert (ROOT / "docs" / "message.schema.json").read_text() == published(), (
        "python -m sentiment schema > docs/message.schema.json"
    )
    assert run("schema").out == published()
    Draft202012Validator.check_schema(schema())


TAKEN = [
    of(),
    of(language="en"),
    of(timestamp=None),
    of(timestamp="2026-10-31T08:00:00Z"),
    of(timestamp="2026-10-31T08:00:00.123456+02:00"),
    of(timestamp="2026-10-31 08:00"),
    of(timestamp="2026-10-31"),
    of(timestamp="20261031"),
    of(timestamp="20261031T080000Z"),
    of(timestamp="2026-10-31T08"),
    of(timestamp="2026-10-31 08:00:00 +0200"),
    of(timestamp="2026-W44-6"),
    of(timestamp="1970-01-01T00:00:00Z"),
    of(timestamp=1_000_000_000),
    of(timestamp=1_700_000_000),
    of(timestamp=1_700_000_000.5),
    of(id="x" * MAX_ID_BYTES, text="x" * MAX_TEXT_CHARS),
    of(text="\ufeff"),
    of(items=[{"id": "1", "text": "good"}], id=7),
    json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2", "text": "bad", "timestamp": 1e9}]}),
    json.dumps({"items": [{"id": "1", "text": "good"}] * MAX_ITEMS}),
]
REFUSED = [
    "[]",
    "null",
    '"text"',
    "7",
    "{}",
    of(id=""),
    of(id=7),
    of(id=None),
    of(id="x" * (MAX_ID_BYTES + 1)),
    of(text=""),
    of(text=None),
    of(text=[]),
    of(text=" \t\n\u3000\x1f\x85"),
    of(text="x" * (MAX_TEXT_CHARS + 1)),
    of(timestamp="yesterday"),
    of(timestamp=""),
    of(timestamp=True),
    of(timestamp=[]),
    of(timestamp=-1),
    of(timestamp=0),
    of(timestamp=45_962),
    of(timestamp=20_261_031),
    of(timestamp=999_999_999.9),
    of(timestamp=2**63),
    '{"id": "1", "text": "good", "timestamp": 1e400}',
    of(timestamp="2026-10-31\n"),
    of(timestamp="2026-10-31T08:00.5"),
    of(timestamp="2026-11-0150900"),
    of(timestamp="\uff12\uff10\uff12\uff16-10-31"),
    of(timestamp="NaN"),
    '{"id": "1"}',
    '{"text": "good"}',
    '{"items": []}',
    json.dumps({"items": [{"id": "1", "text": "bad"}] * (MAX_ITEMS + 1)}),
    '{"items": {}}',
    '{"items": null}',
    '{"items": [7]}',
    json.dumps({"items": [{"id": "1", "text": "good"}, {"id": "2"}]}),
]
# The schema's own comment lists these as beyond JSON Schema.
BEYOND = [
    of(id="é" * (MAX_ID_BYTES // 2 + 1)),
    of(text="bad \udfff"),
    of(timestamp="2026-02-30T08:00:00Z"),
    of(timestamp="1969-12-31T23:00:00Z"),
    of(timestamp="9999-12-31T23:59:59Z"),
    of(timestamp=4_000_000_000),
    '{"id": "1", "id": "2", "text": "good"}',
]


@pytest.mark.parametrize(
    ("bodies", "schema_takes", "parser_takes"),
    [(TAKEN, True, True), (REFUSED, False, False), (BEYOND, True, False)],
    ids=["taken", "refused", "beyond JSON Schema"],
)
def test_schema_and_parser_agree_except_on_the_listed_bodies(
    bodies: list[str], schema_takes: bool, parser_takes: bool
) -> None:
    verdicts = {body[:200]: (by_schema(body), by_parser(body)) for body in bodies}
    assert verdicts == dict.fromkeys(verdicts, (schema_takes, parser_takes))


# Pieces of timestamps, as programs write them, correctly or not.
dates = [
    "2026-10-31",
    "20261031",
    "2026-W44-6",
    "2026W446",
    "2026-W44",
    "2026-10",
    "2026-304",
    "2026-1-1",
    "31.10.2026",
]
times = ["08:00:00", "08:00", "08", "080000", "0800", "08:00:00.5", "08:00:00,123456789", "09:00.5", "24:00", "08:0000"]
offsets = ["", "Z", "z", "+02:00", "+0200", "+02", " +0200", "-00:00", "+24:00", "+2", " UTC", "[Europe/Berlin]"]
odd = ["\n{}", "{}\n", "{} ", "{}\r", "{}\u2028", "-{}", "{}0"]
pieces = st.sampled_from(dates) | st.tuples(
    st.sampled_from(dates), st.sampled_from("Tt _5-\n"), st.sampled_from(times), st.sampled_from(offsets)
).map("".join)
full_width = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))


@settings(deadline=None, database=None, max_examples=500)
@given(pieces | st.tuples(st.sampled_from(odd), pieces).map(lambda both: both[0].format(both[1])))
def test_schema_and_parser_agree_on_any_timestamp(timestamp: str) -> None:
    assert by_schema(of(timestamp=timestamp)) == by_parser(of(timestamp=timestamp)), timestamp
    assert not by_schema(of(timestamp=timestamp.translate(full_width)))


scalars = st.none() | st.booleans() | st.integers(-5, 1_700_000_000) | st.text(max_size=5) | st.just([])
one = st.fixed_dictionaries({}, optional={"id": scalars, "text": scalars, "timestamp": scalars, "more": scalars})
many = st.fixed_dictionaries({"items": st.lists(one | scalars, max_size=3)}, optional={"id": scalars})


@pytest.mark.slow(reason="tries hundreds of generated bodies")
@settings(deadline=None, database=None)
@given((one | many | scalars).map(json.dumps))
def test_schema_and_parser_agree_on_any_shape(body: str) -> None:
    assert by_schema(body) == by_parser(body)
