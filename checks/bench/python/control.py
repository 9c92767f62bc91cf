"""What controlled.ts, moment.ts and work-report.ts are, for the programs in Python."""

import json
import os
import socket
import threading
import time


def now_ms():
    """Of the clock that Node.js reads too."""
    return time.clock_gettime(time.CLOCK_MONOTONIC) * 1000


def obey(role, commands):
    """Answers the harness until it hangs up."""
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(os.environ["BENCH_CONTROL"])
    lines = connection.makefile("rw", encoding="utf-8")

    def say(**line):
        lines.write(json.dumps(line) + "\n")
        lines.flush()

    say(role=role, pid=os.getpid())
    for line in lines:
        asked = json.loads(line)
        try:
            say(id=asked["id"], result=commands[asked["command"]](**asked["args"]))
        except Exception as error:  # The harness decides what a failure means.
            say(id=asked["id"], error=repr(error))


class WorkReport:
    """Counts handlers and their latencies, and holds them while the gate is shut."""

    def __init__(self):
        self.count = 0
        self.latencies_ms = []
        self.gate = threading.Event()
        self.gate.set()

    def handle(self, at):
        self.latencies_ms.append(now_ms() - at)
        self.count += 1
        self.gate.wait()

    def open(self):
        self.gate.set()
        return now_ms()

    def latencies(self):
        noted, self.latencies_ms, self.count = self.latencies_ms, [], 0
        return noted

    def start(self):
        commands = {
            "handled": lambda: self.count,
            "shut": self.gate.clear,
            "open": self.open,
            "latencies": self.latencies,
        }
        threading.Thread(target=obey, args=("worker", commands), daemon=True).start()
