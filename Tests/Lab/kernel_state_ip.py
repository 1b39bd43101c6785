"""What `ip -s -d xfrm state` and `ip -s -d xfrm policy` print, as the fields that `state-reader` prints."""

import calendar
import ipaddress
import re
import time

PROTOCOLS = {"esp": 50, "ah": 51, "comp": 108, "icmp": 1, "tcp": 6, "udp": 17, "ipv6-icmp": 58}
MODES = {"transport": 0, "tunnel": 1, "ro": 2, "in_trigger": 3, "beet": 4}
FLAGS = {"noecn": 1, "decap-dscp": 2, "nopmtudisc": 4, "wildrecv": 8, "icmp": 16, "af-unspec": 32,
         "align4": 64, "esn": 128}
EXTRA_FLAGS = {"dont-encap-dscp": 1, "oseq-may-wrap": 2}
ENCAPSULATIONS = {"espinudp-nonike": 1, "espinudp": 2, "espintcp": 7}
DIRECTIONS = {"dir in": 0, "dir out": 1, "dir fwd": 2, "socket in": 3, "socket out": 4}
# What is printed and not told by us: the socket's user, masks that no daemon sets.
LIMITS = (("bytes", r"limit: soft (\S+)\(bytes\), hard (\S+)\(bytes\)"),
          ("packets", r"limit: soft (\S+)\(packets\), hard (\S+)\(packets\)"),
          ("add", r"expire add: soft (\d+)\(sec\), hard (\d+)\(sec\)"),
          ("use", r"expire use: soft (\d+)\(sec\), hard (\d+)\(sec\)"))


def lines(text):
    """Our own output."""
    return [dict(field.split("=", 1) for field in line.split("\t"))
            for line in text.splitlines() if line]


def read(what, text):
    entries = re.split(r"^(?=src )", text, flags=re.MULTILINE)[1:]
    return [(state if what == "state" else policy)(entry) for entry in entries]


def find(pattern, text):
    match = re.search(pattern, text, flags=re.MULTILINE)
    return match.groups() if match else None


def selector(text):
    """'src A/n dst B/n [proto …] [sport …] [dport …] [type … code …] [dev …] uid …'"""
    words = text.split()
    pairs = dict(zip(words[::2], words[1::2]))
    prefixes = [str(ipaddress.ip_interface(pairs[end])) for end in ("src", "dst")]
    kind = pairs.get("proto", "0")
    ports = [pairs.get("sport", pairs.get("type")), pairs.get("dport", pairs.get("code"))]
    ports = ["-" if port is None else f"{port}/65535" for port in ports]
    device = 0
    if "dev" in pairs:
        with open(f"/sys/class/net/{pairs['dev']}/ifindex") as file:
            device = int(file.read())
    return " ".join([*prefixes, str(PROTOCOLS.get(kind) or int(kind)), *ports, str(device)])


