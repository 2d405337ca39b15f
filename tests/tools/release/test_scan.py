"""`make promotable` waits for ECR's scan: refusals, waived findings, and failed scans."""

import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tests.stacks import DEV
from tools.local.program import stack_config
from tools.release import __main__ as release
from tools.release import pulumi_cli
from tools.release.scan import PATIENCE_S, POLL_S, NotPromotable, refuse_findings

DIGEST = "sha256:" + "0" * 64
IMAGE = f"123456789012.dkr.ecr.us-west-2.amazonaws.com/sentiment-analyzer-dev-image-1@{DIGEST}"
OLD_SSL = {
    "name": "CVE-2026-1111",
    "severity": "CRITICAL",
    "attributes": [{"key": "package_name", "value": "openssl"}, {"key": "package_version", "value": "3.0.1"}],
}
OLD_ZLIB = {"name": "CVE-2026-2222", "severity": "HIGH", "attributes": [{"key": "package_name", "value": "zlib"}]}
INSPECTORS = {
    "severity": "CRITICAL",
    "title": "CVE-2026-3333 - glibc",
    "packageVulnerabilityDetails": {
        "vulnerabilityId": "CVE-2026-3333",
        "vulnerablePackages": [{"name": "glibc", "version": "2.34"}],
    },
}


class Ecr:
    """An ECR client that gives the prepared answers, in order."""

    def __init__(self) -> None:
        self.client = boto3.client(
            "ecr", region_name="us-west-2", aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.stubber = Stubber(self.client)
        self.slept: list[float] = []
        self.said: list[str] = []

    def answers(self, status: str, description: str = "", **findings: Any) -> None:
        scan = {"status": status, "description": description}
        self.stubber.add_response(
            "describe_image_scan_findings", {"imageScanStatus": scan, "imageScanFindings": findings}
        )

    def scanned(self, **findings: Any) -> None:
        """Prepare two answers: the first says that the scan is done, and the second has its findings."""
        status = "ACTIVE" if "enhancedFindings" in findings else "COMPLETE"
        self.answers(status)
        self.answers(status, **findings)

    def not_found(self) -> None:
        self.stubber.add_client_error("describe_image_scan_findings", "ScanNotFoundException")

    def judge(self, severity: str = "CRITICAL", waived: tuple[str, ...] = ()) -> None:
        refuse_findings(self.client, IMAGE, severity, list(waived), sleep=self.slept.append, say=self.said.append)


@pytest.fixture
def ecr() -> Iterator[Ecr]:
    given = Ecr()
    with given.stubber:
        yield given


def test_an_image_without_critical_findings_may_be_promoted(ecr: Ecr) -> None:
    ecr.scanned(findings=[OLD_ZLIB])
    ecr.judge()
    assert ecr.slept == ecr.said == []


@pytest.mark.parametrize("findings", [{"findings": [OLD_SSL, OLD_ZLIB]}, {"enhancedFindings": [INSPECTORS]}])
def test_a_refusal_lists_only_the_critical_findings(ecr: Ecr, findings: dict[str, Any]) -> None:
    ecr.scanned(**findings)
    with pytest.raises(NotPromotable) as refused:
        ecr.judge()
    lines = str(refused.value).splitlines()[1:-1]
    expected = (
        "CRITICAL CVE-2026-1111 in openssl 3.0.1" if "findings" in findings else "CRITICAL CVE-2026-3333 in glibc 2.34"
    )
    assert [line.strip() for line in lines] == [expected]


def test_a_lower_threshold_also_refuses_more_severe_findings(ecr: Ecr) -> None:
    ecr.scanned(findings=[OLD_SSL, OLD_ZLIB])
    with pytest.raises(NotPromotable, match=r"CVE-2026-1111(.|\n)*CVE-2026-2222"):
        ecr.judge("HIGH")


def test_a_waived_finding_is_reported_but_does_not_block_promotion(ecr: Ecr) -> None:
    ecr.scanned(findings=[OLD_SSL])
    ecr.judge(waived=("CVE-2026-1111",))
    assert ecr.said == ["waived: CRITICAL CVE-2026-1111 in openssl 3.0.1"]


def test_the_check_waits_for_an_unfinished_scan(ecr: Ecr) -> None:
    ecr.not_found()
    ecr.answers("IN_PROGRESS")
    ecr.answers("PENDING")
    ecr.scanned()
    ecr.judge()
    assert ecr.slept == [POLL_S] * 3
    assert ecr.said == ["waiting for ECR's scan of the image"]


@pytest.mark.parametrize("status", ["FAILED", "UNSUPPORTED_IMAGE", "SCAN_ELIGIBILITY_EXPIRED"])
def test_a_failed_scan_blocks_promotion(ecr: Ecr, status: str) -> None:
    ecr.answers(status, "why it did")
    with pytest.raises(NotPromotable, match=f"{status}: why it did"):
        ecr.judge()


def test_a_scan_that_never_starts_times_out_with_a_remedy(ecr: Ecr) -> None:
    for _ in range(PATIENCE_S // POLL_S):
        ecr.not_found()
    with pytest.raises(NotPromotable, match="empty scanSeverity"):
        ecr.judge()
    assert sum(ecr.slept) == PATIENCE_S


def test_findings_on_later_pages_count(ecr: Ecr) -> None:
    ecr.answers("COMPLETE")
    first = {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": []}, "nextToken": "more"}
    ecr.stubber.add_response("describe_image_scan_findings", first)
    ecr.answers("COMPLETE", findings=[OLD_SSL])
    with pytest.raises(NotPromotable, match="CVE-2026-1111"):
        ecr.judge()


def test_promotable_prints_only_the_image_and_obeys_the_stack_settings(
    ecr: Ecr, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def promotable(**config: str) -> tuple[int, str, str]:
        monkeypatch.setattr(release, "outputs", lambda *_: {"functionName": "classifier"})
        monkeypatch.setattr(release, "live_image", lambda *_: IMAGE)
        monkeypatch.setattr(release, "check", lambda *_: None)
        monkeypatch.setattr(release, "session_of", lambda _: SimpleNamespace(client=lambda _: ecr.client))
        monkeypatch.setattr(release, "setting", lambda _, key: config.get(key, ""))
        monkeypatch.setattr(sys, "argv", ["rollout", "promotable", "--stack", "dev"])
        return release.main(), *capsys.readouterr()

    ecr.scanned(findings=[OLD_SSL])
    assert promotable(scanSeverity="CRITICAL", waivedFindings="CVE-2026-1111")[:2] == (0, f"{IMAGE}\n")
    ecr.scanned(findings=[OLD_SSL])
    status, out, err = promotable(scanSeverity="CRITICAL")
    assert (status, out) == (2, "")
    assert "CVE-2026-1111" in err
    assert promotable() == (0, f"{IMAGE}\n", ""), "an empty scanSeverity must not query ECR"


def test_a_setting_keeps_its_type(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_cli, "stack_config", lambda _, overrides: stack_config(DEV, overrides))
    assert pulumi_cli.setting("dev", "scanSeverity") == "CRITICAL"
    assert pulumi_cli.setting("dev", "canaryPercent") == 0
