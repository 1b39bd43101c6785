"""Responders under load: cookies, and floods of half-open SAs."""

import sys
import time

from lab import ADDRESS, Charon, charon, half_open, recording, tunnel


def half_open_from(lab, host, count, gap=0.01):
    """Send B requests that nobody completes, as A would word them."""
    trace = lab.capture(lab.a, expression="udp dst port 500")
    a = Charon(lab.a, tunnel("a", ike={"remote_addrs": "10.1.0.1"}))
    a.initiate(wait=False)
    time.sleep(0.5)
    trace.stop()
    a.stop()
    return host.start(
        sys.executable, half_open.__file__, half_open.request(trace.path).hex(), ADDRESS["b"],
        str(count), str(gap))


@recording()
def cookie_round(lab, index):
    Charon(lab.b, tunnel("b", ike={"remote_addrs": None}), settings="cookie_threshold = 1")
    half_open_from(lab, lab.r, 1).wait(5)
    a = Charon(lab.a, tunnel("a"))
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b, expression="host 10.1.0.2")
    assert a.initiate(), a.log()
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    index.keep_both(
        at_a, at_b, "cookie-round", "S07",
        "B has a half-open SA of another host and a threshold of one: it answers A's IKE_SA_INIT"
        " with a COOKIE and no SPI of its own; A returns the cookie as first payload, and the"
        " tunnel carries four echoes",
        info="ike-cookie", origin=charon.VERSION, keys=a.keys())


@recording()
def cookie_loop(lab, index):
    Charon(lab.b, tunnel("b", ike={"remote_addrs": None}), settings="cookie_threshold = 1")
    half_open_from(lab, lab.r, 1).wait(5)
    # As behind a carrier's NAT with several outside addresses. Nothing here keeps state.
    lab.r.nft(
        "chain out { type filter hook postrouting priority 300;"
        ' oifname "to-b" ip saddr 10.1.0.2 numgen inc mod 2 == 0 ip saddr set 10.1.0.3; }\n'
        "chain back { type filter hook prerouting priority -300;"
        ' iifname "to-b" ip daddr 10.1.0.3 ip daddr set 10.1.0.2; }')
    a = Charon(lab.a, tunnel("a"))
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b, expression="net 10.1.0.0/24")
    assert not a.initiate(timeout=15)
    lab.settle()
    index.keep_both(
        at_a, at_b, "cookie-loop", "S07",
        "Between A and B a NAT alternates between two outside addresses, 10.1.0.3 and 10.1.0.2,"
        " while B asks for cookies, which hold for one address: each request with a cookie is"
        " answered by another COOKIE, until A gives up after five",
        finding="ike-cookie-loop", origin=charon.VERSION)


@recording()
def half_open_flood(lab, index):
    Charon(lab.b, tunnel("b"))
    at_b = lab.capture(lab.b)
    half_open_from(lab, lab.a, 300).wait(15)
    lab.settle()
    index.keep(
        at_b, "half-open-flood", "S31",
        "One address, 10.1.0.2, sends 300 IKE_SA_INIT requests with random SPIs in three seconds"
        " and completes none; B, with strongSwan's default thresholds, answers the first three and"
        " then asks for cookies; captured at B",
        finding="ike-half-open-flood", origin=charon.VERSION)


@recording()
def many_tunnels(lab, index):
    Charon(lab.b, tunnel("b"))
    a = Charon(lab.a, tunnel("a"))
    at_b = lab.capture(lab.b)
    for _ in range(20):
        assert a.initiate(), a.log()
        a.terminate()
    lab.settle()
    index.keep(
        at_b, "many-tunnels", "S31",
        "A sets up and deletes twenty IKE SAs one after the other, within seconds, and completes"
        " every one; captured at B",
        origin=charon.VERSION, keys=a.keys())
