"""The account of a scenario detects lost, repeated and overwritten messages."""

from dataclasses import astuple
from typing import Any

from tools.chaos.accounting import Account, Write, account
from tools.chaos.messages import Message, Text, message, poison

OLD, NEW, OTHER = Text("a", 1), Text("a", 2), Text("b", 1)
OLD_SENT, NEW_SENT, OTHER_SENT = message(OLD), message(NEW), message(OTHER)
(POISON,) = poison(1)


def took(*texts: Text) -> list[Write]:
    return [Write(text.id, text.content, True) for text in texts]


def absorbed(*texts: Text) -> list[Write]:
    return [Write(text.id, text.content, False) for text in texts]


def holding(*texts: Text) -> dict[str, dict[str, Any]]:
    return {text.id: {"text": text.content} for text in texts}


def figures(found: Account) -> tuple[int, ...]:
    """Sent, stored, dead-lettered, both, copies, lost, duplicated, overwritten."""
    return tuple(len(value) if isinstance(value, tuple) else value for value in astuple(found))


def test_a_clean_account_is_balanced() -> None:
    sent = [OLD_SENT, NEW_SENT, OTHER_SENT, POISON]
    found = account(sent, holding(NEW, OTHER), [POISON.body], [*took(OLD, NEW, OTHER), *absorbed(OLD)])
    assert figures(found) == (4, 3, 1, 0, 0, 0, 0, 0)
    assert found.balanced


def test_a_message_that_appears_nowhere_is_lost() -> None:
    found = account([OTHER_SENT, POISON], {}, [], [])
    assert found.lost == (OTHER_SENT.body, POISON.body)
    assert not found.balanced


def test_a_result_that_disappears_after_its_write_is_lost() -> None:
    assert account([OTHER_SENT], {}, [], took(OTHER)).lost == (OTHER_SENT.body,)


def test_an_unwritten_old_version_is_lost_despite_a_newer_one() -> None:
    assert account([OLD_SENT, NEW_SENT], holding(NEW), [], took(NEW)).lost == (OLD_SENT.body,)


def test_a_newer_version_in_the_same_message_replaces_the_old_one() -> None:
    both = message(OLD, NEW)
    assert account([both], holding(NEW), [], took(NEW)).balanced
    assert account([both], holding(OLD), [], took(OLD)).lost == (both.body,)


def test_a_message_with_a_missing_text_is_lost() -> None:
    both = message(OLD, OTHER)
    assert account([both], holding(OLD), [], took(OLD)).lost == (both.body,)


def test_a_result_that_took_effect_twice_is_duplicated() -> None:
    found = account([OTHER_SENT], holding(OTHER), [], took(OTHER, OTHER))
    assert figures(found) == (1, 1, 0, 0, 0, 0, 1, 0)
    assert not found.balanced


def test_a_newer_result_replaced_by_an_older_one_is_overwritten() -> None:
    found = account([OLD_SENT, NEW_SENT], holding(OLD), [], took(NEW, OLD))
    assert found.overwritten == ("a: version 1 after 2", "a: version 1 in the table, 2 was written")
    assert not found.balanced


def test_the_account_notices_a_temporary_overwrite() -> None:
    assert len(account([OLD_SENT, NEW_SENT], holding(NEW), [], took(NEW, OLD, NEW)).overwritten) == 1


def test_the_account_notices_a_result_that_nobody_sent() -> None:
    found = account([OTHER_SENT], {"b": {"text": "something else"}}, [], [*took(OTHER), Write("b", "something", True)])
    assert len(found.overwritten) == 2


def test_a_stored_and_dead_lettered_message_counts_once_as_stored() -> None:
    found = account([OTHER_SENT], holding(OTHER), [OTHER_SENT.body], took(OTHER))
    assert figures(found) == (1, 1, 0, 1, 0, 0, 0, 0)


def test_the_account_counts_a_second_copy_in_the_dead_letter_queue() -> None:
    found = account([POISON], {}, [POISON.body, POISON.body], [])
    assert (found.dead_lettered, found.copies) == (1, 1)


def test_every_message_body_is_unique() -> None:
    bodies = [each.body for each in [*poison(100), *(message(Text(f"t-{n}", v)) for n in range(50) for v in (1, 2))]]
    assert len(set(bodies)) == len(bodies)
    assert all(isinstance(each, Message) for each in poison(4))
