"""Sends packets of a capture again, as another station behind the last router would.

    replay.py CAPTURE INTERFACE COUNT

The first COUNT frames of ESP from 10.1.0.2, the bytes unchanged but for the sender's MAC address,
a TTL lower by 3, and the header checksum that goes with it.
"""

import socket
import struct
import sys
import time

STATION = bytes.fromhex("0200000000ee")


def checksum(header):
    total = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at + 16 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        yield data[at + 16 : at + 16 + length]
        at += 16 + length


def again(frame):
    header = bytearray(frame[14:34])
    header[8] -= 3
    header[10:12] = bytes(2)
    header[10:12] = struct.pack(">H", checksum(bytes(header)))
    return frame[:6] + STATION + frame[12:14] + bytes(header) + frame[34:]


path, interface, count = sys.argv[1:]
heard = [f for f in frames(path) if f[23] == 50 and f[26:30] == bytes([10, 1, 0, 2])]
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
sender.bind((interface, 0))
for frame in heard[: int(count)]:
    sender.send(again(frame))
    time.sleep(0.02)
