"""Recordings by name, and the lines of the index that they leave."""

import csv
import gzip
import pathlib
import shutil

FIXTURES = pathlib.Path(__file__).resolve().parents[2] / "Fixtures/scenarios"
COLUMNS = ["file", "scenario", "state", "finding", "origin", "content", "key_files"]

# A capture beyond this many bytes is kept compressed, and one beyond the limit not at all.
COMPRESSED_FROM = 60_000
LIMIT = 150_000

recordings = {}


class Recording:
    """A function that is given a `Lab` and an `Index`, and where it is to run."""

    def __init__(self, function, nat, kernel):
        self.function = function
        self.nat = nat
        self.kernel = kernel
        self.module = function.__module__


def recording(nat=False, kernel=False):
    """Register a function under its own name.

    `nat` gives it a lab with a NAT, `kernel` runs it in User Mode Linux, whose kernel has ESP.
    """
    def register(function):
        recordings[function.__name__.replace("_", "-")] = Recording(function, nat, kernel)
        return function
    return register


class Index:
    """The index of a group of recordings.

    The modules `scenarios_setup` and `scenarios_setup_fragments` both write `index-setup.csv`.
    """

    def __init__(self, module, kernel=False, folder=FIXTURES):
        self.place = "in User Mode Linux" if kernel else "in network namespaces"
        self.folder = folder
        self.path = folder / f"index-{module.split('_')[1]}.csv"
        self.rows = []

    def keep(self, capture, slug, scenario, content, finding="", info="", origin="", keys=()):
        """Stop a capture and keep it; a capture with a finding shows a fault.

        `info` is the finding, of no more than that severity, that a healthy capture leads to.
        `keys` are files that are kept as SLUG.NAME, where NAME is how the daemon calls them;
        captures of one run at A and at B share them.
        """
        capture.stop()
        size = capture.path.stat().st_size
        if size > LIMIT:
            raise RuntimeError(f"{slug} has {size} bytes, more than {LIMIT}")
        for old in self.folder.glob(f"{slug}.*"):
            old.unlink()
        if size > COMPRESSED_FROM:
            file = f"{slug}.pcap.gz"
            with open(capture.path, "rb") as plain, open(self.folder / file, "wb") as target:
                with gzip.GzipFile(slug, "wb", mtime=0, fileobj=target) as packed:
                    shutil.copyfileobj(plain, packed)
        else:
            file = f"{slug}.pcap"
            shutil.copy(capture.path, self.folder / file)
        kept = []
        run = slug.removesuffix("-at-a").removesuffix("-at-b")
        for path in keys:
            kept.append(f"{run}.{path.name}")
            shutil.copy(path, self.folder / kept[-1])
        self.rows.append({
            "file": file,
            "scenario": scenario,
            "state": "fault" if finding else "healthy",
            "finding": finding or info,
            "origin": f"{origin} {self.place}",
            "content": content,
            "key_files": ";".join(kept),
        })

    def keep_both(self, at_a, at_b, slug, scenario, content, finding="", finding_at_b=None, **more):
        """Keep the captures of one run at A and at B. `content` goes on with where it was taken."""
        self.keep(at_a, f"{slug}-at-a", scenario, f"{content}; captured at A", finding, **more)
        self.keep(at_b, f"{slug}-at-b", scenario, f"{content}; captured at B",
                  finding if finding_at_b is None else finding_at_b, **more)

    def write(self):
        """Put the new lines in the place of those for the same captures, or for captures gone."""
        slugs = {row["file"].removesuffix(".gz") for row in self.rows}
        rows = list(self.rows)
        if self.path.exists():
            with open(self.path, newline="") as file:
                rows += [row for row in csv.DictReader(file)
                         if row["file"].removesuffix(".gz") not in slugs
                         and (self.folder / row["file"]).exists()]
        with open(self.path, "w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(sorted(rows, key=lambda row: row["file"]))
