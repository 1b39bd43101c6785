"""One shuffled stream of packets, given to the kernel and to esp-peer: which of them each takes."""

import collections
import dataclasses
import random
import struct

import esp_kernel
from esp_transforms import transform

WRAP = 1 << 32
# Few enough for the sink's buffer.
BATCH = 50
REASONS = (("beforeWindow", "too old"), ("repeated", "repeated"), ("wrongICV", "wrong ICV"))


@dataclasses.dataclass
class Judgement:
    """What became of a stream: the numbers of its packets that were taken, and how many were not."""

    taken: list
    too_old: int
    repeated: int
    wrong_icv: int

    @property
    def counts(self):
        return len(self.taken), self.too_old, self.repeated, self.wrong_icv


def shuffled(packets, window, source):
    """Positions in a stream: late by up to twice the window, some twice, some lost, some forged."""
    stream = []
    for index, packet in enumerate(packets):
        if source.random() < 0.03:
            continue
        late = source.choice((0, 0, 0, window // 4, window, 2 * window))
        stream.append((index + source.uniform(0, late), packet))
        if source.random() < 0.1:
            stream.append((index + source.uniform(0, 2 * window), packet))
        if source.random() < 0.05:
            forged = bytearray(packet)
            # Behind the SPI: sequence number, IV, ciphertext and ICV.
            forged[source.randrange(4, len(forged))] ^= 1 << source.randrange(8)
            stream.append((index + source.uniform(0, late), bytes(forged)))
    return [packet for _, packet in sorted(stream, key=lambda entry: entry[0])]


def kernel(association, stream):
    taken = []
    with esp_kernel.sink() as sink:
        for start in range(0, len(stream), BATCH):
            for packet in stream[start:start + BATCH]:
                association.send(packet)
            while True:
                try:
                    taken.append(struct.unpack(">I", sink.recv(64))[0])
                except BlockingIOError:
                    break
    _, too_old, repeated, failed = esp_kernel.counters()
    return Judgement(taken, too_old, repeated, failed)


def ours(peer, stream):
    taken, reasons = [], collections.Counter()
    for packet in stream:
        sequence, _, payload = peer.open(packet)
        if sequence is None:
            reasons[payload.split("(")[0]] += 1
        else:
            taken.append(struct.unpack(">I", payload[8:])[0])
    unknown = set(reasons) - {name for name, _ in REASONS}
    if unknown:
        raise RuntimeError(f"closed for {unknown}")
    return Judgement(taken, *(reasons[name] for name, _ in REASONS))


def compare(peer, name, window, esn, seed):
    """The judgements of the kernel and of esp-peer."""
    source = random.Random(f"{seed} {window} {esn}")
    count = max(2000, 3 * window)
    start = WRAP - count // 2 if esn else 0
    chosen = transform(name)
    with esp_kernel.Association(peer, chosen, esn=esn, window=window, start=start) as association:
        packets = [peer.seal(esp_kernel.UDP, esp_kernel.datagram(struct.pack(">I", index)))
                   for index in range(count)]
        stream = shuffled(packets, window, source)
        words = chosen.peer_words(esp_kernel.TO_KERNEL, esn, start, "to")
        peer.ask(f"in {words} {window}")
        return len(stream), kernel(association, stream), ours(peer, stream)


def answers(association, count):
    """Packets that the kernel seals: its answers to so many pings."""
    packets = []
    for number in range(count):
        ping = association.peer.seal(esp_kernel.ICMP, esp_kernel.echo(8, number, b"numbers"))
        association.send(ping)
        packets.append(association.receive())
    return packets


# Packets that fail before esp-peer looks for a sender that is epochs ahead (InboundSA.failuresBeforeSearch).
LOST = 32


def without_window(peer, name, seed):
    """How many of the kernel's packets with extended numbers esp-peer opened as it should, without a window.

    First across a wrap, shuffled as above: what is authentic opens with its own number, however late or often
    it comes. Then the kernel is two epochs ahead at once: the 32nd packet finds it again.
    """
    chosen = transform(name)
    source = random.Random(f"{seed} {name}")
    opened = []
    start = WRAP - 150
    with esp_kernel.Association(peer, chosen, esn=True, start=start) as association:
        packets = answers(association, 300)
    numbers = {packet: start + 1 + index for index, packet in enumerate(packets)}
    stream = shuffled(packets, 64, source)
    peer.ask(f"in {chosen.peer_words(esp_kernel.FROM_KERNEL, True, start, 'from')} 0")
    opened += [peer.open(packet)[0] == numbers.get(packet) for packet in stream]
    ahead = 3 * WRAP + 1000
    with esp_kernel.Association(peer, chosen, esn=True, start=ahead) as association:
        packets = answers(association, 40)
    peer.ask(f"in {chosen.peer_words(esp_kernel.FROM_KERNEL, True, WRAP + 150, 'from')} 0")
    for index, packet in enumerate(packets, 1):
        expected = ahead + index if index >= LOST else None
        opened.append(peer.open(packet)[0] == expected)
    return sum(opened), len(opened)
