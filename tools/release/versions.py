"""The function's versions and the one that the alias serves, from Lambda rather than Pulumi's state."""

from typing import Any

from components.function import ALIAS


class NothingToReturnTo(Exception):
    """There is no older version to roll back to, or not the requested one."""


class NotServed(Exception):
    """The alias does not serve the version that it should after an update."""


def live_version(lambda_: Any, function: str) -> tuple[str, bool] | None:
    """The live version, and whether a newer one has a share of the traffic; None if the function or alias is gone.

    The stack's outputs would miss changes made by hand. Weights of an older version are not a canary: Lambda sets them
    itself for minutes while it warms provisioned environments of the version that went live, and for good if these
    cannot start (https://github.com/hashicorp/terraform-provider-aws/pull/48116).
    """
    try:
        alias = lambda_.get_alias(FunctionName=function, Name=ALIAS)
    except lambda_.exceptions.ResourceNotFoundException:
        return None
    version, weights = alias["FunctionVersion"], alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    return version, any(int(other) > int(version) for other in weights)


def live_image(lambda_: Any, function: str) -> str:
    """The live version's image, by digest; the stack's own imageUri may be that of a version that was rolled back.

    Raises:
        NotServed: there is no live version.
    """
    try:
        return lambda_.get_function(FunctionName=function, Qualifier=ALIAS)["Code"]["ImageUri"]
    except lambda_.exceptions.ResourceNotFoundException:
        raise NotServed(f"alias {ALIAS} of {function} {_says(None)}") from None


def expect(lambda_: Any, function: str, version: str, *, newer_is_tried: bool = False) -> None:
    """Check with Lambda that an update changed the alias as intended.

    Raises:
        NotServed: the alias serves another version, or the traffic is shared when it should not be, or vice versa.
    """
    if (found := live_version(lambda_, function)) != (version, newer_is_tried):
        raise NotServed(
            f"the update succeeded, but alias {ALIAS} of {function} says: {_says(found)}. It should: "
            f"{_says((version, newer_is_tried))}"
        )


def _says(found: tuple[str, bool] | None) -> str:
    if found is None:
        return "is gone"
    return f"version {found[0]}, " + ("and a share for a newer one" if found[1] else "which takes everything")


def move(lambda_: Any, function: str, version: str) -> None:
    """Make the alias serve only this version, immediately."""
    lambda_.update_alias(
        FunctionName=function, Name=ALIAS, FunctionVersion=version, RoutingConfig={"AdditionalVersionWeights": {}}
    )


def version_to_return_to(lambda_: Any, function: str, wanted: str | None = None) -> str:
    """The `wanted` version; by default, the stable one while a canary runs, or else the one before the live one.

    Raises:
        NothingToReturnTo: the live version is the first, there is no version `wanted`, or there is no alias.
    """
    live = live_version(lambda_, function)
    if live is None:
        raise NothingToReturnTo(f"function {function} or its alias {ALIAS} is gone: make rollout recreates it")
    pages = lambda_.get_paginator("list_versions_by_function").paginate(FunctionName=function)
    versions = [int(f["Version"]) for page in pages for f in page["Versions"] if f["Version"] != "$LATEST"]
    if wanted:
        if wanted not in map(str, versions):
            there = ", ".join(map(str, sorted(versions, reverse=True)))
            raise NothingToReturnTo(f"version: {wanted!r} must be one of {there}")
        return wanted
    version, newer_is_tried = live
    if newer_is_tried:
        return version
    older = [number for number in versions if number < int(version)]
    if not older:
        raise NothingToReturnTo(f"version {version} of {function} is the oldest: there is none to go back to")
    return str(max(older))
