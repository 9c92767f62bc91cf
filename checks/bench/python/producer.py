"""What producer-process.ts is, for Celery."""

import threading
import time

from control import now_ms, obey
from noop_app import app, noop

TEXT = "x" * 64

# The interpreter runs one thread at a time: more of them submit no faster.
THREADS = 4


def submit():
    noop.delay({"at": now_ms(), "text": TEXT})


def run(tasks=None, forMs=None):
    began_ms = now_ms()
    lock = threading.Lock()
    called = 0

    def may_call():
        nonlocal called
        with lock:
            if tasks is not None and called >= tasks or forMs is not None and now_ms() - began_ms >= forMs:
                return False
            called += 1
            return True

    def lane():
        while may_call():
            submit()

    threads = [threading.Thread(target=lane) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"count": called, "beganMs": began_ms, "endedMs": now_ms()}


def spaced(tasks, gapMs):
    for _ in range(tasks):
        time.sleep(gapMs / 1000)
        submit()


def paced(tasks, perSecond):
    began_ms = now_ms()
    for count in range(tasks):
        time.sleep(max(0, began_ms + count * 1000 / perSecond - now_ms()) / 1000)
        submit()


def settled():
    with app.pool.acquire(block=True) as connection:
        redis = connection.default_channel.client
        while redis.llen("celery") + redis.hlen("unacked") > 0:
            time.sleep(0.003)
    return now_ms()


obey(
    "producer",
    {
        "singles": lambda atOnce, **extent: run(**extent),
        # It has no way to send many: they go one by one.
        "batches": lambda atOnce, size, **extent: run(**extent),
        "spaced": spaced,
        "paced": paced,
        "settled": settled,
    },
)
