"""Who may do what: no public access, no more than is needed, nothing misspelt."""

import re
from collections.abc import Iterator, Mapping

from policy.actions import KNOWN, WITHOUT_RESOURCE
from policy.rule import QUEUE, TOPIC, Props, as_list, resource_rule
from policy.statements import QUEUE_POLICY, TOPIC_POLICY, Statement, allowed, sid

KEY = "aws:kms/key:Key"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
ROLE = "aws:iam/role:Role"
GRANTS = (
    *(f"aws:iam/{kind}Policy:{kind.capitalize()}Policy" for kind in ("role", "user", "group")),
    "aws:iam/policy:Policy",
    REPOSITORY_POLICY,
    *(QUEUE, QUEUE_POLICY),
    *(TOPIC, TOPIC_POLICY),
    ROLE,
)


@resource_rule()
def nobody_is_let_in_without_a_name(resource: Props) -> Iterator[str]:
    """No policy, permission or function URL allows anyone whatsoever."""
    for statement in allowed(resource):
        principal = statement.get("Principal", {})
        named = principal.values() if isinstance(principal, Mapping) else [principal]
        if "NotPrincipal" in statement or any("*" in as_list(value) for value in named):
            yield f"statement {sid(statement)} allows everybody"
    if resource.get("principal") == "*" or resource.get("authorizationType") == "NONE":
        yield "lets everybody invoke the function"


@resource_rule(*GRANTS)
def grants_name_their_actions(resource: Props) -> Iterator[str]:
    """A statement allows actions by name, and names that exist: AWS takes any, and a misspelt one grants nothing."""
    for statement in allowed(resource):
        if "NotAction" in statement:
            yield f"statement {sid(statement)} allows everything but some (NotAction)"
        for action in as_list(statement.get("Action")):
            if action not in KNOWN:
                yield f"statement {sid(statement)} allows {action!r}, which policy/actions.py does not know"


@resource_rule(*GRANTS)
def grants_name_their_resources(resource: Props) -> Iterator[str]:
    """A statement allows actions on resources by whole ARNs; on "*" only what has no resource to name."""
    for statement in allowed(resource):
        wide = "NotResource" in statement or not all(map(_names_one, as_list(statement.get("Resource"))))
        if wide and (actions := sorted(set(as_list(statement.get("Action"))) - WITHOUT_RESOURCE)):
            yield f"statement {sid(statement)} allows {', '.join(actions)} on more than named resources"


@resource_rule(KEY, QUEUE, QUEUE_POLICY, TOPIC, TOPIC_POLICY, REPOSITORY_POLICY)
def services_act_for_named_accounts(resource: Props) -> Iterator[str]:
    """A service of AWS is let in on behalf of named accounts; else it would act for anybody (the confused deputy)."""
    for statement in allowed(resource):
        principal = statement.get("Principal")
        if isinstance(principal, Mapping) and "Service" in principal and not _names_accounts(statement):
            yield f"statement {sid(statement)} lets {principal['Service']} in, whoever it acts for"


@resource_rule(KEY)
def key_is_administered_by_its_account_alone(key: Props) -> Iterator[str]:
    """A key's policy allows every action to an account's root, or nobody could change it, and to nobody else."""
    administered = not key.get("policy")  # KMS's own policy then says so
    for statement in allowed(key):
        principal = statement.get("Principal", {})
        who = as_list(principal.get("AWS")) if isinstance(principal, Mapping) and set(principal) == {"AWS"} else []
        if any(action in ("*", "kms:*") for action in as_list(statement.get("Action"))):
            if who and all(str(arn).endswith(":root") for arn in who):
                administered = True
            else:
                yield f"statement {sid(statement)} allows every action to {principal}"
    if not administered:
        yield "no statement allows its account every action"


@resource_rule(ROLE, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
def role_has_no_policy_of_aws(resource: Props) -> Iterator[str]:
    """A role has policies of its stack: those that AWS manages allow more than is needed, and change."""
    for arn in [*as_list(resource.get("managedPolicyArns")), *as_list(resource.get("policyArn"))]:
        if ":iam::aws:policy/" in arn:
            yield f"{arn} is not of this stack"


def _names_one(arn: str) -> bool:
    """Whether an ARN is of one resource; the streams of a log group have no names yet, so that theirs ends in ":*"."""
    named = arn.removesuffix(":*")
    return named.count(":") >= 5 and not set("*?") & set(named)


def _names_accounts(statement: Statement) -> bool:
    """Whether a statement's conditions hold for whom a service acts against account ids."""
    sources = [
        source
        for operator, conditions in statement.get("Condition", {}).items()
        for key, values in conditions.items()
        for source in as_list(values)
        if operator in ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
        and key.lower() in ("aws:sourceaccount", "aws:sourcearn")
    ]
    return bool(sources) and all(re.search(r"(?<!\d)\d{12}(?!\d)", source) for source in sources)
