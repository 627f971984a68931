"""The garbage collector of a process that serves: it must not halt every thread for long."""

import gc


def calm_collector() -> None:
    """Full collections are rare from now on: each halts every thread for a tenth of a second.

    What a request or a batch makes is freed when it is done with; cycles are few, found in time.
    What is there already stays, and is not looked through again.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
