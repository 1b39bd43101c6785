"""What `kernel-state` puts into the kernel: SAs and policies of every form, a path that mixes packets up, and
a sequence of events with what must be told of them."""

import os
import socket
import struct
import subprocess
import time

K16 = "0x" + bytes(range(16)).hex()
K20 = "0x" + bytes(range(20)).hex()
K32 = "0x" + bytes(range(32)).hex()
GCM = f"aead rfc4106(gcm(aes)) {K20}"
CBC = f"enc cbc(aes) {K16}"
ENDS = "src 10.0.0.1 dst 10.0.0.2"
ENDS6 = "src fd00::1 dst fd00::2"

STATES = [
    f"add {ENDS} proto esp spi 0x101 reqid 7 mode tunnel replay-window 32 {GCM} 128",
    f"add {ENDS} proto esp spi 0x102 reqid 4294967295 mode transport replay-window 0 "
    f"auth hmac(sha1) {K20} {CBC} sel src 10.0.0.1/32 dst 10.0.0.2/32 proto tcp sport 1025 dport 80",
    f"add {ENDS} proto esp spi 0xffffffff mode tunnel flag esn replay-window 100 "
    f"auth-trunc hmac(sha256) {K32} 128 {CBC} limit byte-soft 1000 limit byte-hard 2000 "
    "limit packet-soft 3 limit packet-hard 4 limit time-soft 3600 limit time-hard 7200 "
    "limit time-use-soft 60 limit time-use-hard 120",
    f"add {ENDS6} proto esp spi 0x104 mode tunnel flag af-unspec noecn replay-window 32 "
    f"replay-seq 0x123 replay-oseq 0xfffffffe {GCM} 96",
    f"add {ENDS} proto esp spi 0x105 mode tunnel encap espinudp 4500 4501 0.0.0.0 {GCM} 64 "
    "mark 7 mask 0xff output-mark 0x10 mask 0xf0 if_id 9",
    f"add {ENDS} proto esp spi 0x106 mode tunnel flag esn nopmtudisc decap-dscp align4 icmp wildrecv "
    "replay-window 4096 replay-seq 0xffffffff replay-oseq 5 replay-seq-hi 2 replay-oseq-hi 1 "
    f"extra-flag dont-encap-dscp oseq-may-wrap tfcpad 200 {GCM} 128 mark 3 mask 0xff",
    f"add {ENDS} proto ah spi 0x107 mode transport replay-window 8 auth hmac(sha1) {K20} "
    "mark 4 mask 0xff",
    "add src 10.0.0.1 dst 10.0.0.2 proto comp spi 0x108 mode transport comp deflate",
    f"add {ENDS} proto esp spi 0x109 mode beet enc ecb(cipher_null) EMPTY auth hmac(sha1) {K20} "
    "mark 5 mask 0xff output-mark 0x20",
    f"add {ENDS6} proto esp spi 0x10a mode transport replay-window 32 {GCM} 128 "
    "sel src fd00::1/128 dst fd00::2/128 proto udp dport 53",
    f"add {ENDS} proto esp spi 0x10b mode tunnel {GCM} 128 flag af-unspec "
    "sel src fd01::/64 dst fd02::/48 mark 6 mask 0xff",
    "allocspi src 10.0.0.1 dst 10.0.0.9 proto esp mode tunnel min 0x200 max 0x200",
]

POLICIES = [
    f"src 10.1.0.0/16 dst 10.2.0.0/16 dir out priority 100 tmpl {ENDS} proto esp reqid 7 mode tunnel",
    "src 10.2.0.0/16 dst 10.1.0.0/16 proto udp sport 53 dport 5353 dir in priority 5 index 800 "
    "flag icmp localok mark 7 mask 0xff if_id 9 tmpl src 10.0.0.2 dst 10.0.0.1 proto comp reqid 7 "
    "mode tunnel level use tmpl proto esp spi 0x101 mode transport",
    "src fd01::/64 dst fd02::/64 dev lo dir fwd action block limit time-soft 60 limit time-hard 120 "
    "limit packet-hard 99",
    "src 10.1.0.0/16 dst 10.2.0.0/16 proto icmp type 8 code 0 dir out "
    f"tmpl {ENDS6} proto esp mode tunnel",
    "src 0.0.0.0/0 dst 0.0.0.0/0 dir out priority 4294967295 action block",
]


def load_modules():
    """Those that `in-kernel` leaves out."""
    folder = f"/usr/lib/uml/modules/{os.uname().release}"
    with open(f"{folder}/modules.dep") as file:
        needed = dict(line.rstrip("\n").split(":", 1) for line in file)
    paths = {os.path.basename(path).removesuffix(".ko"): path for path in needed}
    for name in ("esp6", "ah4", "ipcomp", "deflate"):
        for path in [*reversed(needed[paths[name]].split()), paths[name]]:
            loaded = {line.split()[0] for line in open("/proc/modules")}
            if os.path.basename(path).removesuffix(".ko").replace("-", "_") not in loaded:
                subprocess.run(["busybox", "insmod", f"{folder}/{path}"], check=True)


