"""Liveness: peers that die, peers that only seem to, and how long each takes to be noticed."""

import time

from lab import recording
from lab.session import Session, await_line

# Bytes 8 to 11 after the start of the UDP header: zero before IKE on port 4500 (RFC 3948, 2.2).
IKE_FROM_B = "ip saddr 10.2.0.2 udp sport 4500 @th,64,32 0"
EVERYTHING = ("ip saddr 10.1.0.2", "ip daddr 10.1.0.2")
SHORT = "retransmit_tries = 2\nretransmit_timeout = 1.5\nretransmit_base = 1.5"
DELAY_5 = {"ike": {"dpd_delay": "5s"}}


def dies(lab, index, slug, settings, schedule, limit, a=DELAY_5, scenario=""):
    """B goes silent for good while A sends echoes, until A gives up."""
    session = Session(lab, a=a, settings_a=settings)
    echoes = session.pings(interval=1, count=20)
    time.sleep(5)
    lab.r.drop(*EVERYTHING)
    silent = session.second()
    gone = session.second(await_line(session.a, "giving up after", limit))
    echoes.wait(60)
    time.sleep(2)
    session.keep(
        index, "a", slug, scenario,
        f"echoes every second from A are answered until B falls silent at {silent:.1f} s; A (DPD"
        f" delay 5 s, {schedule}) gives up at {gone:.1f} s; captured at A from the first message"
        " on", "dpd-peer-dead")
    return session, silent, gone


@recording()
def dpd_peer_dead_default_schedule(lab, index):
    dies(lab, index, "dpd-peer-dead-default-schedule", "",
         "default schedule 4 s x 1.8, 5 retransmissions, 165 s", 200)


@recording()
def dpd_peer_dead_short_schedule(lab, index):
    dies(lab, index, "dpd-peer-dead-short-schedule", SHORT,
         "shortened schedule 1.5 s x 1.5, 2 retransmissions, 7.1 s", 60)


@recording()
def dpd_timeout_ignored(lab, index):
    session = Session(lab, a={"ike": {"dpd_delay": "3s", "dpd_timeout": "10s"}})
    echoes = session.pings(interval=1, count=5)
    echoes.wait(20)
    lab.r.drop(*EVERYTHING)
    silent = session.second()
    gone = session.second(await_line(session.a, "giving up after", 200))
    session.keep(
        index, "a", "dpd-timeout-ignored", "S15",
        f"A is configured with dpd_delay 3 s and dpd_timeout 10 s, which IKEv2 ignores; B falls"
        f" silent at {silent:.1f} s, no echo is sent after that, and A gives up only at"
        f" {gone:.1f} s; captured at A from the first message on", "dpd-detection-time")


@recording()
def dpd_answered(lab, index):
    session = Session(lab, a=DELAY_5)
    session.pings(interval=1, count=5).wait(20)
    time.sleep(18)
    session.pings(interval=1, count=3).wait(20)
    session.keep_both(
        index, "dpd-answered", "",
        "echoes from A, then idle: A checks liveness after 5 s without traffic from B, and every"
        " check is answered; then echoes again")


@recording()
def dpd_false_death(lab, index):
    session = Session(lab, a={"ike": {"dpd_delay": "2s"}, "child": {"dpd_action": "restart"}},
                      settings_a=SHORT)
    deaths = []
    for number in (1, 2):
        time.sleep(1)
        lab.r.drop(IKE_FROM_B)
        cut = session.second()
        # While traffic arrives charon checks nothing: the check falls into a pause.
        time.sleep(4.5)
        echoes = session.pings("b", interval=0.5, count=40)
        gone = session.second(await_line(session.a, "giving up after", 60, times=number))
        lab.r.drop()
        await_line(session.a, "established with SPIs", 30, times=number + 1)
        echoes.terminate()
        echoes.wait(5)
        deaths.append(f"from {cut:.1f} s to {gone:.1f} s")
    time.sleep(3)
    session.keep_both(
        index, "dpd-false-death", "S16",
        f"R drops only IKE on port 4500 from B to A, {' and '.join(deaths)}, while echoes from B"
        " and their answers go on as ESP every 0.5 s from a few seconds into it; A (DPD delay 2 s,"
        " 1.5 s x 1.5, 2 retransmissions) declares B dead and sets up a new IKE SA each time",
        "dpd-false-death")


@recording()
def dpd_false_death_default_schedule(lab, index):
    session = Session(lab, a={"ike": {"dpd_delay": "4s"}, "child": {"dpd_action": "restart"}})
    time.sleep(1)
    lab.r.drop(IKE_FROM_B)
    cut = session.second()
    time.sleep(6)
    echoes = session.pings("b", interval=2, count=200)
    gone = session.second(await_line(session.a, "giving up after", 200))
    lab.r.drop()
    await_line(session.a, "established with SPIs", 30, times=2)
    time.sleep(6)
    echoes.terminate()
    echoes.wait(5)
    session.keep(
        index, "a", "dpd-false-death-default-schedule", "S16",
        f"R drops only IKE on port 4500 from B to A from {cut:.1f} s to {gone:.1f} s, while echoes"
        " from B and their answers go on as ESP every 2 s; A (DPD delay 4 s, default schedule 165"
        " s) declares B dead and sets up a new IKE SA; captured at A from the first message on",
        "dpd-false-death")


@recording()
def dpd_answered_between_traffic(lab, index):
    session = Session(lab, a={"ike": {"dpd_delay": "2s"}}, settings_a=SHORT)
    for _ in range(2):
        time.sleep(5.5)
        session.pings("b", interval=0.5, count=20).wait(30)
    time.sleep(3)
    session.keep_both(
        index, "dpd-answered-between-traffic", "S16",
        "echoes from B in two bursts of 10 s; A (DPD delay 2 s) checks liveness in the pauses and"
        " is answered")


def version_1(**ike):
    return {"ike": {"version": "1", "proposals": "aes256-sha256-modp2048", **ike}}


@recording()
def ikev1_dpd_unanswered(lab, index):
    session = Session(lab, a=version_1(dpd_delay="5s", dpd_timeout="20s"), b=version_1())
    session.pings(interval=1, count=5).wait(20)
    time.sleep(7)
    lab.r.drop(*EVERYTHING)
    silent = session.second()
    gone = session.second(await_line(session.a, "DPD check timed out", 60))
    time.sleep(2)
    session.keep(
        index, "a", "ikev1-dpd-unanswered", "",
        f"IKEv1: five echoes, R-U-THERE every 5 s, answered until B falls silent at {silent:.1f} s;"
        f" A (dpd_timeout 20 s) gives up at {gone:.1f} s; captured at A from the first message on",
        "dpd-peer-dead")


@recording()
def ikev1_dpd_answered(lab, index):
    session = Session(lab, a=version_1(dpd_delay="5s", dpd_timeout="20s"), b=version_1())
    session.pings(interval=1, count=5).wait(20)
    time.sleep(22)
    session.pings(interval=1, count=2).wait(20)
    session.keep(
        index, "a", "ikev1-dpd-answered", "",
        "IKEv1: five echoes, then R-U-THERE every 5 s, all answered, then two echoes; captured at A"
        " from the first message on", info="ike-v1")
