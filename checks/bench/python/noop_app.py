"""Celery with a no-op task, in the settings that its documentation gives for many short tasks."""

import os

from celery import Celery
from celery.signals import worker_process_init

from control import WorkReport

app = Celery("bench", broker=os.environ["REDIS_URL"])
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=100,
    worker_disable_rate_limits=True,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
)

report = WorkReport()


@worker_process_init.connect
def start_report(**_):
    if "BENCH_CONTROL" in os.environ:
        report.start()


@app.task(name="noop")
def noop(payload):
    report.handle(payload["at"])
