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


def sent(path, source):
    """The IPv4 packets of one address in a capture of Ethernet."""
    data, offset, times, largest, fragments = path.read_bytes(), 24, [], 0, 0
    while offset + 16 <= len(data):
        seconds, microseconds, length = struct.unpack_from("<III", data, offset)
        frame = data[offset + 16:offset + 16 + length]
        offset += 16 + length
        if frame[12:14] != b"\x08\x00" or frame[26:30] != bytes(map(int, source.split("."))):
            continue
        if struct.unpack_from("!H", frame, 20)[0] & 0x1FFF:
            fragments += 1
            continue
        times.append(seconds + microseconds / 1e6)
        if frame[23] == 17:
            largest = max(largest, struct.unpack_from("!H", frame, 38)[0] - 8)
    most = max((sum(first <= time < first + 1 for time in times) for first in times), default=0)
    return Sent(len(times), largest, fragments, most)
