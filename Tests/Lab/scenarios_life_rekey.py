"""Rekeying: key exchanges that do not match, collisions, and lifetimes that differ."""

import re
import threading
import time

from lab import recording
from lab.delay import lengthen
from lab.session import Session, await_line

# Without randomness the moments are the ones configured.
RAND_0 = {"rand_time": "0s"}


def child(esp="aes256-sha256-ecp256", **settings):
    return {"child": {"esp_proposals": esp, **RAND_0, **settings}}


def pfs(lab, index, slug, of_b, words):
    """A rekeys at 15 s with ECP-256, which B does not take; the Child SA ends at 40 s."""
    session = Session(lab, a=child(rekey_time="15s", life_time="40s"),
                      b=child(of_b, rekey_time="1h", life_time="2h"))
    echoes = session.pings(interval=1)
    refused = session.second(await_line(session.a, "NO_PROPOSAL_CHOSEN", 30))
    gone = session.second(await_line(session.a, "closing expired CHILD_SA", 60))
    time.sleep(3)
    echoes.terminate()
    echoes.wait(5)
    session.keep_both(
        index, slug, "S12",
        f"A rekeys its Child SA after 15 s with {words}; B refuses first at {refused:.1f} s with"
        f" NO_PROPOSAL_CHOSEN and again at each attempt; A's Child SA expires at {gone:.1f} s and"
        " the echoes, one a second, end; a new Child SA is refused as well", "child-rekey-pfs")


@recording()
def child_rekey_pfs_other_group(lab, index):
    pfs(lab, index, "child-rekey-pfs-other-group", "aes256-sha256-modp2048",
        "ECP-256, while B is configured for MODP-2048")


@recording()
def child_rekey_pfs_one_side(lab, index):
    pfs(lab, index, "child-rekey-pfs-one-side", "aes256-sha256",
        "ECP-256, while B is configured without a key exchange")


@recording()
def child_rekey_clean(lab, index):
    lengthen(lab, 0.02)
    session = Session(lab, a=child(rekey_time="15s", life_time="40s"),
                      b=child(rekey_time="1h", life_time="2h"))
    echoes = [session.pings(side, interval=1, count=12) for side in "ab"]
    for process in echoes:
        process.wait(30)
    time.sleep(max(0, 14.7 - session.second()))
    # Close enough that packets are under way on the old SAs while the new ones are made.
    echoes = [session.pings(side, interval=0.01) for side in "ab"]
    rekeyed = session.second(await_line(session.a, "CHILD_SA net{2} established", 30))
    time.sleep(0.15)
    for process in echoes:
        process.terminate()
    session.pings(interval=1, count=8).wait(30)
    await_line(session.a, "CHILD_SA net{3} established", 30)
    session.pings(interval=1, count=3).wait(30)
    time.sleep(0.5)
    session.keep_both(
        index, "child-rekey-clean", "S12",
        f"both sides rekey with ECP-256 every 15 s by A's wish, first at {rekeyed:.2f} s while"
        " echoes go both ways every 10 ms over a path of 40 ms: a few packets arrive on the old"
        " SAs after the new ones stand; all echoes are answered")


@recording()
def child_rekey_collision(lab, index):
    lengthen(lab, 0.02)
    session = Session(lab, a=child(), b=child())
    echoes = [session.pings(side, interval=0.2) for side in "ab"]
    time.sleep(3)
    together = [
        threading.Thread(target=side.swanctl, args=("--rekey", "--child", "net"))
        for side in (session.a, session.b)]
    collided = session.second()
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    time.sleep(4)
    for process in echoes:
        process.terminate()
    if "collision" not in session.a.log() + session.b.log():
        raise RuntimeError("the rekeyings did not meet")
    session.keep_both(
        index, "child-rekey-collision", "S13",
        f"both sides rekey the same Child SA at {collided:.2f} s, within the round trip of 40 ms;"
        " the redundant SA pair is deleted as RFC 7296, section 2.8.1, has it, and echoes every 0.2"
        " s go on without loss", info="child-rekey-collision")


