"""Kernels forked from a server that has everything imported: a tenth of a second in place of two.

`ForkedProvisioner` is a kernel provisioner of jupyter_client, registered as `churnlib-forked`, so
that papermill and nbclient use it without knowing. `fork_server` is the process behind it. Only
POSIX systems fork (`can_fork`), and a kernel of another Python than this one cannot be forked from
it: those are started as always.
"""

import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from importlib.metadata import EntryPoint
from typing import Any

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

from churnlib.report.execute.fork_server import NONE_YET

FORKED = "churnlib-forked"
LAUNCHER = ["-m", "ipykernel_launcher"]
START_TIMEOUT = 180  # seconds until the server has imported everything, on a busy machine
STOP_TIMEOUT = 5
# What must stand before the server's imports: one order of sets, and no threads, of which a fork
# would lose the locks.
BEFORE_IMPORTS = {
    "PYTHONHASHSEED": "0",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "BLIS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}


def can_fork() -> bool:
    """Whether this system forks safely: not Windows, nor macOS, whose frameworks break by it."""
    return hasattr(os, "fork") and hasattr(socket, "send_fds") and sys.platform != "darwin"


class ForkServer:
    """The server, as the runner sees it.

    It is started at once, ready some seconds later, and gone with the runner.

    Parameters
    ----------
    environment : of the server, whose imports may depend on it; each kernel is given one of its own
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._channel, theirs = socket.socketpair()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - open for as long as the server runs
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "churnlib.report.execute.fork_server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env=environment | BEFORE_IMPORTS,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._words,
                start_new_session=True,
            )

    def fork(
        self, arguments: list[str], environment: dict[str, str], folder: str, words: tuple[Any, Any]
    ) -> "Kernel":
        """A new kernel in `folder`.

        `words` are the open files of its stdout and stderr (None: nowhere).
        """
        ours, theirs = socket.socketpair()
        order = {"arguments": arguments, "environment": environment, "folder": folder}
        try:
            with theirs, open(os.devnull, "wb") as nowhere:
                files = [(file or nowhere).fileno() for file in words]
                socket.send_fds(self._channel, [NONE_YET], [*files, theirs.fileno()])
            ours.sendall(json.dumps(order).encode("ascii") + b"\n")
            return Kernel(ours)
        except (OSError, ValueError) as error:
            ours.close()
            raise RuntimeError(
                f"the kernels' fork server is not there: {self._last_words() or error}"
            ) from error

    def stop(self) -> None:
        """End the server and every kernel that it forked."""
        self._channel.close()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._words.close()

    def _last_words(self) -> str:
        if self._words.closed:
            return ""
        self._words.seek(0)
        lines = self._words.read().decode("utf-8", "replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "")


class Kernel:
    """A forked kernel, with as much of `subprocess.Popen` as provisioners use.

    Its parent, the server, reports on it.
    """

    stdin = stdout = stderr = None

    def __init__(self, reports: socket.socket) -> None:
        self._reports = reports
        self._reading = threading.Lock()
        reports.settimeout(START_TIMEOUT)
        self.pid = int(self._line())
        reports.settimeout(None)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code (negative: the signal that ended it), or None while it runs."""
        with self._reading:
            if self.returncode is None and select.select([self._reports], [], [], 0)[0]:
                # Without a last word the server itself was killed, and its kernels end with it.
                self.returncode = int(self._line() or -signal.SIGKILL)
                self._reports.close()
        return self.returncode

    def _line(self) -> bytes:
        return b"".join(iter(lambda: self._reports.recv(1).strip(), b""))

    def wait(self) -> int:
        """The exit code, once there is one."""
        if self.returncode is None:
            select.select([self._reports], [], [])
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the kernel is known to have ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkedProvisioner(LocalProvisioner):
    """Launches kernels of this Python by forking; else they are as any local kernel."""

    async def launch_kernel(
        self, cmd: list[str], *, server: ForkServer | None = None, **options: Any
    ) -> dict[str, Any]:
        """Fork `python -m ipykernel_launcher ...`; any other command is started as it stands."""
        if not can_fork() or cmd[:3] != [sys.executable, *LAUNCHER]:
            return await super().launch_kernel(cmd, **options)
        environment = options.get("env") or dict(os.environ)
        self.cwd = options.get("cwd") or os.getcwd()
        server = server or _server_of_this_process()
        words = (options.get("stdout"), options.get("stderr"))
        self.process = server.fork(cmd[3:], environment, str(self.cwd), words)
        self.pid = self.pgid = self.process.pid
        return self.connection_info


@functools.cache
def _server_of_this_process() -> ForkServer:
    """For kernels that papermill or JupyterLab start through a kernel specification."""
    return ForkServer(dict(os.environ))


# The package's entry point says the same; this serves a clone whose metadata are older than the
# entry point.
KernelProvisionerFactory.provisioners.setdefault(
    FORKED,
    EntryPoint(
        FORKED, f"{__name__}:{ForkedProvisioner.__name__}", KernelProvisionerFactory.GROUP_NAME
    ),
)
