"""Sends ICMP echo requests of rising sizes and says which were answered; or answers them.

    ladder.py ask FROM TO df|halves LIMIT SIZE...
    ladder.py answer FROM TO df|halves LIMIT

`answer` takes the kernel's place, which splits after encapsulation only. SIZE is the ICMP payload in bytes; each is sent twice. df: in one packet with DF. halves: without DF,
and a packet larger than LIMIT bytes in two equal fragments, as by a stack that splits evenly.
"""

import socket
import struct
import sys
import time


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo(kind, body):
    return struct.pack(">BBH", kind, 0, checksum(bytes([kind, 0, 0, 0]) + body)) + body


def packet(source, target, identifier, flags, payload):
    return struct.pack(
        ">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), identifier, flags, 64, socket.IPPROTO_ICMP, 0,
        socket.inet_aton(source), socket.inet_aton(target)
    ) + payload


def packets(source, target, identifier, form, limit, message):
    if form == "df":
        return [packet(source, target, identifier, 0x4000, message)]
    if 20 + len(message) <= limit:
        return [packet(source, target, identifier, 0, message)]
    half = (len(message) // 2 + 7) // 8
    return [
        packet(source, target, identifier, 0x2000, message[: half * 8]),
        packet(source, target, identifier, half, message[half * 8 :]),
    ]


def answered(receiver, number, until):
    while (left := until - time.monotonic()) > 0:
        receiver.settimeout(left)
        try:
            data = receiver.recv(65536)
        except TimeoutError:
            return False
        if data[20] == 0 and struct.unpack_from(">H", data, 26)[0] == number:
            return True
    return False


def ask(sender, receiver, source, target, form, limit, *sizes):
    words = []
    number = 0
    for size in sizes:
        replies = 0
        for _ in range(2):
            number += 1
            message = echo(8, struct.pack(">HH", 0x4C41, number) + bytes(int(size)))
            for each in packets(source, target, number, form, int(limit), message):
                sender.sendto(each, (target, 0))
            replies += answered(receiver, number, time.monotonic() + 0.4)
        words.append(f"{size}: {replies}/2")
    print("; ".join(words))


def answer(sender, receiver, source, target, form, limit):
    number = 0
    while True:
        data = receiver.recv(65536)
        if data[20] == 8:
            number += 1
            for each in packets(source, target, number, form, int(limit), echo(0, data[24:])):
                sender.sendto(each, (target, 0))


sender = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
receiver = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
{"ask": ask, "answer": answer}[sys.argv[1]](sender, receiver, *sys.argv[2:])
