"""An HTTP server for tests that misbehaves by script, over plain TCP and TLS.

    scripted_server.py FOLDER SITE...      SITE is PORT:plain|tls:BEHAVIOUR

FOLDER holds good.pem and other certificates with their keys. A GET is answered well. A vote is answered as the
behaviour of its site says: most of them misbehave at votes of odd number only, which the request id tells, so that
what becomes of each vote is known beforehand. Every vote whose request id was read is told on standard output:
PORT REQUEST-ID CONNECTION PLACE.
"""

import selectors
import socket
import ssl
import struct
import sys
import threading
import time

VOTED = '{"vote":"a"}'
MARKED = VOTED + " " * 88
MEGABYTE = 1 << 20
output = threading.Lock()


def head(length, status="200 OK", more=""):
    return f"HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{more}\r\n"


def answer(body=VOTED, status="200 OK", more=""):
    return head(len(body), status, more) + body


class Closed(Exception):
    """The peer has gone."""


class Connection:
    def __init__(self, raw, site, number):
        self.raw, self.socket, self.site, self.number = raw, raw, site, number
        self.place = 0
        self.buffer = b""

    def send(self, text, pause=0.0):
        self.socket.sendall(text.encode("latin-1"))
        time.sleep(pause)

    def fill(self, count=65536):
        piece = self.socket.recv(count)
        if not piece:
            raise Closed
        self.buffer += piece

    def line(self, count):
        while b"\n" not in self.buffer:
            self.fill(count)
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode("latin-1").rstrip("\r")

    def rest(self):
        """Reads the rest of a request."""
        length = 0
        while line := self.line(65536):
            if line.lower().startswith("content-length:"):
                length = int(line.split(":")[1])
        while len(self.buffer) < length:
            self.fill()
        self.buffer = self.buffer[length:]

    def hold(self):
        """Says nothing until the peer closes."""
        try:
            while self.raw.recv(65536):
                pass
        except OSError:
            pass
        return False

    def reset(self):
        self.raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def end(self):
        try:
            self.raw.close() if self.socket is self.raw else self.socket.close()
        except OSError:
            pass


behaviours = {}


class Behaviour:
    def __init__(self, run, every, partly):
        self.run, self.every, self.partly = run, every, partly


def behaviour(run=None, every=False, partly=False):
    """A function of connection and vote that answers it and says whether the connection is kept.

    Of votes of odd number, or of `every`; when all was read, or only as far as the request id (`partly`).
    """
    if run is None:
        return lambda run: behaviour(run, every, partly)
    behaviours[run.__name__.replace("_", "-")] = Behaviour(run, every, partly)
    return run


def just(name, *texts, keeps=False, pause=0.01):
    """A behaviour that sends these texts."""

    def run(connection, vote):
        for text in texts:
            connection.send(text, pause)
        return keeps

    behaviours[name] = Behaviour(run, False, False)


# --- good answers ------------------------------------------------------------------------------------------------

CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
just("normal", answer(), keeps=True, pause=0)
just("page", answer('<script>var vote = "a";</script>'), keeps=True, pause=0)
just("chunked", CHUNKED + '3;x="y"\r\n{"v\r\n9\r\note":"a"}\r\n0\r\nX-Trailer: 1\r\n\r\n', keeps=True)
just("interim", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early\r\nX-Pod: other\r\n\r\n", answer(), keeps=True)
just("interim-at-once", "HTTP/1.1 100 Continue\r\n\r\n" + answer(), keeps=True)
just("trickle", *answer(more="X-Pod: pod-1\r\n"), keeps=True, pause=0.0005)
just("in-parts", head(len(MARKED)), MARKED[:4], MARKED[4:], keeps=True)
just("line-feeds", answer().replace("\r", ""), keeps=True)
just("folded", answer(more="X-Long: a\r\n b\r\n"), keeps=True)
just("http-1.0", answer().replace("1.1", "1.0"))
just("http-1.0-kept", answer(more="Connection: keep-alive\r\n").replace("1.1", "1.0"), keeps=True)
just("until-close", "HTTP/1.1 200 OK\r\n\r\n" + VOTED)
just("long-header", answer(more=f"X-Long: {'x' * 60000}\r\n"), keeps=True)
just("many-headers", answer(more="".join(f"X-{n}: {n}\r\n" for n in range(200))), keeps=True)
just("long-body", answer(VOTED + "x" * MEGABYTE), keeps=True)
just("long-chunks", CHUNKED + "".join(f"400\r\n{MARKED:<1024}\r\n" for _ in range(1024)) + "0\r\n\r\n", keeps=True)
just("two-answers", answer() + answer(), keeps=True)
just("201", answer(status="201 Created"), keeps=True)


@behaviour(partly=True)
def early(connection, vote):
    connection.send(answer(), 0.02)
    connection.rest()
    return True


@behaviour(every=True)
def closing(connection, vote):
    connection.send(answer(more="Connection: close\r\n"))
    return False


@behaviour(every=True)
def closing_in_a_list(connection, vote):
    connection.send(answer(more="Connection: x, close\r\n"))
    return connection.hold()


@behaviour(every=True)
def closing_unsaid(connection, vote):
    connection.send(answer())
    return False


def leaves_more(name, *texts):
    """After its answer an idle connection says more; a vote that came on it all the same would be refused."""

    def run(connection, vote):
        if getattr(connection, "is_spoiled", False):
            connection.send(answer(status="404 Spoiled"))
            return True
        connection.is_spoiled = True
        connection.send(answer(), 0.005)
        for text in texts:
            connection.send(text)
        return name != "idle-408"

    behaviours[name] = Behaviour(run, True, False)


leaves_more("idle-408", answer("", "408 Request Timeout", "Connection: close\r\n"))
leaves_more("idle-answer", answer())
leaves_more("idle-garbage", "\0\0\0")

# --- answers that prove nothing, or the contrary -----------------------------------------------------------------

just("no-marker", answer("{}"), keeps=True)
just("other-choice", answer('{"vote":"b"}'), keeps=True)
just("late-marker", answer("x" * MEGABYTE + VOTED), keeps=True)
just("204", "HTTP/1.1 204 No Content\r\n\r\n", keeps=True)
just("marked-500", answer(status="500 Oh"), keeps=True)
just("marked-404", answer(status="404 Oh"), keeps=True)

STATUSES = [
    300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 409, 410, 411, 412, 413, 414, 415, 417, 421, 422, 428,
    429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 511, 599,
]


@behaviour(every=True)
def statuses(connection, vote):
    status = STATUSES[(vote - 1) % len(STATUSES)]
    more = "Location: /vote\r\n" if status < 400 else ""
    connection.send(answer() if vote == 0 else answer("", f"{status} X", more))
    return True


# --- answers that are cut ----------------------------------------------------------------------------------------

CUTS = {
    "version": "HTTP/1.1 ",
    "status": "HTTP/1.1 2",
    "status-line": "HTTP/1.1 200",
    "status-line-of-404": "HTTP/1.1 404",
    "after-status-line": "HTTP/1.1 200 OK\r\n",
    "after-status-line-of-404": "HTTP/1.1 404 No\r\n",
    "head": "HTTP/1.1 200 OK\r\nContent-Le",
    "head-of-404": "HTTP/1.1 404 No\r\nContent-Length: 0\r\nX",
    "before-empty-line-of-404": "HTTP/1.1 404 No\r\nContent-Length: 0\r\n",
    "interim": "HTTP/1.1 100 Continue\r\n",
    "after-interim": "HTTP/1.1 100 Continue\r\n\r\n",
    "body": head(100) + MARKED[:9],
    "body-of-404": head(100, "404 No") + "x",
    "after-head": head(100),
    "after-marker": head(100) + MARKED[:50],
    "chunk": CHUNKED + "64\r\n" + MARKED[:9],
    "chunk-after-marker": CHUNKED + "64\r\n" + MARKED[:50],
    "before-last-chunk": CHUNKED + "64\r\n" + MARKED + "\r\n",
    "chunk-size-of-404": CHUNKED.replace("200", "404") + "6",
    "trailer": CHUNKED + "64\r\n" + MARKED + "\r\n0\r\nX",
}


def resets(name, text):
    def run(connection, vote):
        connection.send(text, 0.02)
        return connection.reset()

    behaviours[name] = Behaviour(run, False, False)


def stalls(name, text):
    def run(connection, vote):
        connection.send(text)
        return connection.hold()

    behaviours[name] = Behaviour(run, False, False)


just("cut-nothing")
for name, text in CUTS.items():
    just("cut-" + name, text)
    resets("reset-" + name, text)
    stalls("stall-" + name, text)
resets("reset-nothing", "")
stalls("stall-nothing", "")

# --- no HTTP -----------------------------------------------------------------------------------------------------

GARBAGE = {
    "ssh": "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "binary": "".join(chr(byte) for byte in range(256)) * 4,
    "lines": "a\r\nb\r\n\r\n" + VOTED,
    "http-2": "\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0\xff\xff\xff",
    "icy": "ICY 200 OK\r\nContent-Length: 12\r\n\r\n" + VOTED,
    "marker": VOTED,
    "after-interim": "HTTP/1.1 100 Continue\r\n\r\nabc\r\n\r\n" + VOTED,
    "chunk-size": CHUNKED + "x\r\n" + MARKED,
    "chunk-size-after-marker": CHUNKED + "64\r\n" + MARKED + "\r\nx\r\n",
}
for name, text in GARBAGE.items():
    just("garbage-" + name, text)
    just("open-garbage-" + name, text, keeps=True)

# What others may take for an answer.
STRICT = {
    "two-lengths": "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nContent-Length: 13\r\n\r\n" + VOTED,
    "no-colon": "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nX\r\n\r\n" + VOTED,
    "space-before-colon": "HTTP/1.1 200 OK\r\nContent-Length : 12\r\n\r\n" + VOTED,
    "no-space-after-status": "HTTP/1.1 200OK\r\nContent-Length: 12\r\n\r\n" + VOTED,
    "coding": "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 12\r\n\r\n" + VOTED,
    "negative-length": "HTTP/1.1 200 OK\r\nContent-Length: -12\r\n\r\n" + VOTED,
    "status-of-600": "HTTP/1.1 600 OK\r\nContent-Length: 12\r\n\r\n" + VOTED,
    "switching": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n" + VOTED,
    "too-many-headers": answer(more="".join(f"X-{n}: {n}\r\n" for n in range(300))),
}
for name, text in STRICT.items():
    just("strict-" + name, text)

# --- requests that are not read ----------------------------------------------------------------------------------


@behaviour(partly=True)
def reset_unread(connection, vote):
    return connection.reset()


@behaviour(partly=True)
def close_unread(connection, vote):
    return False


@behaviour(partly=True)
def stall_unread(connection, vote):
    time.sleep(5)
    return connection.reset()


@behaviour(partly=True)
def refuse_unread(connection, vote):
    """The answer comes while the request is still being sent, and the connection stays."""
    connection.send(answer("", "413 Too Large", "Connection: close\r\n"))
    time.sleep(1)
    return connection.hold()


@behaviour(partly=True)
def refuse_unread_and_close(connection, vote):
    connection.send(answer("", "413 Too Large", "Connection: close\r\n"), 0.05)
    return False


# --- connections that cannot be opened any more ------------------------------------------------------------------

# After vote 4, which is the last on its connection, as many new connections fare badly.
FAILING = 3


def failing(name):
    def run(connection, vote):
        if vote == 4:
            connection.site.failing = 1 if name == "opening-stalls" else FAILING
        if vote == 4 and name == "opening-refused":
            connection.site.close_for(0.17)
        connection.send(answer(more="Connection: close\r\n" if vote == 4 else ""))
        return vote != 4

    behaviours[name] = Behaviour(run, True, False)


for name in ["stalls", "resets", "closes", "speaks-plainly", "refused", "wrong-name", "expired", "untrusted"]:
    failing("opening-" + name)


def fail(connection):
    """Lets the opening of a connection fail; False when it goes on, with another certificate perhaps."""
    name = connection.site.name
    if name == "opening-stalls":
        connection.hold()
    elif name == "opening-resets":
        connection.reset()
    elif name == "opening-speaks-plainly":
        # Without "close" the client could send its next vote on this connection, too, before it is closed.
        connection.send(answer("", "400 Plain", "Connection: close\r\n"))
    elif name != "opening-closes":
        return False
    return True


# --- serving -----------------------------------------------------------------------------------------------------


class Site:
    def __init__(self, folder, text):
        port, transport, name = text.split(":")
        self.port, self.name, self.behaviour = int(port), name, behaviours[name.split("@")[0]]
        self.contexts = {}
        if transport == "tls":
            for certificate in ["good", "wrong-name", "expired", "untrusted"]:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(f"{folder}/{certificate}.pem")
                context.num_tickets = 16
                if name.endswith("@1.2"):
                    context.maximum_version = ssl.TLSVersion.TLSv1_2
                self.contexts[certificate] = context
        self.name = name.split("@")[0]
        self.connections = 0
        self.failing = 0
        self.listen()

    def listen(self):
        self.listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if self.name.endswith("unread") or self.name.endswith("unread-and-close"):
            # Little room on the way, so that a long request is not written at once.
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
        self.listener.bind(("127.0.0.1", self.port))
        self.listener.listen(128)
        selector.register(self.listener, selectors.EVENT_READ, self)

    def close_for(self, seconds):
        selector.unregister(self.listener)
        self.listener.close()
        threading.Timer(seconds, self.listen).start()

    def accept(self):
        raw, _ = self.listener.accept()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        connection = Connection(raw, self, self.connections)
        # Counted here, by the one thread that takes connections: of two that come at once each counts.
        is_failing = self.failing > 0
        self.failing -= is_failing
        threading.Thread(target=self.serve, args=[connection, is_failing], daemon=True).start()

    def serve(self, connection, is_failing):
        try:
            certificate = "good"
            if is_failing:
                if fail(connection):
                    return
                if self.name in ["opening-wrong-name", "opening-expired", "opening-untrusted"]:
                    certificate = self.name.removeprefix("opening-")
            if self.contexts:
                connection.socket = self.contexts[certificate].wrap_socket(
                    connection.raw, server_side=True, suppress_ragged_eofs=True)
                connection.raw = connection.socket
            while self.exchange(connection):
                pass
        except (Closed, OSError):
            pass
        finally:
            connection.end()

    def exchange(self, connection):
        # Byte by byte where a part is to stay unread.
        count = 1 if self.behaviour.partly else 65536
        connection.place += 1
        method, path, _ = connection.line(count).split(" ")
        if method == "GET":
            connection.rest()
            connection.send(answer("{}" if path == "/vote" else '{"a":0,"total":0}'))
            return True
        while not (line := connection.line(count)).startswith("X-Request-ID: "):
            pass
        request = line.split(" ")[1]
        vote = int(request.split("-")[2], 36)
        with output:
            print(self.port, request, connection.number, connection.place, flush=True)
        is_chosen = self.behaviour.every or vote % 2 == 1
        if not (self.behaviour.partly and is_chosen):
            connection.rest()
        if not is_chosen:
            connection.send(answer())
            return True
        return self.behaviour.run(connection, vote)


sys.setswitchinterval(0.0005)
selector = selectors.DefaultSelector()
sites = [Site(sys.argv[1], text) for text in sys.argv[2:]]
print("ready", flush=True)
while True:
    for key, _ in selector.select(0.05):
        try:
            key.data.accept()
        except OSError:
            pass
