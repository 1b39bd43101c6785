"""A tunnel that stands, its traffic, and the moments of what is done to it."""

import struct
import subprocess
import time

from .charon import VERSION, Charon, tunnel
from .network import INNER


class Session:
    """Both daemons with the tunnel set up, captured at both ends from the first message on.

    `a` and `b` change the sides' connections, in the words of `tunnel`; `settings_a` and
    `settings_b` are lines for strongswan.conf. `before` is called between B's start and A's.
    """

    def __init__(self, lab, a=None, b=None, settings_a="", settings_b="", before=None):
        self.lab = lab
        self.b = Charon(lab.b, tunnel("b", **(b or {})), settings_b)
        if before:
            before()
        # The tunnel's ends, and what R says to them; not what leaks once the tunnel is gone.
        self.at_a = lab.capture(lab.a, expression="ip and (host 10.2.0.2 or dst host 10.1.0.2)")
        self.at_b = lab.capture(lab.b, expression="ip and host 10.2.0.2")
        self.a = Charon(lab.a, tunnel("a", **(a or {})), settings_a)
        if not self.a.initiate():
            raise RuntimeError(f"the tunnel does not stand: {self.a.log()[-2000:]}")

    def pings(self, side="a", interval=1.0, count=1000, size=56):
        """Send echoes through the tunnel from one side, in the background."""
        host, other = (self.lab.a, "b") if side == "a" else (self.lab.b, "a")
        return host.start(
            "ping", "-q", "-n", "-i", str(interval), "-c", str(count), "-s", str(size), "-M", "do",
            "-I", INNER[side][1], INNER[other][1], stdout=subprocess.DEVNULL)

    def second(self, moment=None):
        """How many seconds after the first captured frame a `time.time()`, or now, is."""
        return second(self.at_a, moment or time.time())

    def keep(self, index, side, slug, scenario, content, finding="", info=""):
        index.keep(self.at_a if side == "a" else self.at_b, slug, scenario, content,
                   finding=finding, info=info, origin=VERSION, keys=self.a.keys())

    def keep_both(self, index, slug, scenario, content, finding="", info=""):
        for side in "ab":
            self.keep(
                index, side, f"{slug}-at-{side}", scenario,
                f"{content}; captured at {side.upper()} from the first message on", finding, info)


def second(capture, moment):
    """How many seconds after the first captured frame a `time.time()` is."""
    with open(capture.path, "rb") as file:
        seconds, microseconds = struct.unpack("<II", file.read(32)[24:])
    return moment - seconds - microseconds / 1e6


def await_line(daemon, words, seconds, times=1):
    """Wait until a daemon's log has these words so many times; the moment, as of `time.time()`."""
    until = time.monotonic() + seconds
    while daemon.log().count(words) < times:
        if time.monotonic() > until:
            raise RuntimeError(f"no {words!r} within {seconds} s: {daemon.log()[-2000:]}")
        time.sleep(0.05)
    return time.time()
