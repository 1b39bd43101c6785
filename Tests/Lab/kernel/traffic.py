"""Traffic through the tunnel.

    traffic.py sink PORT SECONDS               takes UDP, answers nothing
    traffic.py stream ADDRESS COUNT RATE SIZE  UDP at RATE packets a second
    traffic.py classes ADDRESS LARGEST         EF evenly, best effort in bursts of LARGEST at most
    traffic.py receive PORT                    takes one TCP connection and answers with a line
    traffic.py send ADDRESS PORT BYTES SECONDS one TCP connection, given up after SECONDS
"""

import socket
import sys
import time

PORT = 7001
EXPEDITED = 0xB8


def udp(service=0):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, service)
    return sender


def sink(port, seconds):
    receiver = udp()
    receiver.bind(("", int(port)))
    receiver.settimeout(float(seconds))
    try:
        while True:
            receiver.recv(2048)
    except TimeoutError:
        pass


def wait_until(moment):
    time.sleep(max(0, moment - time.monotonic()))


def stream(address, count, rate, size):
    sender = udp()
    start = time.monotonic()
    for number in range(int(count)):
        wait_until(start + number / float(rate))
        sender.sendto(bytes(int(size)), (address, PORT))


def classes(address, largest):
    """1600 EF packets in 3.2 seconds; every quarter second a burst of best effort."""
    bursts = [6, 10, 20, 8, 90, 6, 12, 16, 220, 8, 30, 10, 6]
    expedited, best_effort = udp(EXPEDITED), udp()
    start = time.monotonic()
    for number in range(1600):
        wait_until(start + number / 500)
        expedited.sendto(b"EF", (address, PORT))
        if number % 125 == 60:
            for _ in range(min(bursts[number // 125], int(largest))):
                best_effort.sendto(b"BE", (address, PORT))


def receive(port):
    listener = socket.create_server(("", int(port)))
    connection, _ = listener.accept()
    while connection.recv(65536):
        pass
    connection.sendall(b"all of it\n")
    connection.close()


def send(address, port, size, seconds):
    connection = socket.create_connection((address, int(port)), timeout=float(seconds))
    connection.sendall(bytes(int(size)))
    connection.shutdown(socket.SHUT_WR)
    try:
        connection.recv(100)
    except TimeoutError:
        sys.exit("given up")
    connection.close()


JOBS = {job.__name__: job for job in (sink, stream, classes, receive, send)}
JOBS[sys.argv[1]](*sys.argv[2:])
