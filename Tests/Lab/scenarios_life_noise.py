"""A healthy tunnel on a poor day, which must raise no warning."""

import time

from lab import recording
from lab.charon import VERSION
from lab.delay import lengthen
from lab.part import Part
from lab.session import Session, await_line
from scenarios_setup_load import half_open_from

IKE_FROM_B = "ip saddr 10.2.0.2 udp sport 4500 @th,64,32 0"


def talk(session, interval, seconds):
    """Echoes both ways for some seconds."""
    echoes = [session.pings(side, interval=interval) for side in "ab"]
    time.sleep(seconds)
    for process in echoes:
        process.terminate()


@recording()
def healthy_noise(lab, index):
    lengthen(lab, 0.02)
    child = {"rekey_time": "15s", "life_time": "60s", "rand_time": "0s",
             "esp_proposals": "aes256-sha256-ecp256"}

    session = Session(
        lab,
        a={"ike": {"proposals": "aes256-sha256-modp2048-ecp256", "dpd_delay": "4s"},
           "child": child},
        b={"ike": {"remote_addrs": "%any"},
           "child": {**child, "rekey_time": "1h", "life_time": "2h"}},
        settings_b="cookie_threshold = 1",
        # A half-open SA of somebody else is enough for B to ask for cookies.
        before=lambda: half_open_from(lab, lab.r, 1).wait(5))
    talk(session, 0.5, 6)
    # A liveness check goes unanswered, and is answered when it is repeated.
    lab.r.drop(IKE_FROM_B)
    checked = session.second(await_line(session.a, "sending DPD request", 20))
    time.sleep(1)
    lab.r.drop()
    await_line(session.a, "parsed INFORMATIONAL response", 20)
    # So is the rekeying; and packets are under way while the SAs change.
    lab.r.drop(IKE_FROM_B)
    asked = session.second(await_line(session.a, "generating CREATE_CHILD_SA request", 20))
    time.sleep(1)
    lab.r.drop()
    time.sleep(2.6)
    talk(session, 0.02, 0.8)
    rekeyed = session.second(await_line(session.a, "established with SPIs", 20, times=2))
    talk(session, 0.5, 4)
    time.sleep(6)
    talk(session, 0.5, 2)
    time.sleep(1)
    words = (
        "a healthy tunnel over a path of 40 ms: a COOKIE round, one INVALID_KE_PAYLOAD retry"
        f" (MODP-2048, then ECP-256), a liveness check at {checked:.1f} s and a CREATE_CHILD_SA at"
        f" {asked:.1f} s that are each answered when repeated after 4 s, rekeyed at {rekeyed:.1f} s"
        " with packets on the old SPIs under way, echoes both ways")
    session.keep_both(index, "healthy-noise", "S25", words, info="ike-cookie")
    for side, capture in ("a", session.at_a), ("b", session.at_b):
        for name, second in ("after-setup", 2), ("after-rekey", rekeyed + 0.5):
            index.keep(Part(capture, second), f"healthy-noise-{name}-at-{side}", "S25",
                       f"{words}; captured at {side.upper()}, of which only what comes {second:.1f}"
                       " s after the first message and later is here", origin=VERSION)
