"""All rules of the pack."""

from pulumi_policy import Policy

from policy import access, alarms, encryption, functions, queues, transport

POLICIES: list[Policy] = [
    rule
    for module in (access, alarms, encryption, functions, queues, transport)
    for rule in vars(module).values()
    if isinstance(rule, Policy)
]
