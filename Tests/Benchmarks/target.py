"""The server that benchmarks and gates send to: one nginx worker on loopback, TLS 1.3, a certificate of RSA-2048."""

import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

CONFIGURATION = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 8192; }}
http {{
  map $request_method $is_vote {{ default 0; POST 1; }}
  log_format vote '$status $http_cookie';
  access_log {log};
  keepalive_requests 1000000000;
  keepalive_timeout 1h;
  default_type application/json;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/cert.pem;
  ssl_certificate_key {folder}/key.pem;
  ssl_protocols TLSv1.3;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    location = /vote {{ return 200 '{{"vote":"a","vote":"b"}}'; }}
    location = /result {{ return 200 '{{"a":0,"b":0}}'; }}
    location = /status {{ stub_status; access_log off; }}
  }}
}}
"""


class Target:
    """nginx in a folder of its own, from `with` to its end; every vote is answered 200 and proves either choice."""

    def __init__(self, folder, core=None, keeps_log=False):
        self.folder = pathlib.Path(folder)
        self.port = _free_port()
        self.origin = f"https://127.0.0.1:{self.port}"
        self.certificate = self.folder / "cert.pem"
        self._log = self.folder / "votes.log"
        self._core = core
        self._keeps_log = keeps_log
        self._server = None

    def __enter__(self):
        self.folder.mkdir(parents=True)
        self._make_certificate()
        log = f"{self._log} vote buffer=256k flush=1s if=$is_vote" if self._keeps_log else "off"
        text = CONFIGURATION.format(folder=self.folder, port=self.port, log=log)
        (self.folder / "nginx.conf").write_text(text)
        pin = [] if self._core is None else ["taskset", "-c", str(self._core)]
        # The kernel ends it should this program be killed.
        command = [*pin, "setpriv", "--pdeathsig", "TERM", nginx(), "-c", str(self.folder / "nginx.conf")]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            self._await_answers()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        worker = self._worker_or_none()
        if worker:
            _signal(worker, signal.SIGCONT)
        self._server.terminate()
        try:
            self._server.wait(10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    @property
    def worker(self):
        """Process id of the one worker."""
        worker = self._worker_or_none()
        if worker is None:
            raise RuntimeError("nginx has no worker")
        return worker

    def requests(self):
        """Requests that nginx has answered since its start, this one included."""
        return self.counts()[1]

    def counts(self):
        """(connections, requests) that nginx has accepted since its start, those of this question included."""
        with urllib.request.urlopen(f"{self.origin}/status", context=self._context(), timeout=2) as answer:
            words = answer.read().split()
        return int(words[7]), int(words[9])

    def freeze(self, seconds):
        """Stops the worker, waits, lets it go on; gives how long it was stopped."""
        worker = self.worker
        os.kill(worker, signal.SIGSTOP)
        began = time.monotonic()
        try:
            time.sleep(seconds)
        finally:
            os.kill(worker, signal.SIGCONT)
        return time.monotonic() - began

    def logged(self):
        """(status, cookies) of each vote that nginx answered; call it after the end."""
        with open(self._log, encoding="utf-8") as lines:
            return [tuple(line.rstrip("\n").split(" ", 1)) for line in lines]

    def _make_certificate(self):
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
             "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / "key.pem", "-out", self.certificate],
            check=True, capture_output=True)

    def _context(self):
        return ssl.create_default_context(cafile=str(self.certificate))

    def _await_answers(self):
        for _ in range(200):
            if self._server.poll() is not None:
                break
            try:
                self.requests()
                return
            except OSError:
                time.sleep(0.05)
        log = self.folder / "error.log"
        raise RuntimeError(f"nginx did not start: {log.read_text() if log.exists() else 'it left no log'}")

    def _worker_or_none(self):
        master = self._server.pid
        try:
            with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as children:
                return next((int(child) for child in children.read().split()), None)
        except OSError:
            return None


def nginx():
    """Debian keeps it in sbin, which a user's PATH often lacks."""
    path = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError("no nginx here: apt-get install nginx")
    return path


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _signal(process, number):
    try:
        os.kill(process, number)
    except ProcessLookupError:
        pass
