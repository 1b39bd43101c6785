"""Run by the Python of cryptolyzer's environment: loads it once, which takes seconds, then runs its
command line, in a process of its own, for each list of words, as JSON, on a line of standard input.
"""

import contextlib
import json
import os
import sys
import time

from cryptolyzer.__main__ import main

# Begins the line after each run's output; the seconds it took follow.
END = "\x00"


def run(words):
    if (child := os.fork()) == 0:
        sys.argv = ["cryptolyze", *words]
        # It ends with the exit code 0 whatever it found, and an exception is nothing found.
        with contextlib.suppress(BaseException):
            main()
        sys.stdout.flush()
        os._exit(0)
    os.waitpid(child, 0)


for line in sys.stdin:
    began = time.monotonic()
    run(json.loads(line))
    print(f"{END}{time.monotonic() - began}", flush=True)
