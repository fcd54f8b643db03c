"""Stands in for a fork bomb: copies that make copies, never more than MOST_PROCESSES at once, gone by itself after some seconds.

The kernel holds it to that number as well: it becomes a user whose processes are limited, which root's are not.
"""
import os
import resource
import time

NOBODY = 65534
# 1 + 3 + 9 + 27 + 81 + 243 copies.
CHILDREN = 3
DEPTH = 5
MOST_PROCESSES = 400
LIFE_SECONDS = 12
# The last generation ends and is made again, as a bomb goes on: about 500 copies a second.
LEAF_SECONDS = 0.5


def copy(depth, end):
    """One copy with all that is below it, in a process of its own; None where the limit lets it not."""
    try:
        child = os.fork()
    except OSError:
        return None
    if child != 0:
        return child
    try:
        grow(depth, end)
    finally:
        os._exit(0)


def grow(depth, end):
    if depth == DEPTH:
        time.sleep(max(0, min(LEAF_SECONDS, end - time.monotonic())))
        return
    while time.monotonic() < end:
        children = [copy(depth + 1, end) for _ in range(CHILDREN)]
        for child in children:
            if child is not None:
                os.waitpid(child, 0)
        if None in children:
            time.sleep(LEAF_SECONDS)


os.setgroups([])
os.setresgid(NOBODY, NOBODY, NOBODY)
resource.setrlimit(resource.RLIMIT_NPROC, (MOST_PROCESSES, MOST_PROCESSES))
os.setresuid(NOBODY, NOBODY, NOBODY)
grow(0, time.monotonic() + LIFE_SECONDS)
