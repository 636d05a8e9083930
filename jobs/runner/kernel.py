"""The few system calls that Python does not offer: unshare, prctl, mount (Linux)."""

import ctypes
import os
import signal

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x10000000, 0x20000000, 0x40000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 0x4000, 1 << 18
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_SET_CHILD_SUBREAPER = 1, 38, 36

libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    _check(libc.unshare(flags), "unshare")


def die_with_parent(parent: int) -> None:
    """SIGKILL when the parent (its process id) dies; at once if it died before this call."""
    _check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def outlive_parent() -> None:
    """Takes back ``die_with_parent``."""
    _check(libc.prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0), "prctl")


def no_new_privileges() -> None:
    """No setuid program gives this process or its children more rights."""
    _check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Grandchildren whose parent died become children of this process, so that it can find and end them."""
    _check(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def private_mounts() -> None:
    _check(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount")


def own_proc() -> None:
    """/proc shows this namespace only: no environment of any other process can be read."""
    _check(libc.mount(b"proc", b"/proc", b"proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, None), "mount")
