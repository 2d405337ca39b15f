"""The bill against hand calculations."""

from dataclasses import replace

import pytest

from tests.tools.estimate.figures import ENGINE, SIZES, lines
from tools.estimate.cost.model import bill, stream_usd
from tools.estimate.cost.stack import Stack


def test_the_bill_of_a_busy_hour_matches_a_hand_calculation(plain: Stack) -> None:
    # 3,600 texts an hour are 2,628,000 a month; without a window each is a batch of its own.
    found = bill(plain, ENGINE, SIZES, 3600)
    got = lines(found)
    # One vCPU: 10 + 4 ms of CPU and 10 ms of waiting make 24 ms; a hundredth starts cold, for 1 s.
    # 2,628,000 x (0.024 s + 0.01 s) x 1769/1024 GB = 154,360.2 GB-s; at 0.0000166667 that is 2.5727.
    assert found.usage.batch_ms == 24
    assert got["Lambda duration"] == pytest.approx(2.5727, abs=1e-3)
    assert got["Lambda requests"] == pytest.approx(0.5256)  # 2.628 million at 0.20
    assert got["SQS idle polling"] == pytest.approx(0.2628)  # 5 pollers x 3 a minute x 43,800 minutes = 657,000
    assert got["SQS sends, one a text"] == pytest.approx(1.0512)  # 2.628 million at 0.40
    assert got["SQS receives and deletes"] == pytest.approx(2.1024)  # twice that
    assert got["DynamoDB writes"] == pytest.approx(1.6425)  # 2.628 million at 0.625, each below 1 KB
    # 300 + 400 + Lambda's 700 bytes and 4 x 26 of CloudWatch's: 1,504 x 2.628 million = 3.9525 GB at 0.50
    assert got["CloudWatch logs taken in"] == pytest.approx(1.9763, abs=1e-3)
    assert got["CloudWatch metrics"] == pytest.approx(1.80)  # 6 at 0.30
    assert got["X-Ray traces"] == pytest.approx(13.14)  # one a second, and no more: 2.628 million at 5
    assert got["KMS keys"] == 1


def test_ten_texts_in_a_batch_make_one_receive_and_one_delete(plain: Stack) -> None:
    # 36,000 an hour are 10 a second; a window of a second fills the batch: 2,628,000 batches of ten.
    found = bill(replace(plain, window_s=1), ENGINE, SIZES, 36_000)
    assert found.usage.batches == pytest.approx(2_628_000)
    assert lines(found)["SQS receives and deletes"] == pytest.approx(2 * 2.628 * 0.40)
    assert found.usage.batch_ms == 10 + 10 * 4 + 10


def test_a_result_of_more_than_a_kilobyte_takes_two_writes(plain: Stack) -> None:
    long = replace(SIZES, characters=1000)
    assert lines(bill(plain, ENGINE, long, 100))["DynamoDB writes"] == pytest.approx(2 * 73_000 * 0.625e-6)
    unstored = bill(replace(plain, store_text=False), ENGINE, long, 100)
    assert lines(unstored)["DynamoDB writes"] == pytest.approx(73_000 * 0.625e-6)


def test_storage_stops_growing_once_results_expire(plain: Stack) -> None:
    # 100 an hour for 30 days: 72,000 results of 250 + 100 + 100 bytes are 0.0324 GB at 0.25.
    stored = lines(bill(replace(plain, result_days=30), ENGINE, SIZES, 100))["DynamoDB storage, after 30 days"]
    assert stored == pytest.approx(0.0081)


def test_warm_environments_cost_by_the_month_and_have_their_own_duration_price(plain: Stack) -> None:
    warm = replace(plain, memory_mb=1024, provisioned=2, provisioned_max=2)
    idle, cold = bill(warm, ENGINE, SIZES, 0), bill(replace(plain, memory_mb=1024), ENGINE, SIZES, 0)
    # 2 x 1 GB x 2,628,000 s x 0.0000041667 = 21.9002
    assert idle.usd - cold.usd == pytest.approx(21.9002, abs=1e-3)
    busy = lines(bill(warm, ENGINE, SIZES, 3600))
    assert "Lambda duration" not in busy, "two environments suffice, so nothing runs on others"
    assert busy["Lambda duration, warm environments"] > 0


