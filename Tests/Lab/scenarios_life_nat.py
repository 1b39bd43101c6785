"""NAT mappings that change or die under a tunnel."""

import time

from lab import recording
from lab.session import Session

BEHIND = {"local_addrs": None, "mobike": "no"}
NO_KEEPALIVE = "keep_alive = 0"


def map_port(lab, port):
    """N maps A's port 4500 to this one, forgets what it mapped before, and drops silently."""
    lab.n.nft(f"""chain nat {{ type nat hook postrouting priority 100;
  oifname "out" udp sport 4500 snat to 10.1.0.2:{port}
  oifname "out" masquerade; }}
chain silent {{ type filter hook input priority 0; iifname "out" udp dport != 500 drop; }}""")
    lab.n.run("conntrack", "-F")


def rebinding(lab, dpd_delay):
    """The mapping changes at about 8 s of 30 s of echoes from A, twice a second."""
    map_port(lab, 47547)
    session = Session(lab, a={"ike": {**BEHIND, "dpd_delay": dpd_delay}},
                      b={"ike": {"mobike": "no"}}, settings_a=NO_KEEPALIVE)
    echoes = session.pings(interval=0.5, count=60)
    time.sleep(8)
    map_port(lab, 57962)
    changed = session.second()
    echoes.wait(90)
    time.sleep(1)
    return session, changed


@recording(nat=True)
def nat_rebind(lab, index):
    session, changed = rebinding(lab, None)
    session.keep(
        index, "b", "nat-rebind", "S23",
        "A stands behind NAT and sends echoes every 0.5 s, no keepalives and no liveness checks,"
        f" without MOBIKE; its mapped port 47547 becomes 57962 at {changed:.1f} s, and B goes on"
        " sending the answers to 47547 until the end; captured at B from the first message on",
        "nat-rebind")


@recording(nat=True)
def nat_rebind_followed(lab, index):
    session, changed = rebinding(lab, "2s")
    session.keep(
        index, "b", "nat-rebind-followed", "S23",
        "A stands behind NAT and sends echoes every 0.5 s, without MOBIKE; its mapped port 47547"
        f" becomes 57962 at {changed:.1f} s; A's liveness check (DPD delay 2 s) tells B, which"
        " sends to the new port and rekeys within 4 s; captured at B from the first message on",
        info="nat-detected")


@recording(nat=True)
def nat_mapping_held(lab, index):
    lab.n.run("sysctl", "-qw", "net.netfilter.nf_conntrack_udp_timeout=10",
              "net.netfilter.nf_conntrack_udp_timeout_stream=10")
    map_port(lab, 47547)
    session = Session(lab, a={"ike": BEHIND}, b={"ike": {"mobike": "no"}},
                      settings_a="keep_alive = 5")
    session.pings(interval=0.5, count=6).wait(20)
    time.sleep(25)
    session.pings("b", interval=0.5, count=6).wait(20)
    session.pings(interval=0.5, count=6).wait(20)
    session.keep(
        index, "b", "nat-mapping-held", "S23",
        "A stands behind NAT; its mapping lives 10 s and keepalives every 5 s hold it through 25 s"
        " without traffic: B's echoes to port 47547 are answered; captured at B from the first"
        " message on",
        info="nat-detected")


@recording(nat=True)
def nat_keepalive_slow(lab, index):
    lab.n.run("sysctl", "-qw", "net.netfilter.nf_conntrack_udp_timeout=30",
              "net.netfilter.nf_conntrack_udp_timeout_stream=30")
    lab.n.nft("""chain nat { type nat hook postrouting priority 100;
  oifname "out" masquerade random; }
chain silent { type filter hook input priority 0; iifname "out" udp dport != 500 drop; }""")
    session = Session(lab, a={"ike": BEHIND}, b={"ike": {"mobike": "no"}},
                      settings_a="keep_alive = 60")
    session.pings(interval=0.5, count=6).wait(20)
    time.sleep(42)
    idle = session.second()
    session.pings("b", interval=1, count=5).wait(30)
    time.sleep(80)
    session.pings(interval=0.5, count=6).wait(20)
    session.keep(
        index, "b", "nat-keepalive-slow", "S23",
        "A stands behind NAT; its mapping lives 30 s and its keepalives come every 60 s, each from"
        f" another port; B's echoes at {idle:.0f} s go to the dead mapping, and so do its answers"
        " to A's echoes at the end; captured at B from the first message on", "nat-keepalive-slow")
