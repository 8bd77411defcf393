"""Loaded by local worker processes when they start, in their main thread.

Ctrl-C is for the process that runs the sweep: a terminal sends it to all of them, and each would
answer with a traceback.  Brian2 is imported here because it handles signals from its import on,
which Python allows in the main thread only; cases are computed in another one.
"""

import signal

import brian2  # noqa: F401

signal.signal(signal.SIGINT, signal.SIG_IGN)
