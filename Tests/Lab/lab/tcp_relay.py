"""Carries the datagrams of UDP port 4500 over TCP as RFC 9329 frames them.

Run as a program: tcp_relay.py client PORT TARGET, where datagrams to UDP PORT leave on a connection
to TCP port 4500 of TARGET, or tcp_relay.py server SOURCE TARGET, where what such connections bring
goes from SOURCE to UDP port 4500 of TARGET. In both the answers take the way back.
"""

import socket
import struct
import sys
import threading

PREFIX = b"IKETCP"


def whole(connection, length):
    """This many bytes; none when the connection ends."""
    data = b""
    while len(data) < length:
        more = connection.recv(length - len(data))
        if not more:
            return b""
        data += more
    return data


def messages(connection):
    """The messages that a connection brings, each behind its length, which counts itself."""
    while header := whole(connection, 2):
        length, = struct.unpack("!H", header)
        if length <= 2 or not (message := whole(connection, length - 2)):
            return
        yield message


def framed(message):
    return struct.pack("!H", len(message) + 2) + message


def client(port, target):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.bind(("", int(port)))
        connection = None

        def back(connection, peer):
            for message in messages(connection):
                datagrams.sendto(message, peer)
            connection.close()

        while True:
            message, peer = datagrams.recvfrom(65535)
            if connection is None or connection.fileno() < 0:
                connection = socket.create_connection((target, 4500), timeout=60)
                connection.sendall(PREFIX)
                threading.Thread(target=back, args=(connection, peer), daemon=True).start()
            # One byte is a NAT keepalive, which TCP has no need of.
            if len(message) > 1:
                connection.sendall(framed(message))


def server(source, target):
    with socket.create_server(("", 4500)) as listener:
        while True:
            connection, _ = listener.accept()
            if whole(connection, len(PREFIX)) != PREFIX:
                connection.close()
                continue
            datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            datagrams.bind((source, 0))
            datagrams.connect((target, 4500))

            def back(connection=connection, datagrams=datagrams):
                while message := datagrams.recv(65535):
                    if len(message) > 1:
                        connection.sendall(framed(message))

            threading.Thread(target=back, daemon=True).start()
            for message in messages(connection):
                datagrams.send(message)


if __name__ == "__main__":
    {"client": client, "server": server}[sys.argv[1]](*sys.argv[2:])
