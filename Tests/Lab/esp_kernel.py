"""ESP between `esp-peer` and this kernel, which is one that has ESP: the network and its SAs, packets.

The kernel's end is a namespace `b` behind a veth pair; ours is where this runs. We keep no SAs in the
kernel: ESP goes through a raw socket, or in UDP.
"""

import ctypes
import os
import re
import socket
import struct
import subprocess

OURS, THEIRS = "192.0.2.1", "192.0.2.2"
INNER_OURS, INNER_THEIRS = "10.98.0.1", "10.99.0.1"
TO_KERNEL, FROM_KERNEL = 0xC0DE0001, 0xC0DE0002
SINK = 7001
ESP, ICMP, UDP, IPIP = 50, 1, 17, 4
CLONE_NEWNET = 0x40000000
UDP_ENCAP, UDP_ENCAP_ESPINUDP = 100, 2
# A packet takes far less; one that does not come is not to hold everything up.
PATIENCE = 2


def run(*words, given=None):
    done = subprocess.run(words, input=given, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def make_network():
    run("ip", "netns", "add", "b")
    run("ip", "link", "add", "veth", "type", "veth", "peer", "name", "veth", "netns", "b")
    run("ip", "-batch", "-", given=f"link set veth up\naddr add {OURS}/24 dev veth\n")
    run("ip", "-n", "b", "-batch", "-", given=f"""link set lo up
link set veth up
addr add {THEIRS}/24 dev veth
addr add {INNER_THEIRS}/32 dev lo
route add {INNER_OURS}/32 via {OURS} src {INNER_THEIRS}
""")


def socket_in_b(*kind):
    """A socket of the kernel's end."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/self/ns/net") as home, open("/run/netns/b") as there:
        if libc.setns(there.fileno(), CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        try:
            return socket.socket(*kind)
        finally:
            libc.setns(home.fileno(), CLONE_NEWNET)


class Peer:
    """A running esp-peer."""

    def __init__(self, command):
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(PATIENCE)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        if not answer or answer[0] == "error":
            raise RuntimeError(f"esp-peer: {' '.join(answer) or 'gone'} after {line[:80]}")
        return answer

    def seal(self, next_header, payload):
        return bytes.fromhex(self.ask(f"seal {next_header} {payload.hex() or '-'}")[1])

    def open(self, packet):
        """Sequence number, next header and payload, or the reason why there are none."""
        word, *rest = self.ask(f"open {packet.hex()}")
        if word == "closed":
            return None, None, " ".join(rest)
        return int(rest[0]), int(rest[1]), bytes.fromhex(rest[2].replace("-", ""))


class Association:
    """A pair of SAs of one transform between the peer and the kernel."""

    def __init__(self, peer, transform, esn=False, tunnel=False, udp=False, window=64, start=0):
        self.peer, self.tunnel, self.udp = peer, tunnel, udp
        mode = "tunnel" if tunnel else "transport"
        replay = f"replay-window {window}" + (" flag esn" if esn else "")
        if start:
            half = (f"{name}seq {start & 0xFFFFFFFF} replay-{name}seq-hi {start >> 32}"
                    for name in ("o", ""))
            replay += "".join(f" replay-{words}" for words in half)
        encap = f" encap espinudp 4500 4500 {OURS}" if udp else ""
        lines = ["xfrm state flush", "xfrm policy flush"]
        for source, target, spi, way in ((OURS, THEIRS, TO_KERNEL, "to"),
                                         (THEIRS, OURS, FROM_KERNEL, "from")):
            # UDP encapsulation in front of the algorithms, as iproute2 has it.
            lines.append(f"xfrm state add src {source} dst {target} proto esp spi {spi:#x} reqid 1"
                         f" mode {mode} {replay}{encap} {transform.kernel_words(way)}")
        template = f"tmpl src {{}} dst {{}} proto esp reqid 1 mode {mode}"
        if tunnel:
            lines += [
                f"xfrm policy add src {INNER_THEIRS} dst {INNER_OURS} dir out "
                + template.format(THEIRS, OURS),
                f"xfrm policy add src {INNER_OURS} dst {INNER_THEIRS} dir in "
                + template.format(OURS, THEIRS)]
        else:
            lines.append(f"xfrm policy add src {THEIRS} dst {OURS} proto icmp dir out "
                         + template.format(THEIRS, OURS))
        run("ip", "-n", "b", "-batch", "-", given="\n".join(lines) + "\n")
        peer.ask(f"out {transform.peer_words(TO_KERNEL, esn, start + 1, 'to')}")
        peer.ask(f"in {transform.peer_words(FROM_KERNEL, esn, start, 'from')} {window}")

    def __enter__(self):
        self.encapsulated = None
        if self.udp:
            self.encapsulated = socket_in_b(socket.AF_INET, socket.SOCK_DGRAM)
            self.encapsulated.setsockopt(socket.IPPROTO_UDP, UDP_ENCAP, UDP_ENCAP_ESPINUDP)
            self.encapsulated.bind(("", 4500))
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.bind((OURS, 4500))
        else:
            self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, ESP)
            self.socket.bind((OURS, 0))
        self.socket.settimeout(PATIENCE)
        return self

    def __exit__(self, *_):
        self.socket.close()
        if self.encapsulated:
            self.encapsulated.close()

    def send(self, packet):
        self.socket.sendto(packet, (THEIRS, 4500 if self.udp else 0))

    def receive(self):
        packet = self.socket.recv(65535)
        return packet if self.udp else packet[(packet[0] & 15) * 4:]

    def echo(self, number, size):
        """An echo request of `size` octets of data, its answer opened; what was wrong, if anything was."""
        data = bytes((number + index) & 255 for index in range(size))
        if self.tunnel:
            self.send(self.peer.seal(IPIP, ipv4(ICMP, INNER_OURS, INNER_THEIRS, echo(8, number, data))))
        else:
            self.send(self.peer.seal(ICMP, echo(8, number, data)))
        try:
            _, next_header, payload = self.peer.open(self.receive())
        except TimeoutError:
            return "no answer"
        if next_header is None:
            return f"answer not opened: {payload}"
        if self.tunnel:
            next_header, payload = payload[9], payload[20:]
        return "" if (next_header, payload) == (ICMP, echo(0, number, data)) else "another answer"


def counters():
    """Of the kernel's inbound SA: packets taken, and those dropped by its three counters."""
    text = run("ip", "-n", "b", "-s", "xfrm", "state", "get", "src", OURS, "dst", THEIRS, "proto", "esp",
               "spi", hex(TO_KERNEL))
    taken = re.search(r"lifetime current:\s+\d+\(bytes\), (\d+)\(packets\)", text)
    dropped = re.search(r"stats:\s+replay-window (\d+) replay (\d+) failed (\d+)", text)
    return int(taken[1]), *map(int, dropped.groups())


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def echo(kind, number, data):
    bare = struct.pack(">BBHHH", kind, 0, 0, 0x1234, number) + data
    return bare[:2] + struct.pack(">H", checksum(bare)) + bare[4:]


def ipv4(protocol, source, target, payload):
    bare = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64, protocol, 0,
                       socket.inet_aton(source), socket.inet_aton(target))
    return bare[:10] + struct.pack(">H", checksum(bare)) + bare[12:] + payload


def datagram(data):
    """UDP to the sink; without a checksum, as IPv4 allows."""
    return struct.pack(">HHHH", SINK, SINK, 8 + len(data), 0) + data


def sink():
    """A socket of the kernel's end that gets what was in the datagrams."""
    listener = socket_in_b(socket.AF_INET, socket.SOCK_DGRAM)
    listener.bind((THEIRS, SINK))
    listener.setblocking(False)
    return listener
