"""The lab's cables: A - R - B, and on wish a NAT router N between A and R."""

import pathlib
import shutil
import tempfile
import time

from .capture import Capture
from .host import Host

# The addresses of the lab. With a NAT, A is 192.168.1.2, and 10.1.0.2 is N's outside.
ADDRESS = {"a": "10.1.0.2", "b": "10.2.0.2", "behind": "192.168.1.2"}

# What stands behind the two gateways: their network, and the gateway's own address in it.
INNER = {"a": ("10.98.0.0/24", "10.98.0.1"), "b": ("10.99.0.0/24", "10.99.0.1")}


class Lab:
    """The namespaces of one recording. Everything goes when the block ends.

    `nat` puts a masquerading router N between A and R. Interfaces are named for what they lead to:
    A and B have `out`, R has `to-a` and `to-b`, N has `in` and `out`.
    """

    def __init__(self, prefix, nat=False):
        self.prefix = prefix
        self.nat = nat
        self.hosts = []
        self.captures = []

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"ipsecdiag-lab-{self.prefix}-"))
        try:
            self.a, self.r, self.b = (self.host(name) for name in "arb")
            self.r.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
            self.cable(self.r, "to-b", "10.2.0.1/24", self.b, "out", f"{ADDRESS['b']}/24")
            if self.nat:
                self.masquerade()
            else:
                self.cable(self.a, "out", f"{ADDRESS['a']}/24", self.r, "to-a", "10.1.0.1/24")
                self.a.ip("route add default via 10.1.0.1")
            self.b.ip("route add default via 10.2.0.1")
            for host, name in (self.a, "a"), (self.b, "b"):
                host.ip(f"addr add {INNER[name][1]}/32 dev lo")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for capture in self.captures:
            capture.stop()
        for host in self.hosts:
            host.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def host(self, name):
        host = Host(f"{self.prefix}-{name}", self.folder)
        self.hosts.append(host)
        return host

    def masquerade(self):
        self.n = self.host("n")
        self.n.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.cable(self.a, "out", f"{ADDRESS['behind']}/24", self.n, "in", "192.168.1.1/24")
        self.cable(self.n, "out", f"{ADDRESS['a']}/24", self.r, "to-a", "10.1.0.1/24")
        self.a.ip("route add default via 192.168.1.1")
        self.n.ip("route add default via 10.1.0.1")
        self.n.nft(
            'chain nat { type nat hook postrouting priority 100; oifname "out" masquerade; }')

    def cable(self, left, left_name, left_address, right, right_name, right_address):
        left.ip(f"link add name {left_name} type veth"
                f" peer name {right_name} netns {right.namespace}")
        for host, name, address in (
                (left, left_name, left_address), (right, right_name, right_address)):
            host.ip(f"addr add {address} dev {name}", f"link set {name} up")
            # Otherwise captures show checksums that the kernel left to the hardware.
            host.run("ethtool", "-K", name, "tx", "off", "gso", "off", "gro", "off", "tso", "off")

    def capture(self, host, interface="out", expression="ip"):
        """Record what passes an interface of a host from now on."""
        capture = Capture(host, interface, expression)
        self.captures.append(capture)
        return capture

    def settle(self, seconds=0.3):
        """Wait for what is still under way."""
        time.sleep(seconds)
