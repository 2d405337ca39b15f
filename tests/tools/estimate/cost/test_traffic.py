"""A bill at any rate of texts: its fixed part, and the effect of the free tier."""

from dataclasses import replace

import pytest

from tests.tools.estimate.figures import ENGINE, SIZES, lines
from tools.estimate.cost.model import bill
from tools.estimate.cost.stack import Stack, stack_of
from tools.local.recorder import Recorder


def test_a_stack_without_traffic_pays_only_its_standing_costs(prod: Recorder) -> None:
    found = bill(stack_of("prod", prod), ENGINE, SIZES, 0)
    assert found.usd == found.standing_usd > 0
    assert {line.standing for line in found.lines} == {True}


def test_more_texts_never_lower_the_bill_nor_raise_the_price_per_million(prod: Recorder) -> None:
    bills = [bill(stack_of("prod", prod), ENGINE, SIZES, 10.0**power) for power in range(7)]
    assert [b.usd for b in bills] == sorted(b.usd for b in bills)
    assert [b.per_million for b in bills] == sorted((b.per_million for b in bills), reverse=True)


def test_a_paused_stack_pays_for_sends_but_not_for_processing(plain: Stack) -> None:
    used = lines(bill(replace(plain, consume=False), ENGINE, SIZES, 500))
    assert used["SQS sends, one a text"] > 0
    assert [what for what in used if what.startswith(("Lambda", "DynamoDB", "SQS idle"))] == []


def test_arm64_is_cheaper_only_by_its_price(plain: Stack) -> None:
    x86, arm = (bill(replace(plain, architecture=name), ENGINE, SIZES, 3600) for name in ("x86_64", "arm64"))
    assert lines(arm)["Lambda duration"] / lines(x86)["Lambda duration"] == pytest.approx(0.8, abs=1e-4)


def test_the_free_tier_is_deducted_once_across_lines_of_one_price(plain: Stack) -> None:
    # 657,000 polls, 730,000 sends and 1,460,000 receives and deletes are 2,847,000 requests, one million of them free.
    found = bill(plain, ENGINE, SIZES, 1000, free_tier=True)
    assert sum(usd for what, usd in lines(found).items() if what.startswith("SQS")) == pytest.approx(1.847 * 0.40)


def test_the_free_tier_excludes_a_function_with_warm_environments(plain: Stack) -> None:
    warm = replace(plain, provisioned=1, provisioned_max=1)
    assert lines(bill(plain, ENGINE, SIZES, 1000, free_tier=True))["Lambda requests"] == 0
    assert lines(bill(warm, ENGINE, SIZES, 1000, free_tier=True))["Lambda requests"] > 0
