"""Rules on access: no public access, least privilege, no misspelt actions."""

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
    """No policy, permission or function URL allows public access."""
    for statement in allowed(resource):
        principal = statement.get("Principal", {})
        named = principal.values() if isinstance(principal, Mapping) else [principal]
        if "NotPrincipal" in statement or any("*" in as_list(value) for value in named):
            yield f"statement {sid(statement)} allows everyone"
    if resource.get("principal") == "*" or resource.get("authorizationType") == "NONE":
        yield "lets everyone invoke the function"


@resource_rule(*GRANTS)
def grants_name_their_actions(resource: Props) -> Iterator[str]:
    """A statement allows actions by existing names: AWS accepts any name, but a misspelt one grants nothing."""
    for statement in allowed(resource):
        if "NotAction" in statement:
            yield f"statement {sid(statement)} allows all actions but some (NotAction)"
        for action in as_list(statement.get("Action")):
            if action not in KNOWN:
                yield f"statement {sid(statement)} allows {action!r}, which policy/actions.py does not know"


@resource_rule(*GRANTS)
def grants_name_their_resources(resource: Props) -> Iterator[str]:
    """A statement allows actions on resources by full ARNs; on "*" only actions that have no resource."""
    for statement in allowed(resource):
        wide = "NotResource" in statement or not all(map(_names_one, as_list(statement.get("Resource"))))
        if wide and (actions := sorted(set(as_list(statement.get("Action"))) - WITHOUT_RESOURCE)):
            yield f"statement {sid(statement)} allows {', '.join(actions)} on more than named resources"


@resource_rule(KEY, QUEUE, QUEUE_POLICY, TOPIC, TOPIC_POLICY, REPOSITORY_POLICY)
def services_act_for_named_accounts(resource: Props) -> Iterator[str]:
    """An AWS service may act only on behalf of named accounts; else it would act for anyone (the confused deputy)."""
    for statement in allowed(resource):
        principal = statement.get("Principal")
        if isinstance(principal, Mapping) and "Service" in principal and not _names_accounts(statement):
            yield f"statement {sid(statement)} allows {principal['Service']} on behalf of any account"


@resource_rule(QUEUE, QUEUE_POLICY)
def others_only_send_to_a_queue(resource: Props) -> Iterator[str]:
    """A queue's policy lets others send and do nothing else, and SNS for topics that it names."""
    for statement in allowed(resource):
        if more := sorted(KNOWN & set(as_list(statement.get("Action"))) - {"sqs:SendMessage"}):
            yield f"statement {sid(statement)} allows {', '.join(more)}, but must allow only sqs:SendMessage"
        service = statement["Principal"].get("Service") if isinstance(statement.get("Principal"), Mapping) else None
        by_arn = [statement.get("Condition", {}).get(operator, {}) for operator in ("ArnEquals", "ArnLike")]
        topics = [arn for condition in by_arn for arn in as_list(condition.get("aws:SourceArn"))]
        if service and not (topics and all(_names_one(arn) and ":sns:" in arn for arn in topics)):
            yield f"statement {sid(statement)} allows {service} without complete topic ARNs in aws:SourceArn"


@resource_rule(KEY)
def key_is_administered_by_its_account_alone(key: Props) -> Iterator[str]:
    """A key's policy allows every action only to the account's root; without that, nobody could change it."""
    administered = not key.get("policy")  # KMS's default policy then allows it
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
    """A role has only its stack's own policies: AWS managed policies allow more than needed, and change."""
    for arn in [*as_list(resource.get("managedPolicyArns")), *as_list(resource.get("policyArn"))]:
        if ":iam::aws:policy/" in arn:
            yield f"{arn} is not from this stack"


def _names_one(arn: str) -> bool:
    """Whether an ARN names one resource; a log group's streams have no names yet, so theirs may end in ":*"."""
    named = arn.removesuffix(":*")
    return named.count(":") >= 5 and not set("*?") & set(named)


def _names_accounts(statement: Statement) -> bool:
    """Whether a statement's conditions restrict, by account id, for whom a service acts."""
    sources = [
        source
        for operator, conditions in statement.get("Condition", {}).items()
        for key, values in conditions.items()
        for source in as_list(values)
        if operator in ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
        and key.lower() in ("aws:sourceaccount", "aws:sourcearn")
    ]
    return bool(sources) and all(re.search(r"(?<!\d)\d{12}(?!\d)", source) for source in sources)
