"""votebench as the benchmarks drive it: its command line, its end, and what summary.json says.

The result page of the target never changes, so the check of consistency cannot pass and the exit status is 1 or 2:
that is expected. What it cost and what it counted is taken from summary.json.
"""

import json
import os
import pathlib
import pty
import subprocess
import threading

PROJECT = pathlib.Path(__file__).resolve().parents[2]


def binary():
    """The release that is measured: VOTEBENCH_BINARY, else that of the launcher."""
    path = pathlib.Path(os.environ.get("VOTEBENCH_BINARY") or PROJECT / ".build/release/votebench")
    if not path.exists():
        raise RuntimeError(f"{path} is not there: ./votebench builds it")
    return path.resolve()


def offers(option):
    """Whether this votebench has the option."""
    text = subprocess.run([binary(), "run", "--help"], capture_output=True, text=True, timeout=30, check=False).stdout
    return f"{option} " in text


class Run:
    """One run of votebench against `target`, started at once; `wait` ends it, and so does the end of `with`.

    With `terminal` it writes to one, which nobody reads but a thread that keeps it from being full."""

    def __init__(self, target, folder, *options, prefix=(), program=None, environment=None, progress="plain",
                 terminal=False):
        self._folder = pathlib.Path(folder)
        self.command = [
            *prefix, str(program or binary()), "--target", target.origin, "--cacert", str(target.certificate),
            "--out", str(self._folder), "--progress", progress, *options]
        if "--drain-max" not in options:
            self.command += ["--drain-max", "1s"]
        self._said = []
        self._terminal = None
        output = subprocess.PIPE
        if terminal:
            self._terminal, output = pty.openpty()
        self.process = subprocess.Popen(
            self.command, stdin=output if terminal else None, stdout=output, stderr=output if terminal else
            subprocess.STDOUT, text=True, env={**os.environ, "TERM": "xterm", **(environment or {})})
        if terminal:
            os.close(output)
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self):
        try:
            while data := os.read(self._terminal, 65536):
                self._said.append(data.decode(errors="replace"))
        except OSError:
            pass  # its end

    @property
    def said(self):
        """What it has written so far, of a run on a terminal."""
        return "".join(self._said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self._terminal is None:
            self.process.stdout.close()
        else:
            os.close(self._terminal)

    def await_phase(self, name):
        """Waits until votebench says that the phase has begun."""
        for line in self.process.stdout:
            self._said.append(line)
            if line.split()[1:] == [name]:
                return
        raise RuntimeError(f"phase {name} never began:\n{''.join(self._said)}")

    def wait(self, limit):
        """Waits at most `limit` seconds; gives the summary."""
        try:
            rest, _ = self.process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise RuntimeError(f"no end within {limit} s: {' '.join(self.command)}") from None
        path = self._folder / "summary.json"
        if not path.exists():
            raise RuntimeError(f"no summary.json; votebench said:\n{''.join(self._said)}{rest}")
        return Summary(json.loads(path.read_text()))


def run(target, folder, *options, limit, **how):
    """A whole run; gives its summary."""
    with Run(target, folder, *options, **how) as running:
        return running.wait(limit)


class Summary:
    """What of summary.json the benchmarks need."""

    def __init__(self, document):
        self.document = document
        self.measured = document["total"]
        self.generator = document["generator"]

    def votes(self, kind):
        """Votes of a kind (sent, accepted, dropped, ...) in all phases, the warm-up included."""
        return sum(phase["votes"][kind] for phase in self.document["phases"])

    @property
    def failed(self):
        return self.votes("due") - self.votes("accepted")