def moment(text):
    if text == "-":
        return None
    return str(calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")))


def lifetimes(text):
    fields = {}
    for name, pattern in LIMITS:
        pair = find(pattern, text)
        none = "(INF)" if name in ("bytes", "packets") else "0"
        fields[f"limit_{name}"] = " ".join("-" if value == none else value for value in pair)
    fields["bytes"], fields["packets"] = find(r"(\d+)\(bytes\), (\d+)\(packets\)$", text)
    added, used = find(r"^\t  add (.*) use (.*)$", text)
    fields["add"], fields["use"] = moment(added.strip()), moment(used.strip())
    return fields


def mark(text, name):
    found = find(rf"(?:^\t|\s){name} (0x\w+)/(0x\w+)", text)
    return found and f"{int(found[0], 16)} {int(found[1], 16)}"


def algorithm(text, name):
    """'NAME [KEY] [(N bits)] [ICV]'"""
    found = find(rf"^\t{name} (\S+)(?: 0x(\w+))?(?: \((\d+) bits\))?(?: (\d+))?\s*$", text)
    return found and " ".join([found[0], found[1] or "", found[2] or "0", found[3] or "0"])


def replay(text):
    low = find(r"anti-replay context: seq 0x(\w+), oseq 0x(\w+), bitmap 0x(\w+)", text)
    if low:
        window = int(find(r"^\treplay-window (\d+) ", text)[0])
        bitmap = int(low[2], 16) & ((1 << window) - 1)
        return {"window": str(window), "seq": str(int(low[0], 16)), "oseq": str(int(low[1], 16)),
                "bitmap": "false", "received": str(bin(bitmap).count("1"))}
    numbers = find(r"seq-hi 0x(\w+), seq 0x(\w+), oseq-hi 0x(\w+), oseq 0x(\w+)", text)
    window, = find(r"replay_window (\d+), bitmap-length", text)
    bits = re.search(r"bitmap-length \d+\n((?:\t (?:[0-9a-f]{8} )+\n)*)", text)[1].split()
    high, low, out_high, out_low = (int(number, 16) for number in numbers)
    return {"window": window, "seq": str(high << 32 | low), "oseq": str(out_high << 32 | out_low),
            "bitmap": "true", "received": str(sum(bin(int(word, 16)).count("1") for word in bits))}


def state(text):
    source, destination = find(r"^src (\S+) dst (\S+)", text)
    kind, spi, reqid, mode = find(r"proto (\S+) spi (\w+)\(\d+\) reqid (\d+)\(\w+\) mode (\S+)", text)
    # ip forgets the space between the flags and the word before the extra ones.
    words = re.split(r"extra_flag", find(r" flag ?(.*) \(0x\w+\)$", text)[0])
    flags = sum(FLAGS[word] for word in words[0].split())
    extra = sum(EXTRA_FLAGS[word] for word in words[1].split()) if len(words) > 1 else 0
    encapsulation = find(r"encap type (\S+) sport (\d+) dport (\d+)", text)
    match = find(r"^\tsel (.*)$", text)
    used = find(r"^\tlastused (.*)$", text)
    comp = find(r"^\tcomp (\S+)", text)
    before, replayed, failed = find(r"replay-window (\d+) replay (\d+) failed (\d+)$", text)
    fields = {
        "src": source, "dst": destination, "proto": str(PROTOCOLS[kind]), "spi": str(int(spi, 16)),
        "reqid": reqid, "mode": str(MODES[mode]), "flag": str(flags), "extra_flag": str(extra),
        "esn": "true" if flags & 128 else "false", "mark": mark(text, "mark"),
        "output_mark": mark(text, "output-mark"), "enc": algorithm(text, "enc"),
        "aead": algorithm(text, "aead"), "comp": comp and comp[0],
        "auth": algorithm(text, "auth-trunc") or algorithm(text, "auth"),
        "encap": encapsulation and " ".join(
            [str(ENCAPSULATIONS[encapsulation[0]]), *encapsulation[1:]]),
        "tfcpad": (find(r"^\ttfcpad (\d+)", text) or [None])[0],
        "if_id": (lambda found: found and str(int(found[0], 16)))(find(r"^\tif_id 0x(\w+)", text)),
        "sel": match and selector(match[0]), "lastused": used and moment(used[0].strip()),
        "beforewindow": before, "replayed": replayed, "failed": failed,
        **replay(text), **lifetimes(text)}
    return {name: value for name, value in fields.items() if value is not None}


def policy(text):
    direction, action, index, priority = find(
        r"^\t((?:dir|socket) \S+) action (\S+) index (\d+) priority (\d+)", text)
    found = find(r"^\tif_id 0x(\w+)", text)
    fields = {
        "sel": selector(text.splitlines()[0]), "dir": str(DIRECTIONS[direction]),
        "action": {"allow": "0", "block": "1"}[action], "priority": priority, "index": index,
        "mark": mark(text, "mark"), "if_id": found and str(int(found[0], 16)), **lifetimes(text)}
    # Policies count packets alone.
    del fields["bytes"]
    templates = re.findall(
        r"tmpl src (\S+) dst (\S+)\n\t\tproto (\S+) spi (\w+)\(\d+\) reqid (\d+)\(\w+\) mode (\S+)\n"
        r"\t\tlevel (\S+) ", text)
    for number, (source, destination, kind, spi, reqid, mode, level) in enumerate(templates):
        fields[f"tmpl{number}"] = (
            f"{source} {destination} {PROTOCOLS[kind]} {int(spi, 16)} {reqid} {MODES[mode]} "
            + ("true" if level == "use" else "false"))
    return {name: value for name, value in fields.items() if value is not None}