@recording()
def child_rekey_collision_repeated(lab, index):
    """Equal times on both sides: they meet by chance, within a millisecond."""
    settings = child(rekey_time="8s", life_time="30s")
    session = Session(lab, a=settings, b=settings)
    echoes = session.pings(interval=0.5)
    time.sleep(45)
    echoes.terminate()
    met = (session.a.log() + session.b.log()).count("detected CHILD_REKEY collision")
    if met == 0:
        raise RuntimeError("the rekeyings did not meet")
    session.keep_both(
        index, "child-rekey-collision-repeated", "S13",
        "both sides rekey the same Child SA every 8 s without jitter, and meet within a"
        f" millisecond; the daemons' logs tell {met} times of a collision; the redundant SA pairs"
        " are deleted, and echoes every 0.5 s go on", info="child-rekey-collision")


@recording()
def child_lifetime_mismatch(lab, index):
    session = Session(lab, a=child(rekey_time="10s", life_time="12s"),
                      b=child(rekey_time="60s", life_time="66s"))
    echoes = session.pings(interval=1)
    time.sleep(64)
    echoes.terminate()
    session.keep_both(
        index, "child-lifetime-mismatch", "S32",
        "A rekeys and deletes its Child SA every 10 s, six times, B (every 60 s) never; echoes"
        " every second", "child-lifetime-mismatch")


@recording()
def child_lifetime_deletes(lab, index):
    session = Session(lab, a=child(rekey_time="0s", life_time="10s"),
                      b=child(rekey_time="60s", life_time="66s", close_action="start"))
    echoes = session.pings(interval=1)
    time.sleep(44)
    echoes.terminate()
    session.keep_both(
        index, "child-lifetime-deletes", "S32",
        "A deletes its Child SA every 10 s, four times, without rekeying; B (every 60 s) sets up"
        " another each time; echoes every second", "child-lifetime-mismatch")


@recording()
def child_lifetime_equal(lab, index):
    """Each side's jitter decides who is first, as it should."""
    settings = {"rekey_time": "18s", "rand_time": "12s", "life_time": "60s"}
    session = Session(lab, a=child(**settings), b=child(**settings))
    echoes = session.pings(interval=1)
    time.sleep(84)
    echoes.terminate()
    if "collision" in session.a.log() + session.b.log():
        raise RuntimeError("the rekeyings met")
    session.keep_both(
        index, "child-lifetime-equal", "S32",
        "both sides rekey their Child SA after 6 to 18 s, at random, now the one and now the other;"
        " echoes every second")


def spis(daemon):
    """The SPIs of its IKE SA, which are to be one."""
    text = daemon.swanctl("--list-sas", "--raw")
    both = re.findall(r"(?:initiator|responder)-spi=(\w{16})", text)
    if len(both) != 2:
        raise RuntimeError(f"not one IKE SA: {both}")
    return both


def name_keys(daemon, associations):
    """Put a rekeyed IKE SA's own SPIs before its keys.

    The plugin save-keys of strongSwan 5.9.8 writes those of the SA that was replaced.
    """
    table, = (path for path in daemon.keys() if path.name == "ikev2_decryption_table")
    lines = table.read_text().splitlines()
    table.write_text("".join(
        ",".join([*names, *line.split(",")[2:]]) + "\n"
        for names, line in zip(associations, lines, strict=True)))


@recording()
def ike_rekey_under_traffic(lab, index):
    lengthen(lab, 0.02)
    ike = {"rekey_time": "8s", "over_time": "20s", "dpd_delay": "2s", **RAND_0}
    session = Session(lab, a={"ike": ike, **child()}, b=child())
    echoes = [session.pings(side, interval=0.5) for side in "ab"]
    associations = [spis(session.a)]
    for second in 10, 18:
        time.sleep(second - session.second())
        associations.append(spis(session.a))
    for process in echoes:
        process.terminate()
    time.sleep(4.5)
    name_keys(session.a, associations)
    session.keep_both(
        index, "ike-rekey-under-traffic", "S25",
        "A rekeys the IKE SA after 8 and 16 s while echoes go both ways every 0.5 s; the Child SA"
        " and its SPIs stay; then a liveness check of the third IKE SA")


@recording()
def ike_delete_and_return(lab, index):
    session = Session(lab)
    session.pings(interval=0.5, count=6).wait(20)
    session.a.terminate()
    deleted = session.second()
    time.sleep(3)
    if not session.a.initiate():
        raise RuntimeError("the tunnel does not return")
    session.pings(interval=0.5, count=6).wait(20)
    session.b.terminate()
    time.sleep(0.5)
    session.keep_both(
        index, "ike-delete-and-return", "S25",
        f"A deletes the IKE SA cleanly at {deleted:.1f} s and sets up another three seconds later,"
        " which B deletes cleanly at the end; echoes in both")
