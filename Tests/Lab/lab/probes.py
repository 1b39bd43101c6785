"""One run of a probe against a peer, measured from outside."""

import json
import re
import subprocess
import time
from typing import NamedTuple

from .cryptolyzer import Cryptolyzer
from .judging import Answer, Verdict, judge, ours
from .network import ADDRESS
from .sent import Sent, sent

TOOLS = ("ipsecdiag", "cryptolyzer", "ike-scan")

# What R drops of all that it forwards, in nftables' words and at which priority.
CONDITIONS = {
    "no loss": None,
    "10 % loss": ("numgen random mod 100 < 10", 0),
    "fragments dropped": ("ip frag-off & 0x1fff != 0", -450),
}

# One run of any tool ends by itself long before.
LIMIT = 120


class Result(NamedTuple):
    """`verdict` is None for ike-scan, whose one answer `note` tells; `note` is else what is wrong.

    `exit` is an exit code where the run was a process of its own.
    """

    peer: str
    condition: str
    tool: str
    verdict: Verdict
    note: str
    seconds: float
    sent: Sent
    exit: int
    said: dict
    vast: bool

    def record(self):
        verdict = self.verdict and self.verdict.value
        return {**self._asdict(), "verdict": verdict, "sent": self.sent._asdict()}


class Bench:
    """A lab with a peer that is started anew for every run."""

    def __init__(self, lab, peer, condition, binary):
        self.lab, self.peer, self.condition, self.binary = lab, peer, condition, binary
        self.cryptolyzer = None
        if CONDITIONS[condition]:
            match, priority = CONDITIONS[condition]
            hook = "prerouting" if priority else "forward"
            lab.r.drop(match, hook=hook, priority=priority)

    def run(self, tool):
        measured = {"ipsecdiag": self.ours, "cryptolyzer": self.theirs, "ike-scan": self.scan}[tool]
        if tool == "cryptolyzer" and self.cryptolyzer is None:
            self.cryptolyzer = Cryptolyzer(self.lab.a)
        daemon = self.peer.start(self.lab.b)
        time.sleep(0.3)
        capture = self.lab.capture(
            self.lab.a, expression=f"ip and host {ADDRESS['b']} and not icmp")
        try:
            answer, seconds, code = measured()
        finally:
            capture.stop()
            daemon.stop()
        counted = sent(capture.path, ADDRESS["a"])
        capture.path.unlink()
        if isinstance(answer, Answer):
            verdict, note = judge(self.peer.suites, answer)
            said = answer.said
        else:
            verdict, note, said = None, answer, {}
        return Result(self.peer.name, self.condition, tool, verdict, note, seconds, counted, code,
                      said, self.peer.vast)

    def process(self, *words):
        """What a program prints, how many seconds it takes, and its exit code."""
        began = time.monotonic()
        done = subprocess.run(self.lab.a.inside(words), capture_output=True, text=True,
                              timeout=LIMIT)
        return done, time.monotonic() - began, done.returncode

    def ours(self):
        done, seconds, code = self.process(
            str(self.binary), "probe", "--enumerate", "--json", ADDRESS["b"])
        try:
            answer = ours(done.stdout)
        except (ValueError, KeyError, TypeError) as error:
            said = (done.stderr or done.stdout)[-300:].strip().replace("\n", " | ")
            answer = Answer(None, None, said={"unread": f"{error!r} in {said}"})
        return answer, seconds, code

    def theirs(self):
        return *self.cryptolyzer.ciphers(ADDRESS["b"]), 0

    def scan(self):
        done, *rest = self.process("ike-scan", "--ikev2", "--sport=0", ADDRESS["b"])
        said = re.search(r"^[0-9.]+\t(.*?) HDR=", done.stdout, re.MULTILINE)
        return said[1] if said else "no answer", *rest
