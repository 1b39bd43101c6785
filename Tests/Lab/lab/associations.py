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
    """The SAs of a daemon that stand, by their SPIs: of IKE the initiator's, of Child SAs the
    daemon's inbound one."""

    ike: frozenset
    child: frozenset


def of_charon(daemon):
    """From `swanctl --list-sas`."""
    text = daemon.swanctl("--list-sas", "--raw")
    return Standing(
        frozenset(re.findall(r"state=ESTABLISHED [^{}]*?initiator-spi=([0-9a-f]{16})", text)),
        frozenset(re.findall(r"state=INSTALLED [^{}]*?spi-in=([0-9a-f]{8})", text)))
