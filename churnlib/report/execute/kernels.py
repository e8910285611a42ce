"""How a kernel is started: this interpreter, a fixed environment, sockets in a private folder.

A kernel is forked from a server that has everything imported (`forked`), or plain: a process that
imports it anew. Pages are the same either way; forked is several times faster and needs a system
that forks.
"""

import contextlib
import importlib.util
import itertools
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec

from churnlib.report.execute.forked import BEFORE_IMPORTS, FORKED, ForkServer, can_fork
from churnlib.temporary import new_temporary_folder

PLAIN = "local-provisioner"
# Unix sockets' names end at about 104 characters, and deep temporary folders leave too few of them.
MAX_SOCKET_FOLDER = 60
# What a user's shell may hold and what would change a report or slow it down.
NOT_INHERITED = (
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONWARNINGS",
    "PYTHONSTARTUP",
    "PYTHONINSPECT",
    "LANGUAGE",
    "JUPYTER_CONFIG_DIR",
)


class ThisPython(AsyncKernelManager):
    """A kernel of the running interpreter, whatever the user's own kernel specifications say."""

    forks = False

    @property
    def kernel_spec(self) -> KernelSpec:
        """Not looked up in folders: a `python3` of another environment could stand there."""
        return KernelSpec(
            argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
            display_name="churnlib",
            language="python",
            metadata={"kernel_provisioner": {"provisioner_name": FORKED if self.forks else PLAIN}},
        )


class Kernels:
    """The kernels of one run: they share a private folder, and `stop` ends them all at once.

    Parameters
    ----------
    plain : never fork, also where the system could

    Examples
    --------
    >>> with Kernels(plain=True) as kernels, kernels.manager() as manager:
    ...     manager.kernel_spec.language
    'python'
    """

    def __init__(self, plain: bool = False) -> None:
        self._forks = can_fork() and not plain
        self._server: ForkServer | None = None
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._live: set[ThisPython] = set()
        self.stopped = threading.Event()

    def __enter__(self) -> "Kernels":
        root = tempfile.gettempdir()
        fits = len(root) <= MAX_SOCKET_FOLDER or not os.path.isdir("/tmp")
        self._folder = new_temporary_folder(root if fits else "/tmp")
        if self._forks:
            self._server = ForkServer(kernel_environment(self._folder))
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextlib.contextmanager
    def manager(self) -> Iterator[ThisPython]:
        """A manager of one kernel, not yet started; nobody else's while it is held."""
        folder = self._folder
        manager = ThisPython(
            kernel_name="python3",
            transport="ipc" if os.name == "posix" else "tcp",
            connection_file=str(folder / f"{next(self._numbers)}.json"),
        )
        manager.forks = self._forks
        with self._lock:
            self._live.add(manager)
        try:
            yield manager
        finally:
            with self._lock:
                self._live.discard(manager)

    def launch_options(self, log: Any, folder: Path) -> dict[str, Any]:
        """What `start_kernel` is given: environment, working folder, and where the process's own
        words go.
        """
        environment = kernel_environment(self._folder)
        options = {"env": environment, "cwd": str(folder), "stdout": log, "stderr": log}
        return options | ({"server": self._server} if self._server else {})

    def stop(self) -> None:
        """End every kernel now; those about to start see `stopped`."""
        self.stopped.set()
        with self._lock:
            live = list(self._live)
        for manager in live:
            pid = getattr(manager.provisioner, "pid", None)
            if pid:
                _end(pid)
        if self._server:
            self._server.stop()


def kernel_environment(private: Path) -> dict[str, str]:
    """The environment of a kernel: the caller's, with everything set that could change what a
    page shows.
    """
    environment = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
    environment |= BEFORE_IMPORTS
    environment |= {
        "PYTHONFAULTHANDLER": "1",
        "PYTHONUTF8": "1",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "IPYKERNEL_CELL_NAME": "cell",
        "IPYTHONDIR": str(private / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "TZ": "UTC",
        "LC_ALL": "C.UTF-8",
    }
    style = _default_matplotlibrc()
    return environment | ({"MATPLOTLIBRC": style} if style else {})


def _default_matplotlibrc() -> str | None:
    """matplotlib's own settings file, so that one in the user's home does not restyle a report."""
    found = importlib.util.find_spec("matplotlib")
    folders = found.submodule_search_locations if found else None
    file = Path(folders[0]) / "mpl-data" / "matplotlibrc" if folders else None
    return str(file) if file and file.exists() else None


def _end(pid: int) -> None:
    """Kill the kernel and what it started: it leads a process group of its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg") and os.getpgid(pid) != os.getpgrp():
            os.killpg(os.getpgid(pid), signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGTERM)
