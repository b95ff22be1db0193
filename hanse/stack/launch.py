"""Becomes a supervised server: runs as its own small program, never imported by the rest (standard library only).

`python -I -S launch.py <supervisor pid> <death signal> <uid:gid:passage or -> <command…>`

It gives up root for the named user, asks the kernel (Linux) to signal the server when its supervisor dies, and turns into
the server, so the server keeps the pid the supervisor knows. The order matters: changing user clears the death signal.
"""

import ctypes
import os
import sys

_PR_SET_PDEATHSIG = 1
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_READ = 23
_PR_SET_SECUREBITS = 28
_SECBIT_NO_SETUID_FIXUP = 1 << 2
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
_CAP_SETPCAP = 8
_CAPABILITY_VERSION_3 = 0x20080522


def _passage_capability(libc: ctypes.CDLL) -> int | None:
    """The weakest capability this container leaves us that lets the server pass through a closed parent folder."""
    for capability in (_CAP_DAC_READ_SEARCH, _CAP_DAC_OVERRIDE):
        if libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
            return capability
    return None


def _become(uid: int, gid: int, *, needs_passage: bool) -> None:
    """Change user. One capability is kept when the server's files lie below a folder only root may enter (`/root`)."""
    libc = ctypes.CDLL(None, use_errno=True)
    capability = _passage_capability(libc) if needs_passage and sys.platform == "linux" else None
    if capability is not None:
        libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)
    if capability is not None:
        _keep_only(libc, capability)


def _keep_only(libc: ctypes.CDLL, capability: int) -> None:
    """Hand one capability on to the server. `access(2)` would ignore it without the secure bit, and PostgreSQL asks
    `access` whether its programs can be run; setting that bit takes a second capability for a moment."""
    _set_capabilities(libc, 1 << capability | 1 << _CAP_SETPCAP)
    libc.prctl(_PR_SET_SECUREBITS, _SECBIT_NO_SETUID_FIXUP, 0, 0, 0)
    _set_capabilities(libc, 1 << capability)
    libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0)


def _set_capabilities(libc: ctypes.CDLL, bits: int) -> None:
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bits, bits, bits, 0, 0, 0)
    libc.capset(header, sets)


def _die_with(supervisor: int, death_signal: int) -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
    if os.getppid() != supervisor:  # it died before we asked
        os._exit(1)


def _run(arguments: list[str]) -> None:
    supervisor, death_signal, user, *command = arguments
    if user != "-":
        uid, gid, needs_passage = map(int, user.split(":"))
        _become(uid, gid, needs_passage=bool(needs_passage))
    _die_with(int(supervisor), int(death_signal))
    os.execvp(command[0], command)


if __name__ == "__main__":
    _run(sys.argv[1:])
