"""A voting system for runs in which the cluster alone matters: every name has a tally of its own, and no vote is lost.

    python3 counted_votes.py PORT

POST /NAME/vote takes a vote, GET /NAME/result shows what was counted under that name.
"""

import collections
import http.server
import json
import sys
import threading

TALLIES = collections.defaultdict(collections.Counter)
LOCK = threading.Lock()


class Votes(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        choice = self.rfile.read(int(self.headers["Content-Length"])).decode().removeprefix("vote=")
        with LOCK:
            TALLIES[self.name()][choice] += 1
        self.answer({"vote": choice})

    def do_GET(self):
        with LOCK:
            tally = {"a": 0, "b": 0} | TALLIES[self.name()]
        self.answer(tally | {"total": sum(tally.values())})

    def name(self):
        return self.path.split("/")[1]

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Votes).serve_forever()
