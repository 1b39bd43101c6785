"""Requests that nobody answers, that are refused by ICMP, or whose replies get lost."""

import time

from lab import Charon, Pluto, charon, connection, pluto, recording, tunnel

# strongSwan sends a request again after 4 s, then after 1.8 times as long each time.
SCHEDULE = "0, 4, 11.2, 24.2, 47.5, 89.5 s"
FIRST_FOUR = "0, 4, 11.2 and 24.2 s"


@recording()
def tunnel_healthy(lab, index):
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a"))
    assert a.initiate()
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    index.keep_both(
        at_a, at_b, "tunnel-healthy", "S01",
        "An IKEv2 tunnel with a pre-shared secret stands and carries four echoes",
        origin=charon.VERSION, keys=a.keys())


@recording()
def silent_peer_strongswan(lab, index):
    at_a = lab.capture(lab.a)
    lab.r.drop("ip daddr 10.2.0.2")
    a = Charon(lab.a, tunnel("a"))
    a.initiate(wait=False)
    a.await_log("giving up after 5 retransmits", 180)
    index.keep(
        at_a, "silent-peer-strongswan", "S01",
        f"R drops all that A sends: one IKE_SA_INIT request and five retransmissions at {SCHEDULE};"
        " A gives up after 165 s; captured at A",
        finding="ike-no-answer", origin=charon.VERSION)


@recording()
def silent_peer_libreswan(lab, index):
    at_a = lab.capture(lab.a)
    lab.r.drop("ip daddr 10.2.0.2")
    a = Pluto(lab.a, connection("a"))
    a.initiate()
    time.sleep(66)
    index.keep(
        at_a, "silent-peer-libreswan", "S01",
        "R drops all that A sends: an IKE_SA_INIT request leaves at 0, 0.5, 1, 2, 4, 8, 16 and 32"
        " s; at 64 s A gives up and begins anew with another SPI; captured at A",
        finding="ike-no-answer", origin=pluto.VERSION)


@recording()
def silent_peer_ikev1(lab, index):
    at_a = lab.capture(lab.a)
    lab.r.drop("ip daddr 10.2.0.2")
    a = Charon(lab.a, tunnel("a", {"version": "1"}))
    a.initiate(wait=False)
    time.sleep(26)
    index.keep(
        at_a, "silent-peer-ikev1", "S01",
        f"R drops all that A sends: the first message of IKEv1 main mode leaves four times, at"
        f" {FIRST_FOUR}; captured at A",
        finding="ike-no-answer", origin=charon.VERSION)


@recording()
def silent_once(lab, index):
    at_a = lab.capture(lab.a)
    lab.r.drop("ip daddr 10.2.0.2")
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a"))
    a.initiate(wait=False)
    time.sleep(2)
    lab.r.drop()
    a.await_log("CHILD_SA net{1} established", 10)
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    index.keep(
        at_a, "silent-once", "S01",
        "R drops A's first IKE_SA_INIT request only; the second, 4 s later, is answered, and the"
        " tunnel carries four echoes; captured at A",
        origin=charon.VERSION, keys=a.keys())


@recording()
def refused_port(lab, index):
    at_a = lab.capture(lab.a)
    a = Charon(lab.a, tunnel("a"))
    a.initiate(wait=False)
    time.sleep(26)
    index.keep(
        at_a, "refused-port", "S01",
        f"No daemon runs at B: each of the four IKE_SA_INIT requests, at {FIRST_FOUR}, is answered"
        " by an ICMP port unreachable from B; captured at A",
        finding="ike-refused-icmp", origin=charon.VERSION)


@recording()
def refused_prohibited(lab, index):
    at_a = lab.capture(lab.a)
    lab.r.nft("chain filter { type filter hook forward priority 0;"
              " udp dport { 500, 4500 } counter reject with icmp admin-prohibited; }")
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a"))
    a.initiate(wait=False)
    time.sleep(26)
    index.keep(
        at_a, "refused-prohibited", "S01",
        f"R forbids UDP 500 and 4500: each of the four IKE_SA_INIT requests, at {FIRST_FOUR}, is"
        " answered by an ICMP administratively prohibited (code 13) from R, 10.1.0.1; captured at"
        " A",
        finding="ike-refused-icmp", origin=charon.VERSION)


@recording()
def refused_host(lab, index):
    at_a = lab.capture(lab.a)
    lab.r.ip("route add unreachable 10.2.0.2/32")
    a = Pluto(lab.a, connection("a"))
    a.initiate()
    time.sleep(9)
    index.keep(
        at_a, "refused-host", "S01",
        "R has no way to B: A's IKE_SA_INIT requests, at 0, 0.5, 1, 2, 4 and 8 s, are answered by"
        " ICMP host unreachable (code 1) from R, 10.1.0.1, save what R's rate limit leaves out;"
        " captured at A",
        finding="ike-refused-icmp", origin=pluto.VERSION)


@recording()
def reply_ignored_init(lab, index):
    at_a = lab.capture(lab.a)
    lab.a.drop("udp sport 500", hook="input")
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a"))
    a.initiate(wait=False)
    time.sleep(26)
    index.keep(
        at_a, "reply-ignored-init", "S02",
        f"A's own firewall drops what comes from UDP port 500: the IKE_SA_INIT request leaves four"
        f" times, at {FIRST_FOUR}, and B answers each within milliseconds; captured at A, before"
        " its firewall",
        finding="ike-reply-ignored", origin=charon.VERSION)


@recording()
def reply_ignored_auth(lab, index):
    at_a = lab.capture(lab.a)
    lab.a.drop("udp sport 4500", hook="input")
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a"))
    a.initiate(wait=False)
    time.sleep(26)
    index.keep(
        at_a, "reply-ignored-auth", "S02",
        f"A's own firewall drops what comes from UDP port 4500: IKE_SA_INIT passes, the IKE_AUTH"
        f" request leaves four times, at {FIRST_FOUR} after it, and B answers each; captured at A,"
        " before its firewall",
        finding="ike-reply-ignored", origin=charon.VERSION, keys=a.keys())


# Two of eleven IKE messages on port 4500 (the non-ESP marker tells them from ESP), which are now a
# request, now a response.
TWO_OF_ELEVEN = "udp dport 4500 @th,64,32 == 0 numgen inc mod 11 { 3, 8 }"


def liveness(lab, seconds):
    """A tunnel whose ends check each other every second, for a while; A's daemon."""
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a", ike={"dpd_delay": "1s"}))
    assert a.initiate()
    time.sleep(seconds)
    return a


@recording()
def retransmits(lab, index):
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    lab.r.drop(TWO_OF_ELEVEN)
    a = liveness(lab, 75)
    lab.r.drop()
    time.sleep(4.6)
    index.keep_both(
        at_a, at_b, "retransmits", "",
        "R drops two of eleven IKE messages on port 4500, requests and responses, while A checks"
        " B's liveness every second for 75 s; what is lost is answered at the retransmission 4 s"
        " later, and the tunnel stands throughout",
        finding="ike-retransmits", origin=charon.VERSION, keys=a.keys())


@recording()
def retransmits_none(lab, index):
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    a = liveness(lab, 30)
    index.keep_both(
        at_a, at_b, "retransmits-none", "",
        "A checks B's liveness every second for 30 s, and nothing is lost",
        origin=charon.VERSION, keys=a.keys())
