"""Loaded by local worker processes when they start: Ctrl-C is for the process that runs the sweep.

A terminal sends it to all of them, and each would answer with a traceback.
"""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)
