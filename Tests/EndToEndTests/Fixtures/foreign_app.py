"""A voting app that is not ours, with the wire of the well-known example: form and cookie in, Socket.IO out.

The frontend queues a vote and answers with its page; a worker keeps one row a voter, the last vote wins; the result side
counts the rows once a second and sends `scores` to everybody, JSON text inside JSON. Socket.IO is python-socketio's.

    foreign_app.py PORT [--frozen SECONDS] [--drop EVERY] [--keep-first] [--postgres URL]

--frozen: after so many seconds with votes the scores stand still. --drop: the worker loses every so many-th vote.
--keep-first: a voter's first vote stays. --postgres: rows are also kept in the table `votes` there, by psql.
Besides, what the example does not have: /page (HTML), /table (JSON, by rows), /stream (Server-Sent Events), and /export
(VOTER<TAB>CHOICE a line).
"""

import argparse
import collections
import json
import queue
import socket
import subprocess
import threading
import time

import flask
import socketio
from werkzeug.serving import WSGIRequestHandler, make_server

options = argparse.ArgumentParser()
options.add_argument("port", type=int)
options.add_argument("--frozen", type=float)
options.add_argument("--drop", type=int)
options.add_argument("--keep-first", action="store_true")
options.add_argument("--postgres")
options = options.parse_args()

votes = queue.Queue()
rows = {}
first_vote = []
app = flask.Flask(__name__)
server = socketio.Server(async_mode="threading", cors_allowed_origins="*")

PAGE = """<!DOCTYPE html><title>Cats vs Dogs!</title>
<form method="POST" action="/"><button name="vote" value="a">Cats</button><button name="vote" value="b">Dogs</button></form>
<div>Processed by container ID {host}</div>
<script>var vote = "{vote}";</script>
"""


@app.route("/", methods=["GET", "POST"])
def vote():
    choice = ""
    voter = flask.request.cookies.get("voter_id") or "%x" % time.time_ns()
    if flask.request.method == "POST":
        choice = flask.request.form["vote"]
        first_vote.append(time.monotonic()) if not first_vote else None
        votes.put((voter, choice))
    answer = flask.make_response(PAGE.format(host=socket.gethostname(), vote=choice))
    answer.set_cookie("voter_id", voter)
    return answer


def table():
    return subprocess.Popen(["psql", "-q", "-v", "ON_ERROR_STOP=1", options.postgres], stdin=subprocess.PIPE, text=True)


def work():
    database = table() if options.postgres else None
    for number in range(10**9):
        voter, choice = votes.get()
        if not options.drop or number % options.drop != options.drop - 1:
            rows[voter] = rows.get(voter, choice) if options.keep_first else choice
            if database:
                database.stdin.write(f"insert into votes values ('{voter}', '{choice}');\n")
                database.stdin.flush()
        time.sleep(0.001)


def tally():
    return {"a": 0, "b": 0, **collections.Counter(list(rows.values()))}


def count():
    scores = tally()
    while True:
        if not options.frozen or not first_vote or time.monotonic() - first_vote[0] < options.frozen:
            scores = tally()
        server.emit("scores", json.dumps(scores))
        time.sleep(1)


@server.event
def connect(sid, environ):
    server.emit("message", {"text": "Welcome!"}, to=sid)


@app.route("/page")
def page():
    return "".join(f"<p>{label}:\n  <b>{number}</b></p>" for label, number in tally().items())


@app.route("/table")
def show_table():
    return flask.jsonify(rows=[{"vote": label, "count": str(number)} for label, number in sorted(tally().items())])


@app.route("/stream")
def stream():
    def events():
        while True:
            yield f"data: {json.dumps({'scores': tally()})}\n\n"
            time.sleep(0.3)

    return flask.Response(events(), mimetype="text/event-stream")


@app.route("/export")
def export():
    return "".join(f"{voter}\t{choice}\n" for voter, choice in list(rows.items()))


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


threading.Thread(target=work, daemon=True).start()
threading.Thread(target=count, daemon=True).start()
http = make_server("127.0.0.1", options.port, socketio.WSGIApp(server, app), threaded=True, request_handler=Handler)
print("ready", flush=True)
threading.Thread(target=http.serve_forever, daemon=True).start()
threading.Event().wait()
