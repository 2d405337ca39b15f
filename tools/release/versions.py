"""Which versions of the function there are, and which of them the alias serves: Lambda is asked, not Pulumi's state."""

from typing import Any

from components.function import ALIAS


class NothingToReturnTo(Exception):
    """There is no older version to roll back to, or not the one that was asked for."""


def live_version(lambda_: Any, function: str) -> tuple[str, bool]:
    """The version that is live, and whether a newer one has a share beside it.

    The stack's outputs would miss what was done by hand. Weights of an older version are no canary: Lambda sets them
    itself while it warms provisioned environments of the version that went live, for minutes, and for good where these
    cannot start (https://github.com/hashicorp/terraform-provider-aws/pull/48116).
    """
    alias = lambda_.get_alias(FunctionName=function, Name=ALIAS)
    version, weights = alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return version, any(int(other) > int(version) for other in weights)


def version_to_return_to(lambda_: Any, function: str, wanted: str | None = None) -> str:
    """The `wanted` version; without it, the stable one where a newer is being tried, else the one before the live one.

    Raises:
        NothingToReturnTo: the live version is the first, or there is none of the number `wanted`.
    """
    pages = lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = [int(f["Version"]) for page in pages for f in page["Versions"] if f["Version"] != "$LATEST"]
    if wanted:
        if wanted not in map(str, versions):
            there = ", ".join(map(str, sorted(versions, reverse=True)))
            raise NothingToReturnTo(f"version: {wanted!r} must be one of {there}")
        return wanted
    live, newer_is_tried = live_version(lambda_, function)
    if newer_is_tried:
        return live
    older = [number for number in versions if number < int(live)]
    if not older:
        raise NothingToReturnTo(f"version {live} of {function} is the first there is")
    return str(max(older))
