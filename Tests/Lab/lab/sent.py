"""What a probe sent, by the packets themselves."""

import struct
from typing import NamedTuple


class Sent(NamedTuple):
    """`most` is the largest number of packets within one second, `largest` a UDP payload's bytes.

    `fragments` counts IP fragments beyond the first of a datagram.
    """

    packets: int
    largest: int
    fragments: int
    most: int


def frames(path):
    """Time and bytes of every IPv4 frame in a capture of Ethernet."""
    data, offset = path.read_bytes(), 24
    while offset + 16 <= len(data):
        seconds, microseconds, length = struct.unpack_from("<III", data, offset)
        frame = data[offset + 16:offset + 16 + length]
        offset += 16 + length
        if frame[12:14] == b"\x08\x00":
            yield seconds + microseconds / 1e6, frame


def source_of(frame):
    return ".".join(map(str, frame[26:30]))


def sent(path, source):
    """The IPv4 packets of one address."""
    times, largest, fragments = [], 0, 0
    for time, frame in frames(path):
        if source_of(frame) != source:
            continue
        if struct.unpack_from("!H", frame, 20)[0] & 0x1FFF:
            fragments += 1
            continue
        times.append(time)
        if frame[23] == 17:
            largest = max(largest, struct.unpack_from("!H", frame, 38)[0] - 8)
    most = max((sum(first <= time < first + 1 for time in times) for first in times), default=0)
    return Sent(len(times), largest, fragments, most)


def senders_of_ike_fragments(path):
    """The addresses that sent an Encrypted Fragment payload on UDP 4500 (RFC 7383, section 2.5)."""
    return {
        source_of(frame) for _, frame in frames(path)
        if frame[23] == 17 and frame[42:46] == bytes(4) and frame[62:63] == b"\x35"}
