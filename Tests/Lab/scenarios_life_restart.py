"""Peers that lose their state."""

import time

from lab import Charon, recording, tunnel
from lab.session import Session, await_line

EVERYTHING = ("ip saddr 10.1.0.2", "ip daddr 10.1.0.2")


def reboot(lab, session, seconds):
    """B goes without a word, is not there for some seconds, and stands again without its SAs."""
    lab.r.drop(*EVERYTHING)
    gone = session.second()
    session.b.kill()
    time.sleep(seconds)
    session.b = Charon(lab.b, tunnel("b"))
    lab.r.drop()
    back = session.second()
    return gone, back


@recording()
def peer_rebooted_returns(lab, index):
    session = Session(lab)
    echoes = session.pings(interval=0.5)
    time.sleep(5)
    gone, back = reboot(lab, session, 8)
    time.sleep(5)
    if not session.b.initiate():
        raise RuntimeError("B does not return")
    returned = session.second()
    time.sleep(5)
    echoes.terminate()
    content = (
        f"B loses power at {gone:.1f} s and stands again at {back:.1f} s with no SA; A, without"
        " liveness checks, sends echoes on the old SPI every 0.5 s until B's new IKE_SA_INIT and"
        f" INITIAL_CONTACT at {returned:.1f} s")
    session.keep_both(index, "peer-rebooted-returns", "S14", content, "esp-unknown-spi")


@recording()
def peer_rebooted_silent(lab, index):
    session = Session(lab)
    echoes = session.pings(interval=0.5)
    time.sleep(5)
    gone, back = reboot(lab, session, 5)
    time.sleep(15)
    echoes.terminate()
    session.keep_both(
        index, "peer-rebooted-silent", "S14",
        f"B loses power at {gone:.1f} s and stands again at {back:.1f} s with no SA; A, without"
        " liveness checks, sends echoes on the old SPI every 0.5 s for 15 s more, which B drops"
        " without a word: only B's own counters tell that the SPI is unknown", "esp-one-way;esp-unknown-spi")


@recording()
def peer_rebooted_noticed(lab, index):
    session = Session(
        lab, a={"ike": {"dpd_delay": "3s"}, "child": {"dpd_action": "restart"}},
        settings_a="retransmit_tries = 2\nretransmit_timeout = 1.5\nretransmit_base = 1.5")
    echoes = session.pings(interval=0.5)
    time.sleep(5)
    gone, back = reboot(lab, session, 1)
    noticed = session.second(await_line(session.a, "giving up after", 40))
    await_line(session.a, "established with SPIs", 30, times=2)
    time.sleep(4)
    echoes.terminate()
    session.keep_both(
        index, "peer-rebooted-noticed", "S14",
        f"B loses power at {gone:.1f} s and stands again at {back:.1f} s with no SA; A sends echoes"
        " on the old SPI every 0.5 s and liveness checks (DPD delay 3 s, 1.5 s x 1.5, 2"
        f" retransmissions) that nobody answers, gives up at {noticed:.1f} s and sets up a new IKE"
        " SA", "dpd-peer-dead")


@recording()
def daemon_crashed(lab, index):
    session = Session(lab, a={"ike": {"dpd_delay": "3s"}})
    echoes = session.pings(interval=0.5)
    time.sleep(5)
    session.b.kill()
    gone = session.second()
    time.sleep(15)
    echoes.terminate()
    session.keep(
        index, "a", "daemon-crashed", "S14",
        f"B's daemon dies at {gone:.1f} s while its host lives: echoes every 0.5 s and liveness"
        " checks of A (DPD delay 3 s) draw ICMP port unreachable from B; captured at A from the"
        " first message on", "ike-refused-icmp")
