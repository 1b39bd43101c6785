"""Asks a peer about every suite that has a name, one by one."""

import itertools
import pathlib
import sys
import time

from .network import ADDRESS
from .suites import AEAD, ENCRYPTION, INTEGRITY, KEY_EXCHANGE, PRF, Suite

PROGRAM = pathlib.Path(__file__).with_name("offer.py")


def every():
    for encryption in ENCRYPTION.values():
        integrity = [None] if encryption[0] in AEAD else INTEGRITY.values()
        yield from (Suite(encryption, *choice) for choice in
                    itertools.product(integrity, PRF.values(), KEY_EXCHANGE.values()))


def line(suite):
    words = ["-" if value is None else str(value)
             for value in (*suite.encryption, *suite[1:])]
    return " ".join(words)


def verify(lab, peer):
    """What the daemon accepts otherwise than `probe_peers` has it, in words."""
    peer.start(lab.b)
    time.sleep(0.5)
    named = {line(suite): suite for suite in every()}
    output = lab.a.run(sys.executable, str(PROGRAM), ADDRESS["b"], timeout=300,
                       input="".join(f"{text}\n" for text in named))
    accepted = {named[text] for text in output.splitlines()}
    wrong = [f"refuses {suite}" for suite in sorted(map(str, peer.suites - accepted))]
    wrong += [f"accepts {suite}" for suite in sorted(map(str, accepted - peer.suites))]
    return ", ".join(wrong)