def test_scaling_warms_environments_for_the_traffic_up_to_its_maximum(plain: Stack) -> None:
    scaled = replace(plain, provisioned=1, provisioned_max=4)
    assert bill(scaled, ENGINE, SIZES, 3600).usage.warm == 1
    # 100 a second of 24 ms keep 2.4 busy; at 70 % utilization that needs 3.43.
    assert bill(scaled, ENGINE, SIZES, 360_000).usage.warm == pytest.approx(2.4 / 0.7)
    assert bill(scaled, ENGINE, SIZES, 3_600_000).usage.warm == 4


def test_load_beyond_the_warm_environments_is_billed_on_demand(plain: Stack) -> None:
    used = bill(replace(plain, provisioned=1, provisioned_max=1), ENGINE, SIZES, 360_000).usage
    assert used.warm_s == pytest.approx(2_628_000), "one environment, busy all month"
    assert used.on_demand_s > 1.4 * 2_628_000


def test_x_ray_traces_one_batch_in_twenty_beyond_one_a_second(plain: Stack) -> None:
    # 11 batches a second: 1 + 0.05 x 10 = 1.5 traces a second, 3,942,000 a month at 5 per million.
    assert lines(bill(plain, ENGINE, SIZES, 11 * 3600))["X-Ray traces"] == pytest.approx(19.71)
    assert "X-Ray traces" not in lines(bill(replace(plain, tracing=False), ENGINE, SIZES, 11 * 3600))


def test_logs_are_billed_compressed_for_their_retention(plain: Stack) -> None:
    # 3.952512 GB a month, 0.15 of it left by compression, for 73 days, which are 2.4 months, at 0.03
    kept = lines(bill(replace(plain, log_days=73), ENGINE, SIZES, 3600))["CloudWatch logs kept 73 days"]
    assert kept == pytest.approx(3.952512 * 0.15 * 2.4 * 0.03)


def test_point_in_time_recovery_is_billed_by_table_size_when_enabled(plain: Stack) -> None:
    month = replace(plain, result_days=30)
    on = lines(bill(replace(month, recovery=True), ENGINE, SIZES, 100))
    assert on["DynamoDB point-in-time recovery"] == pytest.approx(0.00648)  # 0.0324 GB at 0.20
    assert "DynamoDB point-in-time recovery" not in lines(bill(replace(month, recovery=False), ENGINE, SIZES, 100))


def test_a_queue_key_adds_three_kms_requests_every_five_minutes(plain: Stack) -> None:
    # 2,628,000 s / 300 s = 8,760 data keys: one request each for the table, three more for the queue, at 3 per million
    assert lines(bill(plain, ENGINE, SIZES, 3600))["KMS requests"] == pytest.approx(0.02628)
    own = lines(bill(replace(plain, queue_key=True), ENGINE, SIZES, 3600))
    assert own["KMS requests"] == pytest.approx(4 * 0.02628)


def test_tmp_storage_is_billed_above_the_included_size(plain: Stack) -> None:
    # 2,628,000 x 0.034 s x (1,536 - 512) / 1,024 GB x 0.0000000309
    larger = lines(bill(replace(plain, ephemeral_storage_mb=1536), ENGINE, SIZES, 3600))
    assert larger["Lambda /tmp"] == pytest.approx(2_628_000 * 0.034 * 0.0000000309)
    assert "Lambda /tmp" not in lines(bill(plain, ENGINE, SIZES, 3600))


def test_lambda_reads_a_stream_for_free_but_other_readers_pay(plain: Stack) -> None:
    found = bill(replace(plain, stream=True), ENGINE, SIZES, 1000)
    assert lines(found)["DynamoDB stream, read by Lambda"] == 0
    assert found.usd == bill(plain, ENGINE, SIZES, 1000).usd
    pipe, program = stream_usd(found.usage, free_tier=False).values()
    assert pipe == pytest.approx(0.292)  # 730,000 records at 0.40 a million
    assert program == pytest.approx(2.1024)  # 4 shards x 2,628,000 s at 0.02 for 100,000
    assert stream_usd(found.usage, free_tier=True).popitem()[1] == pytest.approx(1.6024)  # without 2.5 million
