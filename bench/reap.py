"""reap.py PROGRAM ARGUMENTS…: runs a server whose CPU time is to be counted.

FTP servers fork a process for each session, some of them another one from there, and /proc tells the
time of a process that has ended only as a part of its parent's (cutime, cstime), once that has waited
for it. A process whose parent ended first would be the init's and lost: here it is a child of this
program (PR_SET_CHILD_SUBREAPER), which waits for all. Not counted: children of a server that ignores
SIGCHLD, which none of the peers does.
"""
import ctypes
import os
import signal
import sys

PR_SET_CHILD_SUBREAPER = 36

ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
server = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
signal.signal(signal.SIGTERM, lambda *_: os.kill(server, signal.SIGTERM))
status = 0
while True:
    try:
        pid, result = os.wait()
    except ChildProcessError:
        break
    if pid == server:
        status = os.waitstatus_to_exitcode(result)
sys.exit(abs(status))
