"""A long cable: R hands every packet to a program that holds it back for some milliseconds.

The kernel here has no netem. Captures at A and at B see the real round trip; R counts as two hops.
"""

import collections
import fcntl
import os
import select
import struct
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN_NO_PI = 0x1001


def lengthen(lab, seconds):
    """Delay all that crosses the router, each way, by this many seconds."""
    lab.r.start(sys.executable, __file__, str(seconds))
    for _ in range(50):
        if "late" in lab.r.run("ip", "link"):
            break
        time.sleep(0.1)
    for name in ("all", "late"):
        lab.r.run("sysctl", "-qw", f"net.ipv4.conf.{name}.rp_filter=0")
    lab.r.ip("link set late up", "route add default dev late table 100",
             *(f"rule add iif {name} to 10.0.0.0/8 lookup 100" for name in ("to-a", "to-b")))


def hold(seconds):
    device = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", b"late", IFF_TUN_NO_PI))
    held = collections.deque()
    while True:
        wait = max(0, held[0][0] - time.monotonic()) if held else None
        if select.select([device], [], [], wait)[0]:
            held.append((time.monotonic() + seconds, os.read(device, 65535)))
        while held and held[0][0] <= time.monotonic():
            os.write(device, held.popleft()[1])


if __name__ == "__main__":
    hold(float(sys.argv[1]))
