"""Asks a responder about one suite after the other, so that nothing needs to be inferred.

The key exchange payload is always of MODP-768, which no daemon here takes: a responder that accepts
the suite answers INVALID_KE_PAYLOAD with its group, and keeps no state; one that does not answers
NO_PROPOSAL_CHOSEN. Run as a program, in the peer's lab: offer.py TARGET, with one suite a line on
standard input, as numbers (`12,256 12 5 14`, `-` for what is absent); it prints the accepted ones.
"""

import os
import socket
import struct
import sys

TRIES = 5
WAIT = 0.5
MODP768 = struct.pack("!HH", 1, 0) + b"\x55" * 96

# RFC 7296, section 3.10.1.
INVALID_KE_PAYLOAD, NO_PROPOSAL_CHOSEN, COOKIE = 17, 14, 16390


def transform(kind, number, bits, last):
    attribute = struct.pack("!HH", 0x800E, bits) if bits else b""
    return struct.pack("!BBHBBH", 0 if last else 3, 0, 8 + len(attribute), kind, 0,
                       number) + attribute


def payload(following, body):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def request(initiator, nonce, suite, cookie=None):
    """An IKE_SA_INIT request with one proposal of one suite (RFC 7296, sections 1.2 and 2.6)."""
    encryption, bits, integrity, prf, key_exchange = suite
    offered = [(1, encryption, bits), (2, prf, None)]
    offered += [(3, integrity, None)] if integrity is not None else []
    offered += [(4, key_exchange, None)]
    transforms = b"".join(
        transform(*one, place == len(offered) - 1) for place, one in enumerate(offered))
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, len(offered))
    first, body = 33, payload(34, proposal + transforms) + payload(40, MODP768) + payload(0, nonce)
    if cookie is not None:
        first, body = 41, payload(33, struct.pack("!BBH", 0, 0, COOKIE) + cookie) + body
    return initiator + struct.pack(
        "!QBBBBII", 0, first, 0x20, 34, 0x08, 0, 28 + len(body)) + body


def notify(message, initiator):
    """The type and data of an answer's first payload, a Notify; None for another message."""
    if len(message) < 36 or message[:8] != initiator or message[16] != 41:
        return None
    length, = struct.unpack_from("!H", message, 30)
    kind, = struct.unpack_from("!H", message, 34)
    return kind, message[36:28 + length]


def answer(sender, message):
    """What a request is answered with."""
    for _ in range(TRIES):
        sender.send(message)
        try:
            while (said := notify(sender.recv(65535), message[:8])) is None:
                continue
            return said
        except TimeoutError:
            continue
    raise RuntimeError(f"no answer to {message.hex()}")


def accepted(sender, suite):
    """Whether the responder takes a suite; an error when it says nothing, or something else."""
    same = os.urandom(8), os.urandom(32), suite
    said = answer(sender, request(*same))
    if said[0] == COOKIE:
        said = answer(sender, request(*same, cookie=said[1]))
    if said == (INVALID_KE_PAYLOAD, struct.pack("!H", suite[-1])):
        return True
    if said[0] == NO_PROPOSAL_CHOSEN:
        return False
    raise RuntimeError(f"{suite} is answered with {said}")


def values(line):
    words = line.replace(",", " ").split()
    return [None if word == "-" else int(word) for word in words]


def main():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.settimeout(WAIT)
        sender.connect((sys.argv[1], 500))
        for line in sys.stdin:
            if accepted(sender, values(line)):
                print(line.strip())


if __name__ == "__main__":
    main()
