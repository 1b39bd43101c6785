"""What the path does to ESP while IKE works: blocked, one way, too large."""

import subprocess
import sys
import time

from lab import INNER, recording
from lab.session import Session

# ESP in UDP: the four bytes after the UDP header are an SPI, not the zeros before IKE.
ESP = "udp sport 4500 @th,64,32 != 0"
DELAY_5 = {"ike": {"dpd_delay": "5s"}}


def later(lab, index, slug, match, words, finding):
    """What works for eight seconds and then does not."""
    session = Session(lab, a=DELAY_5, b=DELAY_5)
    processes = [session.pings(side, interval=1, count=30) for side in "ab"]
    time.sleep(8)
    lab.r.drop(match)
    cut = session.second()
    for process in processes:
        process.wait(60)
    time.sleep(1)
    session.keep_both(
        index, slug, "S17",
        f"A and B send echoes every second for 30 s; from {cut:.1f} s on R drops ESP-in-UDP"
        f" {words}, while liveness checks go on to be answered", finding)


def echoes_both_ways(session, count=25):
    processes = [session.pings(side, interval=1, count=count) for side in "ab"]
    for process in processes:
        process.wait(count + 30)
    time.sleep(1)


@recording()
def esp_blocked(lab, index):
    lab.r.drop(ESP)
    session = Session(lab, a=DELAY_5, b=DELAY_5)
    echoes_both_ways(session)
    session.keep_both(
        index, "esp-blocked", "S17",
        "R drops ESP-in-UDP both ways from the start; A and B send echoes every second for 25 s,"
        " none arrives, and liveness checks every 5 s are answered; one end's capture alone cannot"
        " tell this from a loss in the one direction", "esp-blocked")


@recording()
def esp_one_way(lab, index):
    lab.r.drop(f"ip saddr 10.2.0.2 {ESP}")
    session = Session(lab, a=DELAY_5, b=DELAY_5)
    echoes_both_ways(session)
    session.keep_both(
        index, "esp-one-way", "S17",
        "R drops ESP-in-UDP from B to A from the start; A and B send echoes every second for 25 s,"
        " A's arrive and B's and all answers of B do not; IKE works", "esp-one-way")


@recording()
def esp_blocked_later(lab, index):
    later(lab, index, "esp-blocked-later", ESP, "both ways", "esp-blocked")


@recording()
def esp_one_way_later(lab, index):
    later(lab, index, "esp-one-way-later", f"ip saddr 10.2.0.2 {ESP}", "from B to A", "esp-one-way")


LISTEN = """
import socket, time
log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
log.bind(("10.99.0.1", 5514))
time.sleep(120)
"""

REPORT = """
import socket, time
log = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
log.bind(("10.98.0.1", 0))
for number in range(25):
    log.sendto(b"an example line of a log, number %d" % number, ("10.99.0.1", 5514))
    time.sleep(1)
"""


@recording()
def esp_one_way_by_nature(lab, index):
    session = Session(lab, a=DELAY_5, b=DELAY_5)
    lab.b.start(sys.executable, "-c", LISTEN)
    time.sleep(0.5)
    lab.a.run(sys.executable, "-c", REPORT, timeout=60)
    session.keep_both(
        index, "esp-one-way-by-nature", "S17",
        "A sends a UDP datagram of a log every second for 25 s, which nobody is to answer; all"
        " arrive, and liveness checks every 5 s are answered")


@recording()
def esp_both_ways(lab, index):
    session = Session(lab, a=DELAY_5, b=DELAY_5)
    echoes_both_ways(session)
    session.keep_both(
        index, "esp-both-ways", "S17",
        "A and B send echoes every second for 25 s, all arrive and are answered")


def sizes(session, payloads):
    """Three echoes of each size from A; a lost one costs a second."""
    for payload in payloads:
        session.lab.a.ping(INNER["b"][1], count=3, interval=0.3, size=payload, wait=1,
                           source=INNER["a"][1], fragment=False)


SEND = """
import socket
listener = socket.create_server(("10.99.0.1", 7001))
stream, _ = listener.accept()
stream.sendall(bytes(8000))
stream.shutdown(socket.SHUT_WR)
stream.recv(1)
"""

