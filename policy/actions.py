"""The IAM actions that a statement may grant: those that this kind of pipeline may need of its services.

AWS accepts a misspelt action silently, and it grants nothing. Source, and where to look before you add one:
https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

NAMES = {
    "dynamodb": "BatchGetItem BatchWriteItem DeleteItem DescribeStream DescribeTable GetItem GetRecords "
    "GetShardIterator ListStreams PutItem Query Scan UpdateItem",
    "ec2": "AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces "
    "DescribeSubnets UnassignPrivateIpAddresses",
    "ecr": "BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload DescribeImages GetAuthorizationToken "
    "GetDownloadUrlForLayer InitiateLayerUpload PutImage UploadLayerPart",
    "kms": "Decrypt DescribeKey Encrypt GenerateDataKey GenerateDataKeyPair GenerateDataKeyPairWithoutPlaintext "
    "GenerateDataKeyWithoutPlaintext",
    "logs": "CreateLogStream DescribeLogStreams PutLogEvents",
    "sns": "Publish",
    "sqs": "ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ReceiveMessage SendMessage",
    "sts": "AssumeRole",
    "xray": "GetSamplingRules GetSamplingTargets PutTelemetryRecords PutTraceSegments",
}
KNOWN = {f"{service}:{name}" for service, names in NAMES.items() for name in names.split()}

# The service authorization reference lists no resource type for these, so only "*" works. Lambda requires EC2's on "*"
# in the function's role: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
WITHOUT_RESOURCE = {"dynamodb:ListStreams", "ecr:GetAuthorizationToken"} | {
    action for action in KNOWN if action.startswith(("xray:", "ec2:"))
}
