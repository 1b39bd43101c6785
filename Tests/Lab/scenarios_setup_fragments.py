"""Large messages of IKE_AUTH that do not come through, as IP fragments or as IKE fragments."""

import time

from lab import Charon, authority, certificate, charon, recording, tunnel

FIRST_FOUR = "0, 4, 11.2 and 24.2 s"

# Before the kernel puts fragments together (priority -400).
BEFORE_REASSEMBLY = {"hook": "prerouting", "priority": -450}
LATER_IP_FRAGMENTS = "ip frag-off & 0x1fff != 0"
ALL_IP_FRAGMENTS = "ip frag-off & 0x3fff != 0"


def ike_fragment(number, source):
    """nftables' words for the IKE fragment (payload 53) with this number from that side, on 4500.

    After UDP's header stand the non-ESP marker (4 bytes), IKE's header (28 bytes, the first
    payload's type at its byte 16) and the fragment payload, its number after four bytes.
    """
    return f'iifname "to-{source}" udp dport 4500 @th,224,8 == 53 @th,352,16 == {number}'


def sides(lab, ike, settings=("", "")):
    """A and B with RSA-4096 certificates; their daemons."""
    authority(lab.folder)
    daemons = []
    for host, side, other, lines in (lab.b, "b", "a", settings[1]), (lab.a, "a", "b", settings[0]):
        certificate(lab.folder, side)
        daemons.append(Charon(
            host,
            tunnel(side, ike,
                   local={"auth": "pubkey", "certs": f"{side}.pem", "id": f"{side}.example"},
                   remote={"auth": "pubkey", "id": f"{other}.example"}),
            settings=lines,
            certificates={"x509": [lab.folder / f"{side}.pem"], "x509ca": [lab.folder / "ca.pem"],
                          "private": [lab.folder / f"{side}.key"]}))
    return reversed(daemons)


def unanswered(lab, ike, seconds=26, settings=("", "")):
    """Let A try for a while; the captures at A and at B, and A's daemon."""
    a, _ = sides(lab, ike, settings)
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    a.initiate(wait=False)
    time.sleep(seconds)
    return at_a, at_b, a


def answered(lab, ike, settings=("", "")):
    """A tunnel that stands and carries four echoes; the captures at A and at B, and A's daemon."""
    a, _ = sides(lab, ike, settings)
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    assert a.initiate(), a.log()
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    return at_a, at_b, a


IP_FRAGMENTS = {"fragmentation": "no"}


@recording()
def ip_fragments_later_lost(lab, index):
    lab.r.drop(LATER_IP_FRAGMENTS, **BEFORE_REASSEMBLY)
    at_a, at_b, a = unanswered(lab, IP_FRAGMENTS)
    index.keep_both(
        at_a, at_b, "ip-fragments-later-lost", "S08",
        "RSA-4096 certificates without IKE fragmentation: the IKE_AUTH request leaves as IP"
        f" fragments four times, at {FIRST_FOUR} after IKE_SA_INIT; R drops all but the first"
        " fragment of each, so that B never answers",
        finding="ike-auth-frag-lost", origin=charon.VERSION, keys=a.keys())


@recording()
def ip_fragments_all_lost(lab, index):
    lab.r.drop(ALL_IP_FRAGMENTS, **BEFORE_REASSEMBLY)
    at_a, _, a = unanswered(lab, IP_FRAGMENTS)
    index.keep(
        at_a, "ip-fragments-all-lost", "S08",
        "RSA-4096 certificates without IKE fragmentation: the IKE_AUTH request leaves as IP"
        f" fragments four times, at {FIRST_FOUR} after IKE_SA_INIT; R drops every fragment, the"
        " first too; captured at A",
        finding="ike-auth-frag-lost", origin=charon.VERSION, keys=a.keys())


@recording()
def ip_fragments_of_reply_lost(lab, index):
    lab.r.drop(f'iifname "to-b" {LATER_IP_FRAGMENTS}', **BEFORE_REASSEMBLY)
    at_a, at_b, a = unanswered(lab, IP_FRAGMENTS)
    index.keep_both(
        at_a, at_b, "ip-fragments-of-reply-lost", "S08",
        "RSA-4096 certificates without IKE fragmentation: the IKE_AUTH request, sent as IP"
        f" at {FIRST_FOUR} after IKE_SA_INIT, arrives each time; B answers in IP fragments, of"
        " which R drops all but the first",
        finding="ike-auth-frag-lost", origin=charon.VERSION, keys=a.keys())


@recording()
def ip_fragments_pass(lab, index):
    at_a, at_b, a = answered(lab, IP_FRAGMENTS)
    index.keep_both(
        at_a, at_b, "ip-fragments-pass", "S08",
        "RSA-4096 certificates without IKE fragmentation: IKE_AUTH goes as IP fragments both ways,"
        " all arrive, the tunnel carries four echoes",
        origin=charon.VERSION, keys=a.keys())


