"""The names of project and stack, which are part of every resource's name."""

import re

from settings.rules import SettingsError

NAME = r"[a-z0-9]+(-[a-z0-9]+)*"  # what ECR takes in a repository's name, without what SQS and Lambda refuse
MAX_ROLE_NAME_CHARS = 64  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
LONGEST = "{project}-{stack}-function-role-000000"  # of the names that IAM limits; autonaming adds six digits


def max_stack_chars(project: str) -> int:
    """How long a stack's name may be for the names of all resources to fit AWS's limits."""
    return MAX_ROLE_NAME_CHARS - len(LONGEST.format(project=project, stack=""))


def check_names(project: str, stack: str) -> None:
    """Refuse names that AWS would refuse in the names of the resources, half-way through an update.

    Raises:
        SettingsError: with what is allowed.
    """
    allowed = "must be a-z, 0-9 and single hyphens between them"
    faults = [
        f"  {what} name: {name!r} {allowed}: it is part of the resources' names"
        for what, name in (("project", project), ("stack", stack))
        if not re.fullmatch(NAME, name)
    ]
    most = max_stack_chars(project)
    if len(stack) > most:
        faults.append(
            f"  stack name: {stack!r} must have {most} characters at most: with the project's name {project!r} before "
            f"it, the name of the function's role then has IAM's {MAX_ROLE_NAME_CHARS}"
        )
    if faults:
        raise SettingsError(faults)
