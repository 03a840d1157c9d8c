"""The Celery application that API and workers share: names, broker and what is switched off."""

from __future__ import annotations

from celery import Celery
from kombu.entity import Queue

EXECUTE = "watchbill.execute"
PROVIDER_TEST = "watchbill.provider_test"
TOOL_TRIAL = "watchbill.tool_trial"


def celery_app(broker_url: str) -> Celery:
    """An application on this broker. Results are not kept: what a task does is told by the journal or by a
    reply key."""
    app = Celery("watchbill", broker=broker_url)
    app.conf.update(
        task_ignore_result=True,
        task_default_queue="watchbill",
        # Nothing is lost with a message: workers find executions by their sweep, and whoever tests a provider
        # is told that no worker answered. To acknowledge each would be six commands to Redis.
        task_queues=[Queue("watchbill", routing_key="watchbill", no_ack=True)],
        task_serializer="json",
        accept_content=["json"],
        broker_transport_options={
            "global_keyprefix": "wb:celery:",
            "socket_connect_timeout": 5,
            "socket_timeout": 5,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        # A server that refuses, such as a replica after a failover or one that is full, is tried again too.
        # Otherwise it ends the worker, and what it was doing is done again.
        broker_channel_error_retry=True,
        worker_prefetch_multiplier=64,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_max": 0.2},
    )
    return app
