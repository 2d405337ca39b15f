"""Waits for ECR's scan of an image, and checks its findings before another stack may run the image."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from settings.settings import SEVERITIES

PATIENCE_S, POLL_S = 600, 5  # ECR scans an image of this size within a minute or two of its push
UNDER_WAY = {"IN_PROGRESS", "PENDING"}
DONE = {"COMPLETE", "ACTIVE"}  # ACTIVE: enhanced scanning, which continues as long as the image exists
IMAGE = r"(?P<account>\d{12})\.dkr\.ecr\.[\w-]+\.amazonaws\.com(\.cn)?/(?P<repository>[^@]+)@(?P<digest>sha256:\w+)"


class NotPromotable(Exception):
    """The image must not run elsewhere; the message lists the findings, or says why there are none."""


@dataclass(frozen=True)
class Finding:
    """A finding of the scan: its id (CVE-2026-1234), severity, and the package with its version."""

    id: str
    severity: str
    package: str


def refuse_findings(
    ecr: Any,
    image: str,
    severity: str,
    waived: list[str],
    *,
    sleep: Callable[[float], None],
    say: Callable[[str], None],
) -> None:
    """Wait for the scan of an image, and refuse the image if it has findings that are not waived.

    Args:
        ecr: boto3 client in the image's region.
        image: by digest, REGISTRY/REPOSITORY@sha256:DIGEST.
        severity: the lowest severity to refuse.
        waived: ids of accepted findings.
        sleep, say: functions that wait (seconds) and print.

    Raises:
        NotPromotable: there are findings, no scan within 10 minutes, or the scan failed.
        ValueError: `image` is not an ECR image.
    """
    if not (named := re.fullmatch(IMAGE, image)):
        raise ValueError(f"imageUri: {image!r} must be an ECR image by digest")
    which = {
        "registryId": named["account"],
        "repositoryName": named["repository"],
        "imageId": {"imageDigest": named["digest"]},
    }
    _await_scan(ecr, which, sleep, say)
    grave = SEVERITIES[: SEVERITIES.index(severity) + 1]
    found = [finding for finding in _findings(ecr, which) if finding.severity in grave]
    open_ = [finding for finding in found if finding.id not in waived]
    for finding in found:
        if finding.id in waived:
            say(f"waived: {_line(finding)}")
    if open_:
        raise NotPromotable(
            f"ECR's scan of {image} has findings of scanSeverity {severity} or higher:\n"
            + "\n".join(f"  {_line(finding)}" for finding in open_)
            + "\nRebuild the image if there are fixes, or accept the findings by id in waivedFindings."
        )


def _await_scan(ecr: Any, which: dict[str, Any], sleep: Callable[[float], None], say: Callable[[str], None]) -> None:
    for tried in range(PATIENCE_S // POLL_S):
        status, why = _status(ecr, which)
        if status in DONE:
            return
        if status not in UNDER_WAY:
            raise NotPromotable(f"ECR's scan of the image ended as {status}: {why or 'ECR gives no reason'}")
        if not tried:
            say("waiting for ECR's scan of the image")
        sleep(POLL_S)
    raise NotPromotable(
        f"ECR has not scanned the image within {PATIENCE_S // 60} minutes. Run the command again, or turn the "
        "check off with an empty scanSeverity"
    )


def _status(ecr: Any, which: dict[str, Any]) -> tuple[str, str]:
    """Status and reason; PENDING for a scan that ECR does not list yet."""
    try:
        status = ecr.describe_image_scan_findings(**which)["imageScanStatus"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ScanNotFoundException":
            raise
        return "PENDING", ""
    return status["status"], status.get("description", "")


def _findings(ecr: Any, which: dict[str, Any]) -> Iterator[Finding]:
    for page in ecr.get_paginator("describe_image_scan_findings").paginate(**which):
        found = page.get("imageScanFindings", {})
        for basic in found.get("findings", []):
            of = {attribute["key"]: attribute.get("value", "") for attribute in basic.get("attributes", [])}
            package = f"{of.get('package_name', '')} {of.get('package_version', '')}".strip()
            yield Finding(basic["name"], basic["severity"], package)
        for enhanced in found.get("enhancedFindings", []):
            details = enhanced.get("packageVulnerabilityDetails", {})
            packages = {f"{p['name']} {p.get('version', '')}".strip() for p in details.get("vulnerablePackages", [])}
            id_ = details.get("vulnerabilityId") or enhanced.get("title", "")
            yield Finding(id_, enhanced["severity"], ", ".join(sorted(packages)))


def _line(finding: Finding) -> str:
    return f"{finding.severity} {finding.id}" + (f" in {finding.package}" if finding.package else "")
