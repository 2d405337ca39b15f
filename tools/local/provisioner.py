"""Creates, in the embedded cloud, the resources that messages pass through, from the program's registrations."""

import json
from collections.abc import Mapping
from typing import Any

from tools.local.cloud import Cloud
from tools.local.recorder import Project, Recorder

Inputs = Mapping[str, Any]


class Provisioner(Recorder):
    """A recorder that creates queues, table, logs and roles in a cloud, and only records everything else.

    moto has no redrive-allow policy, and an event source mapping in moto would consume the messages.
    """

    def __init__(self, project: Project, stack: str, region: str, cloud: Cloud):
        super().__init__(project, stack, region)
        self._sqs, self._dynamodb, self._iam, self._logs = map(cloud.client, ("sqs", "dynamodb", "iam", "logs"))
        self._creators = {
            "aws:sqs/queue:Queue": self._queue,
            "aws:sqs/queuePolicy:QueuePolicy": self._queue_policy,
            "aws:dynamodb/table:Table": self._table,
            "aws:iam/role:Role": self._role,
            "aws:iam/rolePolicy:RolePolicy": self._role_policy,
            "aws:iam/policy:Policy": self._policy,
            "aws:cloudwatch/logGroup:LogGroup": self._log_group,
        }

    def create(self, type_: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
        creator = self._creators.get(type_)
        return creator(self.physical_name(name), inputs) if creator else {}

    def _queue(self, name: str, inputs: Inputs) -> dict[str, Any]:
        given = {
            "MaximumMessageSize": inputs.get("maxMessageSize", 262_144),  # the provider's default, not SQS's
            "VisibilityTimeout": inputs.get("visibilityTimeoutSeconds"),
            "MessageRetentionPeriod": inputs.get("messageRetentionSeconds"),
            "ReceiveMessageWaitTimeSeconds": inputs.get("receiveWaitTimeSeconds"),
            "RedrivePolicy": inputs.get("redrivePolicy"),
            "KmsMasterKeyId": inputs.get("kmsMasterKeyId"),
            "SqsManagedSseEnabled": inputs.get("sqsManagedSseEnabled"),
        }
        attributes = {
            key: value if isinstance(value, str) else json.dumps(value)
            for key, value in given.items()
            if value is not None
        }
        url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        answer = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return {"id": url, "url": url, "name": name, "arn": answer["Attributes"]["QueueArn"]}

    def _queue_policy(self, name: str, inputs: Inputs) -> dict[str, Any]:
        self._sqs.set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={"Policy": inputs["policy"]})
        return {}

    def _table(self, name: str, inputs: Inputs) -> dict[str, Any]:
        viewed = {"StreamViewType": inputs["streamViewType"]} if inputs.get("streamEnabled") else {}
        table = self._dynamodb.create_table(
            TableName=inputs["name"],
            BillingMode=inputs["billingMode"],
            KeySchema=[{"AttributeName": inputs["hashKey"], "KeyType": "HASH"}],
            AttributeDefinitions=[
                {"AttributeName": attribute["name"], "AttributeType": attribute["type"]}
                for attribute in inputs["attributes"]
            ],
            StreamSpecification={"StreamEnabled": bool(viewed), **viewed},
        )["TableDescription"]
        if ttl := inputs.get("ttl"):
            self._dynamodb.update_time_to_live(
                TableName=inputs["name"],
                TimeToLiveSpecification={"Enabled": ttl["enabled"], "AttributeName": ttl["attributeName"]},
            )
        return {"id": inputs["name"], "arn": table["TableArn"], "streamArn": table.get("LatestStreamArn", "")}

    def _role(self, name: str, inputs: Inputs) -> dict[str, Any]:
        role = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=inputs["assumeRolePolicy"])["Role"]
        return {"id": name, "name": name, "arn": role["Arn"]}

    def _role_policy(self, name: str, inputs: Inputs) -> dict[str, Any]:
        self._iam.put_role_policy(RoleName=inputs["role"], PolicyName=name, PolicyDocument=inputs["policy"])
        return {}

    def _policy(self, name: str, inputs: Inputs) -> dict[str, Any]:
        policy = self._iam.create_policy(PolicyName=name, PolicyDocument=inputs["policy"])["Policy"]
        return {"id": policy["Arn"], "arn": policy["Arn"]}

    def _log_group(self, name: str, inputs: Inputs) -> dict[str, Any]:
        self._logs.create_log_group(logGroupName=name)
        self._logs.put_retention_policy(logGroupName=name, retentionInDays=inputs["retentionInDays"])
        group = self._logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0]
        return {"id": name, "name": name, "arn": group["arn"].removesuffix(":*")}
