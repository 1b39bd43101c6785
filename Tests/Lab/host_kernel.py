"""Two gateways in this kernel, which is one that has ESP: their SAs and policies set by hand, traffic, faults.

    a 10.98.0.1 - 192.0.2.1 ======== 192.0.2.2 - 10.99.0.1 b

b is where `ipsecdiag` looks. Keys are made up: SHA-512 over a label.
"""

import hashlib
import os
import re
import subprocess
import time

OUTER = {"a": "192.0.2.1", "b": "192.0.2.2"}
INNER = {"a": "10.98.0.1", "b": "10.99.0.1"}
OTHER = {"a": "b", "b": "a"}
SPI = {"a": 0xC0DE0001, "b": 0xC0DE0002}


def run(*words, given=None, check=True):
    done = subprocess.run(words, input=given, capture_output=True, text=True)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def batch(namespace, lines):
    run("ip", "-n", namespace, "-batch", "-", given=lines)


def key(label, count):
    return "0x" + hashlib.sha512(label.encode()).hexdigest()[: 2 * count]


def make_network():
    for name in "ab":
        run("ip", "netns", "add", name)
    run("ip", "link", "add", "wan", "netns", "a", "type", "veth",
        "peer", "name", "wan", "netns", "b")
    for name in "ab":
        batch(name, f"""link set lo up
link set wan up
addr add {OUTER[name]}/24 dev wan
addr add {INNER[name]}/32 dev lo
route add {INNER[OTHER[name]]}/32 via {OUTER[OTHER[name]]} src {INNER[name]}
""")


def remove_network():
    for name in "ab":
        run("ip", "netns", "del", name, check=False)


def suite(sender, label="", integrity="gcm"):
    if integrity == "gcm":
        return f"aead rfc4106(gcm(aes)) {key(sender + label, 20)} 128"
    return (f"auth-trunc hmac(sha256) {key(sender + label, 32)} {integrity} "
            f"enc cbc(aes) {key('enc' + sender + label, 16)}")


def sa(sender, extra="", **options):
    """What `ip xfrm state add` takes for the SA from `sender`."""
    receiver = OTHER[sender]
    return (f"src {OUTER[sender]} dst {OUTER[receiver]} proto esp spi {SPI[sender]:#x} "
            f"reqid 1 mode tunnel {extra} {suite(sender, **options)}")


def policies(name):
    lines = ""
    for sender in "ab":
        direction = "out" if sender == name else "in"
        receiver = OTHER[sender]
        lines += (f"xfrm policy add src {INNER[sender]} dst {INNER[receiver]} dir {direction} "
                  f"tmpl src {OUTER[sender]} dst {OUTER[receiver]} proto esp reqid 1 mode tunnel\n")
    return lines


def tunnel(window=32, esn=False, inbound="", **options):
    """SAs and policies of both gateways anew; `inbound` is said of b's inbound SA besides."""
    # Linux takes no ESN without a window, on outbound SAs either.
    flags = f"flag esn replay-window {window}" if esn else f"replay-window {window}"
    for name in "ab":
        run("ip", "-n", name, "xfrm", "state", "flush")
        run("ip", "-n", name, "xfrm", "policy", "flush")
        lines = policies(name)
        for sender in "ab":
            is_watched = name == "b" and sender == "a"
            extra = f"{flags} {inbound}" if is_watched else flags
            lines += f"xfrm state add {sa(sender, extra, **options)}\n"
        batch(name, lines)


def disturb(*netem):
    """What netem does to packets from a to b; nothing without words."""
    run("ip", "netns", "exec", "a", "tc", "qdisc", "del", "dev", "wan", "root", check=False)
    if netem:
        run("ip", "netns", "exec", "a", "tc", "qdisc", "add", "dev", "wan", "root", "netem",
            *netem)


def ping(count=200, interval="0.002"):
    return run("ip", "netns", "exec", "a", "ping", "-q", "-n", "-c", str(count), "-i", interval,
               "-W", "1", INNER["b"], check=False)


def states(namespace="b"):
    """`ip -s -d xfrm state` by SPI, as far as replays go."""
    text = run("ip", "-n", namespace, "-s", "-d", "xfrm", "state")
    found = {}
    for block in re.split(r"(?m)^(?=src )", text):
        if not block.strip():
            continue
        number = lambda pattern, base=10: (
            int(match.group(1), base) if (match := re.search(pattern, block)) else None)
        state = {
            "spi": number(r"spi 0x([0-9a-f]+)", 16),
            "window": number(r"replay-window (\d+)"),
            "esn": "flag" in block and "esn" in re.search(r"flag ([^\n]*)", block).group(1),
            "before_window": number(r"stats:\s+replay-window (\d+)"),
            "replayed": number(r"stats:\s+replay-window \d+ replay (\d+)"),
            "failed": number(r"failed (\d+)"),
            "bytes": number(r"lifetime current:\s+(\d+)\(bytes\)"),
            "packets": number(r"lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)"),
        }
        extended = re.search(
            r"anti-replay esn context:\s+seq-hi 0x(\w+), seq 0x(\w+), oseq-hi 0x(\w+), "
            r"oseq 0x(\w+)\s+replay_window (\d+), bitmap-length (\d+)((?:\s+[0-9a-f]{8})*)", block)
        plain = re.search(
            r"anti-replay context: seq 0x(\w+), oseq 0x(\w+), bitmap 0x(\w+)", block)
        if extended:
            high, low, out_high, out_low = (int(part, 16) for part in extended.groups()[:4])
            state["window"] = int(extended.group(5))
            state["incoming"], state["outgoing"] = high << 32 | low, out_high << 32 | out_low
            state["received"] = sum(bin(int(word, 16)).count("1")
                                    for word in extended.group(7).split())
        elif plain:
            state["incoming"], state["outgoing"] = (int(part, 16) for part in plain.groups()[:2])
            state["received"] = bin(int(plain.group(3), 16)).count("1")
        found[state["spi"]] = state
    return found


def counters(namespace="b"):
    text = run("ip", "netns", "exec", namespace, "cat", "/proc/net/xfrm_stat")
    return {name: int(value) for name, value in (line.split() for line in text.splitlines())}