@recording()
def ike_fragments_pass(lab, index):
    lab.r.drop(ALL_IP_FRAGMENTS, **BEFORE_REASSEMBLY)
    at_a, at_b, a = answered(lab, {})
    index.keep_both(
        at_a, at_b, "ike-fragments-pass", "S08",
        "RSA-4096 certificates with IKE fragmentation, in fragments of at most 1280 bytes, while R"
        " drops IP fragments, of which there are none; the tunnel carries four echoes",
        origin=charon.VERSION, keys=a.keys())


# Small enough that a message of RSA-4096 certificates takes five or more.
SMALL = "fragment_size = 600"


@recording()
def ike_fragment_3_lost(lab, index):
    lab.r.drop(ike_fragment(3, "a"))
    at_a, at_b, a = unanswered(lab, {}, settings=(SMALL, SMALL))
    index.keep_both(
        at_a, at_b, "ike-fragment-3-lost", "S09",
        f"A sends the IKE_AUTH request as IKE fragments of 600 bytes, the whole set at {FIRST_FOUR}"
        " after IKE_SA_INIT; R drops number 3 of each set, so that B never answers",
        finding="ike-large-unanswered", finding_at_b="ike-skf-incomplete",
        origin=charon.VERSION, keys=a.keys())


@recording()
def ike_fragment_2_of_reply_lost(lab, index):
    lab.r.drop(ike_fragment(2, "b"))
    at_a, at_b, a = unanswered(lab, {}, settings=(SMALL, SMALL))
    index.keep(
        at_a, "ike-fragment-2-of-reply-lost-at-a", "S09",
        f"A sends the IKE_AUTH request as IKE fragments of 600 bytes, at {FIRST_FOUR} after"
        " IKE_SA_INIT; B answers each set with all its fragments, of which R drops number 2;"
        " captured at A",
        finding="ike-skf-incomplete", origin=charon.VERSION, keys=a.keys())
    index.keep(
        at_b, "ike-fragment-2-of-reply-lost-at-b", "S09",
        f"A sends the IKE_AUTH request as IKE fragments of 600 bytes, at {FIRST_FOUR} after"
        " IKE_SA_INIT; B answers each set with all its fragments, of which R drops number 2, and A"
        " asks again; captured at B",
        finding="ike-large-unanswered", origin=charon.VERSION, keys=a.keys())


@recording()
def ike_fragments_by_size_lost(lab, index):
    lab.r.drop("udp dport 4500 meta length > 1200")
    at_a, at_b, a = unanswered(lab, {})
    index.keep_both(
        at_a, at_b, "ike-fragments-by-size-lost", "S09",
        f"A sends the IKE_AUTH request as IKE fragments of at most 1280 bytes, at {FIRST_FOUR}"
        " after IKE_SA_INIT; R drops packets of more than 1200 bytes, so that only the last and"
        " smallest fragment of each set passes",
        finding="ike-large-unanswered", finding_at_b="ike-skf-incomplete",
        origin=charon.VERSION, keys=a.keys())


@recording()
def ike_fragments_too_large_for_peer(lab, index):
    at_a, at_b, a = unanswered(lab, {}, settings=("", "max_packet = 2000"))
    index.keep_both(
        at_a, at_b, "ike-fragments-too-large-for-peer", "S09",
        f"A sends the IKE_AUTH request as IKE fragments of at most 1280 bytes, at {FIRST_FOUR}"
        " after IKE_SA_INIT; all arrive at B, which takes messages of at most 2000 bytes"
        " (charon.max_packet) and drops larger ones without a word",
        finding="ike-large-unanswered", origin=charon.VERSION, keys=a.keys())


@recording()
def ike_fragment_lost_once(lab, index):
    lab.r.drop(ike_fragment(3, "a"))
    a, _ = sides(lab, {}, settings=(SMALL, SMALL))
    at_a, at_b = lab.capture(lab.a), lab.capture(lab.b)
    a.initiate(wait=False)
    time.sleep(2)
    lab.r.drop()
    a.await_log("CHILD_SA net{1} established", 10)
    assert lab.a.ping("10.99.0.1", source="10.98.0.1") == 4
    lab.settle()
    index.keep_both(
        at_a, at_b, "ike-fragment-lost-once", "S09",
        "A sends the IKE_AUTH request as IKE fragments of 600 bytes; R drops number 3 of the first"
        " set only; the second set, 4 s later, is answered, and the tunnel carries four echoes",
        origin=charon.VERSION, keys=a.keys())


@recording()
def ike_fragments_small(lab, index):
    at_a, at_b, a = answered(lab, {}, settings=(SMALL, SMALL))
    index.keep_both(
        at_a, at_b, "ike-fragments-small", "S09",
        "IKE_AUTH with RSA-4096 certificates goes as IKE fragments of 600 bytes both ways, all"
        " arrive, the tunnel carries four echoes",
        origin=charon.VERSION, keys=a.keys())
