"""One network namespace, and what runs in it."""

import os
import signal
import subprocess


class Host:
    """A network namespace that takes all of its processes with it when it goes."""

    def __init__(self, namespace, folder):
        self.namespace = namespace
        self.folder = folder
        self.processes = []
        subprocess.run(["ip", "netns", "add", namespace], check=True)
        self.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        self.ip("link set lo up")

    def inside(self, words):
        return ["ip", "netns", "exec", self.namespace, *words]

    def run(self, *words, input=None, timeout=30, check=True):
        """Run a program to its end; its output is the result."""
        done = subprocess.run(
            self.inside(words), input=input, timeout=timeout, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if check and done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)} in {self.namespace}: {done.stdout.strip()}")
        return done.stdout

    def start(self, *words, **options):
        """Start a program that `stop` or the host's end stops. What it says is dropped."""
        process = subprocess.Popen(
            self.inside(words), start_new_session=True,
            **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options})
        self.processes.append(process)
        return process

    def stop(self, process, number=signal.SIGTERM, timeout=5):
        """End a started program and all that it started."""
        for send in (number, signal.SIGKILL):
            if process.poll() is None:
                os.killpg(process.pid, send)
            try:
                process.wait(timeout)
                break
            except subprocess.TimeoutExpired:
                continue
        if process in self.processes:
            self.processes.remove(process)

    def ip(self, *lines):
        """`ip` commands, one a line."""
        subprocess.run(
            ["ip", "-n", self.namespace, "-batch", "-"], input="\n".join(lines), text=True,
            check=True)

    def nft(self, rules):
        """Load nftables rules. What stands in the table `lab` until then goes."""
        self.run("nft", "-f", "-", input=(
            f"table ip lab\ndelete table ip lab\ntable ip lab {{\n{rules}\n}}\n"))

    def drop(self, *matches, hook="forward", priority=0):
        """Drop packets that match one of the nftables expressions; with none, drop nothing more."""
        rules = "\n".join(f"{match} counter drop" for match in matches)
        self.nft(f"chain filter {{ type filter hook {hook} priority {priority};\n{rules}\n}}")

    def ping(self, target, count=4, interval=0.2, size=56, source=None, wait=2, fragment=True):
        """How many of `count` echoes were answered."""
        words = ["ping", "-q", "-n", "-c", str(count), "-i", str(interval), "-s", str(size),
                 "-W", str(wait), "-M", "dont" if fragment else "do"]
        if source:
            words += ["-I", source]
        text = self.run(*words, target, timeout=count * interval + wait + 30, check=False)
        for part in text.split(","):
            if part.strip().endswith("received"):
                return int(part.split()[0])
        raise RuntimeError(f"ping in {self.namespace}: {text.strip()}")

    def remove(self):
        for process in list(self.processes):
            self.stop(process)
        subprocess.run(["ip", "netns", "delete", self.namespace], check=False)
