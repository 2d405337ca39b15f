"""ECR's scan of an image: waited for, and judged before another stack may run the image."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from settings.settings import SEVERITIES

PATIENCE_S, POLL_S = 600, 5  # ECR scans an image of this size within a minute or two of its push
UNDER_WAY = {"IN_PROGRESS", "PENDING"}
DONE = {"COMPLETE", "ACTIVE"}  # ACTIVE: enhanced scanning, which goes on for as long as the image is there
IMAGE = r"(?P<account>\d{12})\.dkr\.ecr\.[\w-]+\.amazonaws\.com(\.cn)?/(?P<repository>[^@]+)@(?P<digest>sha256:\w+)"


class NotPromotable(Exception):
    """The image must not run elsewhere; the message names the findings, or says why there are none."""


@dataclass(frozen=True)
class Finding:
    """What a scan found: its id (CVE-2026-1234), severity, and the package with its version."""

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
    """Wait for the scan of an image, and refuse it for findings that are not waived.

    Args:
        ecr: boto3 client of the image's region.
        image: by digest, REGISTRY/REPOSITORY@sha256:DIGEST.
        severity: the least that is refused.
        waived: ids of findings that are accepted.
        sleep, say: how to wait (seconds) and to report.

    Raises:
        NotPromotable: findings, or no scan within 10 minutes, or one that failed.
        ValueError: `image` is none of ECR.
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
            f"ECR's scan of {image} has findings of scanSeverity {severity} or graver:\n"
            + "\n".join(f"  {_line(finding)}" for finding in open_)
            + "\nBuild the image anew where a fix exists, or accept them by id in waivedFindings."
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
        f"ECR has not scanned the image within {PATIENCE_S // 60} minutes. Run the command again, or switch the "
        "check off with an empty scanSeverity"
    )


def _status(ecr: Any, which: dict[str, Any]) -> tuple[str, str]:
    """Status and reason; PENDING for a scan that has not been entered yet."""
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
