"""Leaves IKE SAs half open at a responder: IKE_SA_INITs that nobody goes on with."""

import os
import socket
import struct
import sys
import time

# RFC 7296, section 3.3: AES-CBC with 256 bits, HMAC-SHA-256 as PRF and 128-bit integrity, ECP-256.
TRANSFORMS = (
    bytes.fromhex("0300000c0100000c800e0100"),
    bytes.fromhex("0300000802000005"),
    bytes.fromhex("030000080300000c"),
    bytes.fromhex("0000000804000013"),
)

# Any point of the curve does for a public value: this is its base point (SEC 2, section 2.4.2).
POINT = bytes.fromhex(
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")


def message():
    transforms = b"".join(TRANSFORMS)
    proposal = struct.pack(">BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, 4) + transforms
    payloads = b"".join(
        struct.pack(">BBH", following, 0, 4 + len(body)) + body
        for following, body in (
            (34, proposal), (40, struct.pack(">HH", 19, 0) + POINT), (0, os.urandom(32))))
    header = struct.pack(">8s8sBBBBII", os.urandom(8), bytes(8), 33, 0x20, 34, 0x08, 0,
                         28 + len(payloads))
    return header + payloads


if __name__ == "__main__":
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ours:
        for _ in range(3):
            ours.sendto(message(), (sys.argv[1], 500))
        # A closed socket would answer by ICMP.
        time.sleep(120)
