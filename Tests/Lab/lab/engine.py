"""Our IKE engine as a program, `ike-peer`: a command line in, a JSON object an event a line out."""

import json
import subprocess
import threading
import time

from .network import INNER


class Engine:
    """A running engine on one side of a lab.

    `command` are the words that start it, `role` is `initiate` or `respond`, `local` and `remote`
    are addresses, `more` further words.
    """

    def __init__(self, host, command, role, side, local, remote, credentials, ike, esp, more=()):
        inner = INNER[side][0], INNER["b" if side == "a" else "a"][0]
        self.host = host
        self.events = []
        self.said = []
        self.process = host.start(
            *command, role, "--local", local, "--remote", remote, *credentials.of_engine(side),
            "--ike", ike, "--esp", esp, "--ts", "=".join(inner), *more,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for stream, keep in ((self.process.stdout, self.event), (self.process.stderr, self.remark)):
            threading.Thread(target=self.read, args=(stream, keep), daemon=True).start()

    def read(self, stream, keep):
        for line in stream:
            keep(line)

    def event(self, line):
        try:
            self.events.append(json.loads(line))
        except ValueError:
            self.said.append(line)

    def remark(self, line):
        self.said.append(line)

    def count(self, name):
        return sum(event.get("event") == name for event in self.events)

    def wait_for(self, name, seconds, times=1):
        """Wait for so many events of a name; whether they came, and no failure before."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if self.count(name) >= times:
                return True
            if self.count("failed") or self.process.poll() is not None:
                time.sleep(0.2)
                return self.count(name) >= times
            time.sleep(0.05)
        return False

    def wait_until_bound(self, seconds=20):
        """Wait until a responder listens."""
        until = time.monotonic() + seconds
        while ":500 " not in self.host.run("ss", "-Huln"):
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError(f"the engine does not listen: {''.join(self.said)[-2000:]}")
            time.sleep(0.05)

    def end(self, seconds=5):
        """Wait for its end, or bring it about; whether it ended by itself and without a failure."""
        try:
            return self.process.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            self.host.stop(self.process)
