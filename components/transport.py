"""The statement with which a resource policy refuses plain HTTP."""

from typing import Any


def deny_plain_http(action: str, resource: Any) -> dict[str, Any]:
    """Deny `action` on `resource` (an ARN or a list of ARNs) to every request without TLS."""
    return {
        "Sid": "DenyPlainHttp",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resource,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
