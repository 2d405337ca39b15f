"""The bucket for Pulumi's state, and a key for the bucket and the secrets in the state."""

import pulumi
import pulumi_aws as aws

from components.transport import deny_plain_http


class State(pulumi.ComponentResource):
    """
    Attributes:
        bucket, key: versioned, private and encrypted; kept when the stack is destroyed.
    """

    bucket: aws.s3.Bucket
    key: aws.kms.Key

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None):
        super().__init__("sentiment-analyzer-bootstrap:components:State", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=True)
        self.key = aws.kms.Key(f"{name}-key", description="Pulumi's state", enable_key_rotation=True, opts=kept)
        self.bucket = aws.s3.Bucket(name, opts=kept)
        bucket = self.bucket.id
        aws.s3.BucketVersioning(
            f"{name}-versions", bucket=bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        aws.s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encryption",
            bucket=bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": self.key.arn,
                    },
                    "bucket_key_enabled": True,
                }
            ],
            opts=child,
        )
        aws.s3.BucketPolicy(
            f"{name}-tls-only",
            bucket=bucket,
            policy=pulumi.Output.json_dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [
                        deny_plain_http("s3:*", [self.bucket.arn, pulumi.Output.concat(self.bucket.arn, "/*")])
                    ],
                }
            ),
            opts=child,
        )
        self.register_outputs({"bucket": self.bucket.id, "key": self.key.arn})