def socket_policies():
    """A socket with policies of its own (IP_XFRM_POLICY is 17), which stand as long as it does."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    selector = bytes(40) + struct.pack("=HBBB3xiI", socket.AF_INET, 0, 0, 0, 0, 0)
    for direction in (0, 1):
        one.setsockopt(0, 17, selector + b"\xff" * 32 + bytes(32) + bytes(32)
                       + struct.pack("=IIBBBB4x", 1, 0, direction, 0, 0, 0))
    return [one]


def batch(namespace, commands):
    subprocess.run(["ip", "-n", namespace, "-batch", "-"], input="\n".join(commands) + "\n",
                   text=True, check=True)


def make_network():
    """a and b, and a path between them on which packets are late, come twice and are lost."""
    for name in ("a", "b"):
        subprocess.run(["ip", "netns", "add", name], check=True)
    subprocess.run(["ip", "link", "add", "veth", "netns", "a", "type", "veth", "peer", "name",
                    "veth", "netns", "b"], check=True)
    for name, own, other in (("a", 1, 2), ("b", 2, 1)):
        batch(name, ["link set lo up", "link set veth up", f"addr add 10.97.0.{own}/24 dev veth",
                     f"addr add 10.98.0.{own}/32 dev lo",
                     f"route add 10.98.0.{other}/32 via 10.97.0.{other} src 10.98.0.{own}"])
        subprocess.run(["tc", "-n", name, "qdisc", "add", "dev", "veth", "root", "netem", "limit",
                        "10000", "delay", "100ms", "80ms", "duplicate", "5%", "loss", "3%",
                        "corrupt", "1%"], check=True)


def make_tunnel(window, esn):
    kind = f"mode tunnel replay-window {window} " + ("flag esn " if esn else "")
    for name, own, other in (("a", 1, 2), ("b", 2, 1)):
        batch(name, ["xfrm state flush", "xfrm policy flush"] + [
            f"xfrm state add src 10.97.0.{source} dst 10.97.0.{3 - source} proto esp "
            f"spi {0xc0de0000 + source} reqid 1 {kind} {GCM} 128" for source in (1, 2)
        ] + [
            f"xfrm policy add src 10.98.0.{source} dst 10.98.0.{3 - source} dir {direction} "
            f"tmpl src 10.97.0.{source} dst 10.97.0.{3 - source} proto esp reqid 1 mode tunnel"
            for source, direction in ((own, "out"), (other, "in"))])


SA = {"src": "10.0.0.1", "dst": "10.0.0.2", "proto": "50", "spi": "769"}
POLICY = {"sel": "10.3.0.0/16 10.4.0.0/16 0 - - 0", "dir": "1"}
EVENTS = [
    ("saAdded", {**SA, "aead": "rfc4106(gcm(aes))  160 128"}),
    ("saUpdated", {**SA, "limit_add": "50 60"}),
    ("saDeleted", {**SA, "limit_add": "50 60", "aead": "rfc4106(gcm(aes))  160 128"}),
    ("saAdded", {**SA, "limit_add": "1 2"}),
    ("saExpired", {**SA, "hard": "false", "limit_add": "1 2"}),
    ("saExpired", {**SA, "hard": "true"}),
    ("policyAdded", {**POLICY, "priority": "3", "tmpl0": "127.0.0.1 127.0.0.2 50 0 8 1 false"}),
    ("saWanted", {"src": "127.0.0.1", "dst": "127.0.0.2", "proto": "50", "reqid": "8",
                  "packet": "10.3.0.1/32 10.4.0.1/32 17 1025/65535 9/65535 INTERFACE"}),
    ("policyUpdated", {**POLICY, "priority": "4"}),
    ("policyDeleted", {**POLICY, "priority": "4", "tmpl0": "127.0.0.1 127.0.0.2 50 0 8 1 false"}),
    ("policyAdded", {**POLICY, "limit_add": "- 1"}),
    ("policyExpired", {**POLICY, "hard": "true"}),
    ("policyAdded", {**POLICY, "limit_add": "- -"}),
    ("sasFlushed", {"proto": "0"}),
    ("policiesFlushed", {}),
]


def make_events(run):
    """Returns the number of the interface that the packet was to leave by, INTERFACE above."""
    own = f"{ENDS} proto esp spi 0x301"
    policy = "src 10.3.0.0/16 dst 10.4.0.0/16 dir out"
    template = "tmpl src 127.0.0.1 dst 127.0.0.2 proto esp reqid 8 mode tunnel"

    def change(what, *words):
        run("ip", "xfrm", what, *" ".join(words).split())

    # The loopback interface takes no notice of policies.
    run("ip", "link", "add", "veth", "type", "veth", "peer", "name", "other")
    run("ip", "link", "set", "veth", "up")
    with open("/sys/class/net/veth/ifindex") as file:
        index = file.read().strip()
    run("ip", "addr", "add", "10.3.0.1/32", "dev", "veth")
    run("ip", "route", "add", "10.4.0.0/16", "dev", "veth", "src", "10.3.0.1")
    change("state", "add", own, "mode tunnel", GCM, "128")
    change("state", "update", own, "mode tunnel", GCM, "128 limit time-soft 50 limit time-hard 60")
    change("state", "delete", own)
    change("state", "add", own, "mode tunnel", GCM, "128 limit time-soft 1 limit time-hard 2")
    time.sleep(4)
    change("policy", "add", policy, "priority 3", template)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setblocking(False)
        one.bind(("10.3.0.1", 1025))
        try:
            one.sendto(b"x", ("10.4.0.1", 9))
        except OSError:
            # It waits for the SA that is wanted.
            pass
    time.sleep(0.5)
    change("policy", "update", policy, "priority 4", template)
    change("policy", "delete", policy)
    change("policy", "add", policy, "limit time-hard 1", template)
    time.sleep(3)
    change("policy", "add", policy, template)
    change("state", "flush")
    change("policy", "flush")
    return index
