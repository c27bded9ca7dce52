"""Runs a program in what an older kernel or many upgrades leave: confined.py none|full PROGRAM ARGUMENTS...

none: seccomp(2) and landlock_create_ruleset(2) do not exist. full: as many Landlock domains are stacked as
the kernel allows, none of which denies anything but making block devices.
"""
import ctypes
import os
import struct
import sys

SECCOMP, CREATE_RULESET, RESTRICT_SELF = {"x86_64": (317, 444, 446), "aarch64": (277, 444, 446)}[os.uname().machine]
ENOSYS = 38
MAKE_BLOCK = 1 << 11
libc = ctypes.CDLL(None, use_errno=True)


def call(what, *arguments):
    result = what(*arguments)
    if result < 0:
        sys.exit(f"confined.py: {os.strerror(ctypes.get_errno())}")
    return result


def hide():
    """A filter by prctl(2): number is SECCOMP or CREATE_RULESET: ENOSYS, else allowed."""
    code = [(0x20, 0, 0, 0), (0x15, 2, 0, SECCOMP), (0x15, 1, 0, CREATE_RULESET),
            (0x06, 0, 0, 0x7fff0000), (0x06, 0, 0, 0x00050000 | ENOSYS)]
    words = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *one) for one in code))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(code), ctypes.addressof(words)))
    call(libc.prctl, 22, 2, program, 0, 0)


def fill():
    handled = ctypes.c_uint64(MAKE_BLOCK)
    for _ in range(16):
        ruleset = call(libc.syscall, CREATE_RULESET, ctypes.byref(handled), 8, 0)
        call(libc.syscall, RESTRICT_SELF, ruleset, 0)
        os.close(ruleset)


call(libc.prctl, 38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
{"none": hide, "full": fill}[sys.argv[1]]()
os.execv(sys.argv[2], sys.argv[2:])
