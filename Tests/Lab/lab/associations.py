"""What strongSwan and libreswan say of their SAs, and what their logs complain of."""

import re
from typing import NamedTuple

# None of these words stands in the log of a charon with which all is well.
COMPLAINT = re.compile(
    r"fail|error|invalid|ignor|not acceptable|unacceptable|unable|mismatch|unexpected|denied"
    r"|giving up|retransmit|not found|no matching|unsupported|malformed|bad ", re.IGNORECASE)
BEGUN = "00[JOB] spawning"


def complaints(log):
    """The lines of charon's log, after its start, that tell of something amiss."""
    lines = log.splitlines()
    begun = next((number for number, line in enumerate(lines) if BEGUN in line), 0)
    return [line for line in lines[begun:] if COMPLAINT.search(line)]


class Standing(NamedTuple):
    """The SAs of a daemon that stand, by names that change when they are rekeyed."""

    ike: frozenset
    child: frozenset

    @property
    def settled(self):
        """One of each, or nothing: nothing is under way."""
        return len(self.ike) == len(self.child) <= 1


def of_charon(daemon):
    """By SPIs, from `swanctl --list-sas`."""
    text = daemon.swanctl("--list-sas", "--raw")
    return Standing(
        frozenset(re.findall(r"state=ESTABLISHED [^{}]*?initiator-spi=([0-9a-f]{16})", text)),
        frozenset(re.findall(r"state=INSTALLED [^{}]*?spi-in=([0-9a-f]{8})", text)))


def of_pluto(daemon):
    """By the numbers of its states, from `whack --showstates`."""
    text = daemon.whack("--showstates")
    return Standing(*(
        frozenset(re.findall(rf"#(\d+): .*STATE_V2_ESTABLISHED_{kind}_SA", text))
        for kind in ("IKE", "CHILD")))
