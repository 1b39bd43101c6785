"""tcpdump at one interface."""

import signal
import subprocess
import time


class Capture:
    """A running tcpdump. Its file is whole once it is stopped."""

    def __init__(self, host, interface, expression):
        self.host = host
        self.path = host.folder / f"{host.namespace}-{interface}-{time.monotonic_ns()}.pcap"
        self.process = host.start(
            "tcpdump", "-i", interface, "-s", "0", "-U", "--immediate-mode", "-Z", "root", "-w",
            str(self.path), expression, stderr=subprocess.PIPE, text=True)
        for line in self.process.stderr:
            if "listening on" in line:
                return
        raise RuntimeError(f"tcpdump in {host.namespace} did not start")

    def stop(self):
        if self.process.poll() is None:
            # tcpdump answers a signal only between packets that it has read.
            time.sleep(0.3)
            self.host.stop(self.process, signal.SIGINT)
