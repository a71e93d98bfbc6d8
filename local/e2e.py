"""The real function and browser behind the real `rendergate serve`: every case in one stack.

usage: e2e.py PATH_OF_RENDERGATE [WORD…]     with words, only the cases whose name has one of them
"""

import contextlib
import importlib
import pathlib
import sys
import threading
import time

import up
from demo import OUT, guarded_stack
from e2e_world import CASES, World

MODULES = ["e2e_media", "e2e_failures", "e2e_delivery", "e2e_queue", "e2e_events", "e2e_command", "e2e_verbs", "e2e_secrets"]


class Memory:
    """The most memory that all processes below this one held at once; shared pages count once."""

    def __init__(self):
        self.peak_kb = 0
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        while True:
            self.peak_kb = max(self.peak_kb, sum(map(proportional_kb, descendants("self"))))
            time.sleep(1)


def descendants(pid):
    with contextlib.suppress(OSError):
        for children in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield child
                yield from descendants(child)


def proportional_kb(pid):
    with contextlib.suppress(OSError):
        for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


def passes(case, world):
    name = case.__name__.replace("_", " ")
    began = time.monotonic()
    try:
        case(world)
    except Exception as error:
        why = error if isinstance(error, up.Failed) else repr(error)
        print(f"FAILED {name} ({time.monotonic() - began:.1f}): {why}", flush=True)
        return False
    print(f"ok {name} ({time.monotonic() - began:.1f})", flush=True)
    return True


def main(binary, words):
    for module in MODULES:
        importlib.import_module(module)
    cases = [case for case in CASES if not words or any(word in case.__name__ for word in words)]
    if not cases:
        raise up.Failed("no case has such a name")
    memory, began = Memory(), time.monotonic()
    OUT.mkdir(exist_ok=True)
    with guarded_stack() as (facts, log):
        world = World(binary, facts, log)
        with world.served(RENDERGATE_LOG="trace") as world.url:
            passed = sum([passes(case, world) for case in cases])
        failed = len(cases) - passed
        print(f"{time.monotonic() - began:.0f} s, at most {memory.peak_kb / 1e6:.1f} GB of memory")
        print(f"{passed} passed, {failed} failed", flush=True)
        if failed:
            raise up.Failed("see above")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    up.run(main, sys.argv[1], sys.argv[2:])
