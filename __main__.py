"""Self-hosted sentiment analysis on AWS: texts on a queue, results in a table. One stack per environment."""

import pulumi

from components.alarms import Alarms, AlarmsArgs
from components.dashboard import Dashboard, DashboardArgs
from components.deployed import Deployed
from components.function import Function, FunctionArgs
from components.image import Image, ImageArgs
from components.kept_data import check_keys, check_repository, table_name_of
from components.provisioned_concurrency import ProvisionedConcurrency, ProvisionedConcurrencyArgs, may_start
from components.queue import Queue, QueueArgs
from components.signals import SignalsArgs, signals_of
from components.table import Table, TableArgs
from components.tags import tag_all_resources
from components.topic import Topic, TopicArgs
from settings import Settings, listed

settings = Settings.load()
tag_all_resources()
deployed = Deployed.load()
former_keys = listed(settings.former_kms_key_arns)
table_name = table_name_of(settings.table_name, deployed)
check_keys(settings.kms_key_arn, settings.data_kms_key_arn, former_keys, deployed)
check_repository(settings.data_kms_key_arn, not settings.deletion_protection, deployed)

# Producers send to the queue. A message stays hidden for six times as long as a batch may take, as AWS advises.
queue = Queue(
    "queue",
    QueueArgs(
        visibility_timeout_seconds=6 * settings.timeout_seconds + settings.batch_window_seconds,
        max_receive_count=settings.max_receive_count,
        retention_days=settings.queue_retention_days,
        dlq_retention_days=settings.dlq_retention_days,
        kms_key_arn=settings.kms_key_arn,
        former_key_arns=former_keys,
        send_accounts=listed(settings.send_accounts),
        send_topic_arns=listed(settings.send_topic_arns),
        deletion_protection=settings.deletion_protection,
    ),
)

# Consumers read the results from the table.
table = Table(
    "results",
    TableArgs(
        table_name=table_name,
        point_in_time_recovery=settings.point_in_time_recovery,
        deletion_protection=settings.deletion_protection,
        expires=settings.result_ttl_days > 0,
        kms_key_arn=settings.data_kms_key_arn,
        former_key_arns=former_keys,
        stream=settings.result_stream,
    ),
)

# The function classifies. Its image is built here, or was proven by another stack.
image = Image(
    "image",
    ImageArgs(
        model_id=settings.model_id,
        model_revision=settings.model_revision,
        backend=settings.inference_backend,
        architecture=settings.architecture,
        base_image=settings.base_image,
        package_index_url=settings.package_index_url,
        extra_package_index_url=settings.extra_package_index_url,
        model_hub_url=settings.model_hub_url,
        promoted=settings.image_uri,
        kms_key_arn=settings.data_kms_key_arn,
        disposable=not settings.deletion_protection,
        pull_accounts=listed(settings.pull_accounts),
        deployed=deployed,
    ),
)
function = Function(
    "function",
    FunctionArgs(
        image_uri=image.uri,
        architecture=settings.architecture,
        memory_mb=settings.memory_mb,
        timeout_seconds=settings.timeout_seconds,
        ephemeral_storage_mb=settings.ephemeral_storage_mb,
        log_level=settings.log_level,
        log_retention_days=settings.log_retention_days,
        tracing=settings.tracing,
        reserved_concurrency=settings.reserved_concurrency,
        subnet_ids=listed(settings.subnet_ids),
        security_group_ids=listed(settings.security_group_ids),
        leaves_vpc=bool(deployed.output("aws:lambda/function:Function", "function", "vpcConfig")),
        permissions_boundary_arn=settings.permissions_boundary_arn,
        kms_key_arn=settings.data_kms_key_arn,
        environment={
            "RESULTS_TABLE": table.resource.name,
            "DEAD_LETTER_QUEUE_URL": queue.dead_letters.url,
            "MAX_RECEIVE_COUNT": str(settings.max_receive_count),
            "RESULT_TTL_DAYS": str(settings.result_ttl_days),
            "STORE_TEXT": str(settings.store_text).lower(),
        },
        permissions=[*queue.process, *table.write],
        queue_arn=queue.source.arn,
        batch_size=settings.batch_size,
        batch_window_seconds=settings.batch_window_seconds,
        max_concurrency=settings.max_concurrency,
        minimum_pollers=settings.minimum_pollers,
        maximum_pollers=settings.maximum_pollers,
        consume=settings.consume,
        stable_version=settings.stable_version,
        canary_percent=settings.canary_percent if settings.canary else 0,
    ),
)
shifting = settings.canary and settings.stable_version > 0 and settings.canary_percent > 0
if settings.provisioned_concurrency and may_start(deployed, "warm", shifting):
    ProvisionedConcurrency(
        "warm",
        ProvisionedConcurrencyArgs(
            function_name=function.resource.name,
            alias_name=function.alias.name,
            minimum=settings.provisioned_concurrency,
            maximum=settings.provisioned_concurrency_max,
            shifting=shifting,
        ),
    )

# Alarms and a dashboard for the operator.
signals = signals_of(
    SignalsArgs(
        function_name=function.resource.name,
        alias_name=function.alias.name,
        queue_name=queue.source.name,
        dlq_name=queue.dead_letters.name,
        table_name=table.resource.name,
        timeout_seconds=settings.timeout_seconds,
        provisioned=settings.provisioned_concurrency > 0,
        errors=settings.errors_threshold,
        throttles=settings.throttles_threshold,
        duration_percent=settings.duration_threshold_percent,
        inference_ms=settings.inference_latency_threshold_ms,
        queue_age_seconds=settings.queue_age_threshold_seconds,
        dlq_depth=settings.dlq_depth_threshold,
        canary_version=function.resource.version if shifting else None,
    )
)
topic_arn = (
    settings.alarm_topic_arn
    or Topic("alarm-topic", TopicArgs(email=settings.alarm_email, kms_key_arn=settings.data_kms_key_arn)).arn
)
Alarms("alarm", AlarmsArgs(topic_arn=topic_arn, runbook_url=settings.runbook_url, signals=signals))
dashboard = Dashboard(
    "dashboard",
    DashboardArgs(dashboard_name=f"{pulumi.get_project()}-{pulumi.get_stack()}", signals=signals),
)

pulumi.export("queueUrl", queue.source.url)
pulumi.export("queueArn", queue.source.arn)
pulumi.export("deadLetterQueueUrl", queue.dead_letters.url)
pulumi.export("deadLetterQueueArn", queue.dead_letters.arn)
pulumi.export("tableName", table.resource.name)
pulumi.export("functionName", function.resource.name)
pulumi.export("aliasArn", function.alias.arn)
pulumi.export("imageUri", image.uri)
pulumi.export("repositoryUrl", image.repository_url)
pulumi.export("dashboardUrl", dashboard.url)
pulumi.export("alarmTopicArn", topic_arn)
pulumi.export("producerPolicyArn", queue.producer_policy.arn)
pulumi.export("readerPolicyArn", table.reader_policy.arn)
if settings.result_stream:
    pulumi.export("resultStreamArn", table.resource.stream_arn)
pulumi.export("newestVersion", function.resource.version)
