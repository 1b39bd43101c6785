"""IKE over TCP (RFC 9329), with a peer that speaks it and with one that does not.

strongSwan has no TCP and libreswan needs a kernel with ESP in TCP. So strongSwan's messages are
carried over TCP by a relay of this lab: in N for A, whose side of N is then invisible, and in B.
"""

import sys
import time

from lab import ADDRESS, Charon, Pluto, charon, connection, pluto, recording, tcp_relay, tunnel

ORIGIN = f"{charon.VERSION} behind a relay to TCP"

# IKE on port 4500 from the first message on, as it then has the marker that RFC 9329 wants.
FROM_4500 = {"local_port": "4500", "remote_port": "4500"}


def initiator(lab):
    """A's daemon, whose datagrams to B's port 4500 leave N over TCP."""
    lab.n.nft(
        "chain nat { type nat hook prerouting priority -100;"
        ' iifname "in" udp dport 4500 redirect to :4501; }')
    lab.n.start(sys.executable, tcp_relay.__file__, "client", "4501", ADDRESS["b"])
    return Charon(lab.a, tunnel("a", {"local_addrs": ADDRESS["behind"], **FROM_4500}))


@recording(nat=True)
def tcp_tunnel(lab, index):
    lab.b.ip("addr add 10.2.0.3/32 dev lo")
    Charon(lab.b, tunnel("b", {"remote_addrs": None}))
    lab.b.start(sys.executable, tcp_relay.__file__, "server", "10.2.0.3", ADDRESS["b"])
    a = initiator(lab)
    outside = lab.capture(lab.n)
    assert a.initiate(), a.log()
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    index.keep(
        outside, "tcp-tunnel", "S33",
        "IKE and ESP over TCP port 4500: the prefix IKETCP, IKE_SA_INIT, IKE_AUTH, four echoes;"
        " captured at A's outside",
        origin=ORIGIN, keys=a.keys())


@recording(nat=True)
def tcp_http(lab, index):
    lab.b.start(sys.executable, "-m", "http.server", "4500")
    time.sleep(1)
    a = initiator(lab)
    outside = lab.capture(lab.n)
    a.initiate(wait=False)
    time.sleep(26)
    index.keep(
        outside, "tcp-http", "S33",
        "B's TCP port 4500 belongs to a web server: A connects, sends IKETCP and IKE_SA_INIT, at 0,"
        " 4, 11.2 and 24.2 s, and is answered HTTP 400 each time; captured at A's outside",
        finding="tcp-not-ike", origin=ORIGIN)


@recording()
def tcp_http_libreswan(lab, index):
    lab.b.start(sys.executable, "-m", "http.server", "4500")
    time.sleep(1)
    a = Pluto(lab.a, connection("a", **{"enable-tcp": "yes", "tcp-remoteport": "4500"}),
              setup="listen-tcp=yes")
    at_a = lab.capture(lab.a)
    a.initiate()
    time.sleep(3)
    index.keep(
        at_a, "tcp-http-libreswan", "S33",
        "B's TCP port 4500 belongs to a web server: A connects twice, sends IKETCP, and is answered"
        " HTTP 400; A's kernel has no ESP in TCP, so that A sends no more than the prefix; captured"
        " at A",
        finding="tcp-not-ike", origin=pluto.VERSION)
