# SPDX-License-Identifier: Apache-2.0
"""Keeping freed memory in the process, where torch on a CPU will want it again a moment later."""

from __future__ import annotations

import ctypes
import sys

__all__ = ["keep_freed_memory"]

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
"""Parameters of glibc's ``mallopt(3)``."""


def keep_freed_memory() -> bool:
    """Stop glibc from handing the buffers of every iteration back to the kernel.

    torch frees and allocates the same gigabytes in each training step; glibc returns every large block at once, and the
    kernel zeroes its pages again on first touch. With the memory kept, a training step of ``lite`` on two cores took
    about half the time (``benchmarks/allocator.py`` measures it on your machine).

    Returns:
        Whether it was done: only glibc has the call, so not on macOS, Windows or musl.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    largest = 2**31 - 1  # bytes before memory is trimmed: mallopt takes an int
    return all((mallopt(M_MMAP_MAX, 0), mallopt(M_TRIM_THRESHOLD, largest), mallopt(M_TOP_PAD, 256 * 2**20)))