RECEIVE = """
import socket
stream = socket.create_connection(("10.99.0.1", 7001), 5, ("10.98.0.1", 0))
stream.settimeout(8)
try:
    while stream.recv(65536):
        pass
except TimeoutError:
    pass
"""


def transfer(session):
    """8 kB over TCP from B to A, or the first eight seconds of trying."""
    server = session.lab.b.start(sys.executable, "-c", SEND, stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    session.lab.a.run(sys.executable, "-c", RECEIVE, check=False)
    time.sleep(0.5)
    session.lab.b.stop(server)


# With AES-GCM in UDP over IPv4 an echo of 1208 bytes fills 1300 bytes outside.
LADDER = (56, 1000, 1180, 1208, 1212, 1300, 1372)


@recording()
def mtu_blackhole(lab, index):
    lab.r.drop("ip length > 1300")
    session = Session(lab)
    sizes(session, LADDER)
    sizes(session, (1000, 1372))
    transfer(session)
    session.keep_both(
        index, "mtu-blackhole", "S18",
        "R drops IP packets of more than 1300 bytes both ways and sends no ICMP; three echoes from"
        f" A of each of {', '.join(map(str, LADDER))} bytes, of 1000 and of 1372 again, then a TCP"
        " transfer from B to A whose full segments never arrive; DF is set", "mtu-blackhole")


@recording()
def mtu_fits(lab, index):
    session = Session(lab)
    sizes(session, LADDER)
    transfer(session)
    session.keep_both(
        index, "mtu-fits", "S18",
        f"three echoes from A of each of {', '.join(map(str, LADDER))} bytes and a TCP transfer of"
        " 8 kB from B to A, all of which arrive; the outer packets fit 1500 bytes")


def narrow(lab):
    """The router's links hold 1300 bytes, and it says so by ICMP."""
    lab.r.ip("route replace 10.1.0.0/24 dev to-a src 10.1.0.1 mtu 1300",
             "route replace 10.2.0.0/24 dev to-b src 10.2.0.1 mtu 1300")


@recording()
def mtu_exceeded(lab, index):
    narrow(lab)
    session = Session(lab)
    # What the kernel learns of the path is forgotten after a second: DF and ICMP go on.
    for host in lab.a, lab.b:
        host.run("sysctl", "-qw", "net.ipv4.route.mtu_expires=1")
    sizes(session, (56, 1000))
    for _ in range(4):
        lab.a.ping(INNER["b"][1], count=1, size=1372, source=INNER["a"][1], fragment=False)
        time.sleep(1)
    session.keep(
        index, "a", "mtu-exceeded", "S18",
        "the path holds 1300 bytes: three echoes each of 56 and 1000 bytes are answered, four of"
        " 1372 bytes, some seconds apart, each draw ICMP fragmentation needed (MTU 1300, from"
        " 10.1.0.1) from R and are lost; captured at A from the first message on", "mtu-exceeded")


@recording()
def mtu_exceeded_then_fragments(lab, index):
    narrow(lab)
    session = Session(lab)
    sizes(session, (56, 1000, 1372, 1372))
    session.keep_both(
        index, "mtu-exceeded-then-fragments", "S18",
        "the path holds 1300 bytes: the first echo of 1372 bytes draws ICMP fragmentation needed"
        " (MTU 1300, from R) and is lost, and so is the first answer to one; from then on each end"
        " sends them as two IP fragments, which arrive; echoes of 56 and 1000 bytes are untouched",
        "mtu-exceeded")


@recording()
def mtu_outer_fragments(lab, index):
    for host, router, name in (lab.a, lab.r, "to-a"), (lab.b, lab.r, "to-b"):
        host.ip("link set out mtu 1300")
        router.ip(f"link set {name} mtu 1300")
    session = Session(lab)
    sizes(session, (56, 1372, 1372, 1372, 1000))
    session.keep_both(
        index, "mtu-outer-fragments", "S18",
        "the outer links hold 1300 bytes: echoes of 1372 bytes leave as two IP fragments each and"
        " are answered the same way; those of 56 and 1000 bytes leave whole", "mtu-outer-fragments")
