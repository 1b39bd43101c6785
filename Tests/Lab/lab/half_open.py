"""Sends IKE_SA_INIT requests with new SPIs and lets the answers lie: half-open SAs, a bounded few.

Run as a program: half_open.py REQUEST TARGET COUNT GAP, where REQUEST is a real request in
hexadecimal and GAP the seconds between two.
"""

import os
import socket
import struct
import sys
import time

MOST = 1000


def request(path):
    """The UDP payload of the first packet of a capture of Ethernet and IPv4 without options."""
    data = path.read_bytes()
    length, = struct.unpack_from("<I", data, 24 + 8)
    return data[40:40 + length][14 + 20 + 8:]


def send(message, target, count, gap):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(min(count, MOST)):
            sender.sendto(os.urandom(8) + message[8:], (target, 500))
            time.sleep(gap)


if __name__ == "__main__":
    send(bytes.fromhex(sys.argv[1]), sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
