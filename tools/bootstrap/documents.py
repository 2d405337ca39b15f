"""IAM documents: the trust policies and the permissions of a stack's roles."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from components.kept_data import wanted_table_name
from settings import SettingsError
from tools.bootstrap.rights import ANY, DATA_KEY, RIGHTS, STEPS, Grant
from tools.local.program import stack_values
from tools.project import PROJECT

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
REPOSITORY = r"[A-Za-z0-9-]+/[\w.-]+|[A-Za-z0-9-]+@\d+/[\w.-]+@\d+"  # no * or ?, even where IAM treats them literally
SESSION_SECONDS = 2 * 3600  # of a role: a rollout with its bake


def trust(identity_provider_arn: str, repository: str, environment: str) -> str:
    """The trust policy: jobs of one repository in one GitHub environment, which restricts branches and reviewers.

    Args:
        repository: the name in GitHub's tokens: OWNER@ID/NAME@ID, or OWNER/NAME for one from before July 2026 that has
            not opted in (https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims). It does
            not match tokens of the other form, so a recycled name grants nothing.

    Raises:
        SettingsError: it has neither form.
    """
    repository = checked(repository)
    claims = {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": f"repo:{repository}:environment:{environment}"}
    return _document(
        [
            {
                "Effect": "Allow",
                "Principal": {"Federated": identity_provider_arn},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {"StringEquals": claims},
            }
        ]
    )


def checked(repository: str) -> str:
    """The repository without the prefix of GitHub's API; SettingsError if it is not a repository."""
    repository = repository.removeprefix("repo:")
    if not re.fullmatch(REPOSITORY, repository):
        raise SettingsError([f"  repository: {repository!r} must be OWNER@ID/NAME@ID or OWNER/NAME"])
    return repository


def preview(partition: str, account: str, stack: str) -> str:
    """Permissions to read every resource of a stack, and change nothing."""
    return _document(
        _statements([(g, g.read) for grants in RIGHTS.values() for g in grants], partition, account, stack)
    )


def change(partition: str, account: str, stack: str) -> str:
    """Permissions to create, change and delete a stack, in addition to `preview`."""
    return _document(
        _statements([(g, g.write) for grants in RIGHTS.values() for g in grants], partition, account, stack)
    )


def operate(partition: str, account: str, stack: str) -> str:
    """Permissions for a deployment's other steps and the data key; separate: a policy has at most 6,144 characters."""
    return _document(_statements([(g, g.write) for g in (DATA_KEY, *STEPS)], partition, account, stack))


def state(bucket_arn: str, key_arn: str, written_stack: str | None) -> str:
    """Permissions to read Pulumi's state (a preview takes no lock), and to write one stack's, its locks and history."""
    statements = [
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [bucket_arn]},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{bucket_arn}/*"]},
        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key_arn]},
    ]
    if written_stack:
        own = [f"{bucket_arn}/.pulumi/*/{PROJECT}/{written_stack}{rest}" for rest in (".*", "/*")]
        statements += [
            {"Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": own},
            {"Effect": "Allow", "Action": ["kms:Encrypt", "kms:GenerateDataKey"], "Resource": [key_arn]},
        ]
    return _document(statements)


def _statements(granted: Iterable[tuple[Grant, str]], partition: str, account: str, stack: str) -> list[dict[str, Any]]:
    """One statement per resource and condition, with each action once."""
    merged: dict[tuple[str, str], set[str]] = defaultdict(set)
    for grant, actions in granted:
        merged[grant.resource, json.dumps(grant.condition)] |= {f"{grant.service}:{name}" for name in actions.split()}
    names = {"{partition}": partition, "{account}": account, "{stack}": stack, "{table}": _table(stack)}
    return [
        {
            "Effect": "Allow",
            "Action": sorted(actions),
            "Resource": ANY if resource == ANY else f"arn:{partition}:{_fill(resource, names)}",
            **({"Condition": json.loads(_fill(condition, names))} if condition != "{}" else {}),
        }
        for (resource, condition), actions in merged.items()
        if actions
    ]


def _fill(template: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        template = template.replace(name, value)
    return template


def _table(stack: str) -> str:
    """The name of a stack's table according to its file, or the default name if there is no file yet."""
    try:
        table_name = stack_values(stack, {})[f"{PROJECT}:tableName"]
    except FileNotFoundError:
        table_name = ""
    return wanted_table_name(table_name, PROJECT, stack)


def _document(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
