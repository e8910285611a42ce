"""The process that kernels are forked from: it imports what every notebook does, then forks.

`forked.ForkServer` starts it as `python -m churnlib.report.execute.fork_server FD`. It must stay
single-threaded, because the locks of a thread do not survive a fork: nothing here opens the engine,
whose import alone starts a thread. The runner sends one byte and three files a kernel: where it
prints, where it complains, and a socket of its own. On that the kernel reads what to run, and the
runner reads its process id and, when it has ended, its exit code. When the runner is gone, however
it went, all kernels are killed.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time

FILES = 3
NONE_YET = b"k"
# Whatever a chapter imports, so that a kernel finds it done. Not matplotlib's inline backend: it
# must meet a shell when it is imported, or a notebook's figures are not shown.
PRELOADED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_svg",
    "lifelines",
    "ibis.backends.sql.compilers",
    "pyarrow.pandas_compat",
    "sqlglot.generators",
)


def main() -> None:
    """Import everything, then serve; what comes back from that is a child that becomes a kernel."""
    channel = socket.socket(fileno=int(sys.argv[1]))
    if sys.path[0] == os.getcwd():
        del sys.path[0]  # put there by `-m`; a plain kernel does without it too
    preload()
    wanted = serve(channel)
    if wanted:
        become_kernel(*wanted)


def preload() -> None:
    """Import what chapters use.

    And keep the collector from touching it, hence copying it, in every child.
    """
    import churnlib

    for name in churnlib.__all__:
        getattr(churnlib, name)
    for module in PRELOADED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()


def serve(channel: socket.socket) -> list[int] | None:
    """Fork for each request until the runner is gone.

    In a child, return the files that it was sent.
    """
    wake, bell = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(bell, False)
    signal.set_wakeup_fd(bell)
    signal.signal(signal.SIGCHLD, lambda *_: None)  # without a handler the bell would not ring
    kernels: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([channel, wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            _report_ended(kernels)
        if channel in ready:
            request, files, _, _ = socket.recv_fds(channel, len(NONE_YET), FILES)
            if not request:
                return _kill(kernels)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                _forget(channel.detach(), wake, bell, *kernels.values())
                return files
            _lead_own_group(pid)
            _tell(files[-1], pid)
            kernels[pid] = files[-1]
            _forget(*files[:-1])


def become_kernel(stdout: int, stderr: int, orders: int) -> None:
    """Turn this freshly forked process into what `python -m ipykernel_launcher` becomes."""
    _lead_own_group(0)
    with socket.socket(fileno=orders) as sender, sender.makefile(encoding="ascii") as lines:
        wanted = json.loads(lines.readline() or sys.exit(1))
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    _forget(stdout, stderr)
    os.environ.clear()
    os.environ.update(wanted["environment"])
    time.tzset()
    os.chdir(wanted["folder"])
    if "numpy" in sys.modules:
        # Or all kernels would draw the same numbers; Python reseeds its own.
        sys.modules["numpy"].random.seed()
    # ipykernel ends itself when its parent does; it noted who that is when it was imported, before
    # the fork.
    sys.argv = [
        "ipykernel_launcher",
        *wanted["arguments"],
        f"--IPKernelApp.parent_handle={os.getppid()}",
    ]
    importlib.import_module("ipykernel.kernelapp").launch_new_instance()


def _report_ended(kernels: dict[int, int]) -> None:
    for pid in list(kernels):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            _tell(kernels[pid], os.waitstatus_to_exitcode(status))
            _forget(kernels.pop(pid))


def _kill(kernels: dict[int, int]) -> None:
    for pid in kernels:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _lead_own_group(pid: int) -> None:
    """Called on both sides of a fork: neither can meet a kernel still in the server's group."""
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)


def _tell(file: int, number: int) -> None:
    with contextlib.suppress(OSError):  # the runner is gone, or has lost interest
        os.write(file, b"%d\n" % number)


def _forget(*files: int) -> None:
    for file in files:
        os.close(file)


if __name__ == "__main__":
    main()
