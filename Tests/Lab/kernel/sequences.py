"""Says in words how the sequence numbers of one SA run through a capture.

    sequences.py CAPTURE SPI [WINDOW]

With a WINDOW: how far packets come late, and how many the window of a receiver (RFC 4303, 3.4.3)
drops. "late" in the sense of Linux: as far or farther behind the highest accepted number than the
window is wide. The last word is that count alone, for comparison with the kernel's.
"""

import struct
import sys


def numbers(path, wanted):
    """The sequence numbers of plain ESP over IPv4 with the SPI `wanted`, in the file's order."""
    with open(path, "rb") as file:
        data = file.read()
    at = 24
    while at + 16 <= len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        packet = data[at + 16 + 14 : at + 16 + length]
        at += 16 + length
        header = (packet[0] & 15) * 4
        if packet[9] != 50 or struct.unpack_from(">H", packet, 6)[0] & 0x1FFF:
            continue
        spi, number = struct.unpack_from(">II", packet, header)
        if spi == wanted:
            yield number


def gaps(seen):
    """Runs of numbers missing between the lowest and the highest seen, by their lengths."""
    missing = sorted(set(range(min(seen), max(seen) + 1)) - set(seen))
    runs = []
    for place, number in enumerate(missing):
        if place and missing[place - 1] == number - 1:
            runs[-1] += 1
        else:
            runs.append(1)
    return runs


def distances(seen):
    """How far each packet lies behind the highest number before it; 0 when in order."""
    highest = 0
    for number in seen:
        yield max(0, highest - number)
        highest = max(highest, number)


def main():
    path, spi = sys.argv[1], int(sys.argv[2], 16)
    seen = list(numbers(path, spi))
    runs = gaps(seen)
    print(f"{len(seen)} packets with sequence numbers {min(seen)} to {max(seen)}", end="")
    if len(set(seen)) != len(seen):
        print(f" ({len(set(seen))} different)", end="")
    if runs:
        print(f"; {sum(runs)} missing in {len(runs)} gaps; longest gap {max(runs)}", end="")
    if len(sys.argv) > 3:
        window = int(sys.argv[3])
        behind = sorted(distances(seen))
        dropped = sum(distance >= window for distance in behind)
        print(f"; {sum(d > 0 for d in behind)} out of order", end="")
        print(f"; p99 of the distance {behind[len(behind) * 99 // 100]}; max {behind[-1]}", end="")
        for width in (32, 64, 128, 256, 512, 1024):
            print(f"; window {width} drops {sum(d >= width for d in behind)}", end="")
        print(f" {dropped}", end="")
    print()


main()
