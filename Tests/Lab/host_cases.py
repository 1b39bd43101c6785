"""The cases of Tests/Lab/host: runs in User Mode Linux, and looks at gateway b."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import kernel_state_forms as forms

from host_kernel import (
    INNER, OTHER, OUTER, SPI, batch, counters, disturb, key, make_network, ping, policies, run, sa,
    states, tunnel)

TOOL = sys.argv[1]
ONLY = sys.argv[3] if sys.argv[2:3] == ["--only"] else ""
INSIDE = ["ip", "netns", "exec", "b", TOOL]
failures = 0
SLOW = ["delay", "200ms", "reorder", "50%"]


def note(name, isGood, words=""):
    global failures
    failures += not isGood
    print(f"{'good' if isGood else 'BAD '}  {name}{': ' if words else ''}{words}", flush=True)


def wanted(name):
    return ONLY in name


def local(*options):
    done = subprocess.run(
        INSIDE + ["replay", "--local", "--json", *options], capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(f"{done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


# --- fields -------------------------------------------------------------------------------------------------

def fields_of(document):
    found = {}
    for entry in document["sas"]:
        sequence, drops = entry["sequence"], entry["drops"]
        found[int(entry["spi"], 16)] = {
            "spi": int(entry["spi"], 16), "window": entry["window_packets"], "esn": entry["esn"],
            "before_window": drops["before_window"], "replayed": drops["replayed"],
            "failed": drops["integrity_failed"], "bytes": entry["bytes"],
            "packets": entry["packets"], "incoming": sequence["incoming"],
            "outgoing": sequence["outgoing"], "received": entry["window_received"]}
    return found


def check_fields():
    for esn in (False, True):
        for window in (32, 64, 128, 1024):
            for title, netem in (("reordering", SLOW), ("duplication", ["duplicate", "30%"]),
                                 ("loss", ["loss", "10%"])):
                name = f"fields, window {window}{', ESN' * esn}, {title}"
                if not wanted(name):
                    continue
                tunnel(window, esn)
                disturb(*netem)
                ping(200)
                disturb()
                time.sleep(0.3)
                document = local()
                theirs, ours = states(), fields_of(document)
                wrong = [f"{spi:08x} {field}: ip {state[field]}, ours {ours[spi][field]}"
                         for spi, state in theirs.items() for field in state
                         if field in ours.get(spi, {}) and state[field] != ours[spi][field]]
                wrong += [f"{spi:08x} is missing" for spi in theirs if spi not in ours]
                total = {entry["counter"]: entry["count"] for entry in document["drops"]}
                wrong += [f"{counter}: kernel {value}, ours {total.get(counter, 0)}"
                          for counter, value in counters().items() if value != total.get(counter, 0)]
                state = theirs[SPI["a"]]
                note(name, not wrong, "; ".join(wrong) or
                     f"{state['packets']} packets, dropped {state['before_window']} late, "
                     f"{state['replayed']} repeated, {state['failed']} failed")


# --- causes -------------------------------------------------------------------------------------------------

def replace_sa(sender, **options):
    run("ip", "-n", sender, "xfrm", "state", "delete", "src", OUTER[sender], "dst",
        OUTER[OTHER[sender]], "proto", "esp", "spi", hex(SPI[sender]))
    batch(sender, f"xfrm state add {sa(sender, 'replay-window 32', **options)}\n")


def delete_sa(gateway, sender):
    run("ip", "-n", gateway, "xfrm", "state", "delete", "src", OUTER[sender], "dst",
        OUTER[OTHER[sender]], "proto", "esp", "spi", hex(SPI[sender]))


def inbound_policy(*words):
    run("ip", "-n", "b", "xfrm", "policy", words[0], "src", INNER["a"], "dst", INNER["b"],
        "dir", "in", *words[1:])


TEMPLATE = ["tmpl", "src", OUTER["a"], "dst", OUTER["b"], "proto", "esp", "mode", "tunnel"]

# A name, how the tunnel is made, what goes wrong, and the cause that must come first.
FAULTS = [
    ("reordering", {}, lambda: disturb(*SLOW), "reordering"),
    ("reordering, ESN", {"esn": True}, lambda: disturb(*SLOW), "window_under_esn"),
    ("duplicates", {}, lambda: disturb("duplicate", "30%"), "duplicates"),
    ("duplicates, ESN", {"esn": True}, lambda: disturb("duplicate", "30%"), "duplicates"),
    ("wrong key", {}, lambda: replace_sa("a", label="wrong"), "wrong_keys"),
    ("ICV of 128 bits for 96", {"integrity": 96}, lambda: replace_sa("a", integrity=128),
     "icv_length"),
    ("missing SA", {}, lambda: delete_sa("b", "a"), "missing_sa"),
    ("no policy", {}, lambda: inbound_policy("delete"), "policy_mismatch"),
    ("policy for another reqid", {},
     lambda: inbound_policy("update", *TEMPLATE, "reqid", "7"), "policy_mismatch"),
    ("policy that blocks", {}, lambda: inbound_policy("update", "action", "block"),
     "blocked_by_policy"),
    ("packet limit", {"inbound": "limit packet-hard 60"}, lambda: None, "lifetime_end"),
    ("time limit", {"inbound": "limit time-hard 3"}, lambda: time.sleep(2.2), "lifetime_end"),
    ("no SA out", {}, lambda: delete_sa("b", "b"), "no_outbound_sa"),
]


def check_causes():
    for name, options, break_it, cause in FAULTS:
        if not wanted(f"causes, {name}"):
            continue
        tunnel(32, **options)
        ping(20)
        watch = subprocess.Popen(
            INSIDE + ["replay", "--local", "--watch", "--interval", "1", "--count", "6", "--ndjson"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        # The first reading is before the fault.
        time.sleep(1.5)
        break_it()
        ping(300)
        output, errors = watch.communicate(timeout=30)
        disturb()
        found = []
        for line in output.splitlines():
            for drop in json.loads(line).get("drops", []):
                if drop["count"] > 0 and drop["causes"]:
                    found.append((drop["count"], drop["counter"], drop["causes"][0]["cause"]))
        tally = {}
        for count, _, first in found:
            tally[first] = tally.get(first, 0) + count
        most = max(tally, key=tally.get) if tally else "nothing"
        note(f"causes, {name}", most == cause,
             f"{most}, for {cause}; {tally}{errors.strip()[-200:] if not tally else ''}")
    # A healthy tunnel has none.
    if wanted("causes, nothing"):
        tunnel(32)
        watch = subprocess.Popen(
            INSIDE + ["replay", "--local", "--watch", "--interval", "1", "--count", "4", "--ndjson"],
            stdout=subprocess.PIPE, text=True)
        ping(300)
        output, _ = watch.communicate(timeout=30)
        drops = [drop for line in output.splitlines() for drop in json.loads(line).get("drops", [])]
        note("causes, nothing", watch.returncode == 0 and not any(d["count"] for d in drops),
             f"exit {watch.returncode}, {drops}")


# --- windows ------------------------------------------------------------------------------------------------

def check_windows():
    for esn in (False, True):
        name = f"windows{', ESN' * esn}"
        if not wanted(name):
            continue
        tunnel(32, esn)
        disturb(*SLOW)
        looking = subprocess.Popen(
            INSIDE + ["replay", "--local", "-i", "wan", "--count", "600", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        time.sleep(1)
        ping(300)
        ping(300)
        output, errors = looking.communicate(timeout=30)
        before = states()[SPI["a"]]
        dropped = before["before_window"] + before["failed"]
        entry = next(
            entry for entry in json.loads(output)["sas"] if int(entry["spi"], 16) == SPI["a"])
        window = entry["recommended_window_packets"]
        note(f"{name}, recommended", dropped > 0 and window is not None and window > 32,
             f"{dropped} dropped with 32; recommended {window} {errors.strip()[-200:]}")
        if not window:
            continue
        tunnel(window, esn)
        ping(300)
        ping(300)
        disturb()
        after = states()[SPI["a"]]
        note(f"{name}, drops stop", after["before_window"] + after["failed"] == 0,
             f"{after['before_window']} late, {after['failed']} failed with {window}")


# --- saved --------------------------------------------------------------------------------------------------

def diagnosed(*options):
    done = subprocess.run(
        INSIDE + ["diagnose", "--json", *options], capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(f"{done.returncode}: {done.stderr}")
    return json.loads(done.stdout)


def differences(live, saved):
    """Of what was read, not of what was judged by the time that has gone by."""
    wrong = []
    for part, key in ("sas", ("spi", "protocol")), ("policies", ("index",)):
        ours, theirs = ({str([entry[name] for name in key]): entry for entry in document[part]}
                        for document in (live, saved))
        wrong += [f"{part} {name} is missing" for name in ours if name not in theirs]
        for name, entry in theirs.items():
            for field, value in entry.items():
                known = ours.get(name, {}).get(field)
                # The window's kind and the ICV of AEADs are in no older output.
                if field not in ("forecast",) and value != known:
                    wrong.append(f"{part} {name} {field}: {known}, saved {value}")
    if live["counters"] != saved["counters"]:
        wrong.append("counters differ")
    return wrong


def check_saved():
    if not wanted("saved"):
        return
    forms.load_modules()
    tunnel(128, True)
    for line in forms.STATES:
        words = ["" if word == "EMPTY" else word for word in line.split()]
        run("ip", "-n", "b", "xfrm", "state", *words)
    for line in forms.POLICIES:
        run("ip", "-n", "b", "xfrm", "policy", "add", *line.split())
    disturb(*SLOW)
    ping(200)
    disturb()
    time.sleep(0.3)
    live = diagnosed()
    folder = tempfile.mkdtemp()
    bundle = f"{folder}/bundle"
    done = subprocess.run(INSIDE + ["collect", "--output", bundle], capture_output=True, text=True)
    wrong = differences(live, diagnosed("--root", bundle))
    secret = any(word in pathlib.Path(bundle, file).read_text()
                 for file in os.listdir(bundle) for word in (key("a", 20)[2:], forms.K20[2:]))
    note("saved, collect", done.returncode == 0 and not wrong and not secret,
         "; ".join(wrong[:8]) or f"{len(live['sas'])} SAs, {len(live['policies'])} policies alike"
         + (", AND A KEY" if secret else ""))
    commands = {"state": "ip -s -d xfrm state", "policy": "ip -s -d xfrm policy",
                "stat": "cat /proc/net/xfrm_stat", "addr": "ip addr", "route": "ip route"}
    for title, change in (("", ""), (", one line each", "-o")):
        outputs = tempfile.mkdtemp()
        for name, command in commands.items():
            command = command.replace("ip -s", f"ip {change} -s")
            text = run("ip", "netns", "exec", "b", *command.split())
            pathlib.Path(outputs, name).write_text(text)
        wrong = differences(live, diagnosed("--root", outputs))
        note(f"saved, output of ip{title}", not wrong, "; ".join(wrong[:8]))


# --- many ---------------------------------------------------------------------------------------------------

def seconds(*words):
    best = None
    for _ in range(5):
        start = time.monotonic()
        subprocess.run(words, stdout=subprocess.DEVNULL, check=False)
        taken = time.monotonic() - start
        best = taken if best is None else min(best, taken)
    return best


def check_many():
    if not wanted("many"):
        return
    run("ip", "-n", "b", "xfrm", "state", "flush")
    batch("b", "".join(
        f"xfrm state add src 192.0.2.1 dst 10.9.{n >> 8}.{n & 255} proto esp spi {0xC0000000 + n:#x} "
        f"mode tunnel replay-window 32 aead rfc4106(gcm(aes)) {key('many', 20)} 128\n"
        for n in range(10_000)))
    theirs = seconds("ip", "-n", "b", "xfrm", "state")
    ours = seconds(*INSIDE, "replay", "--local", "-q")
    note("many", ours <= 2 * theirs, f"{ours:.2f} s, ip {theirs:.2f} s: {ours / theirs:.2f} times")


make_network()
for check in (check_fields, check_causes, check_windows, check_saved, check_many):
    check()
print("all good" if failures == 0 else f"{failures} bad")
sys.exit(1 if failures else 0)
