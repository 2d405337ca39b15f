"""Checks of the project's and the stack's name, which are part of every resource's name."""

import re

from settings.rules import SettingsError

NAME = r"[a-z0-9]+(-[a-z0-9]+)*"  # the names that ECR, SQS and Lambda all accept
MAX_ROLE_NAME_CHARS = 64  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST = "{project}-{stack}-function-role-000000"  # the longest name that IAM limits; autonaming adds six digits


def max_stack_chars(project: str) -> int:
    """The longest stack name with which all resource names fit AWS's limits."""
    return MAX_ROLE_NAME_CHARS - len(LONGEST.format(project=project, stack=""))


def check_names(project: str, stack: str) -> None:
    """Refuse names that AWS would refuse as part of resource names, half-way through an update.

    Raises:
        SettingsError: says what is allowed.
    """
    allowed = "must be a-z, 0-9 and single hyphens between them"
    faults = [
        f"  {what} name: {name!r} {allowed}: it is part of every resource's name"
        for what, name in (("project", project), ("stack", stack))
        if not re.fullmatch(NAME, name)
    ]
    most = max_stack_chars(project)
    if len(stack) > most:
        faults.append(
            f"  stack name: {stack!r} must have at most {most} characters: with the project's name {project!r} before "
            f"it, the name of the function's role then reaches IAM's limit of {MAX_ROLE_NAME_CHARS}"
        )
    if faults:
        raise SettingsError(faults)
