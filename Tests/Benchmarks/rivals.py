"""The generators that votebench is measured beside: where they come from and how each sends the same vote."""

import os
import pathlib
import shutil
import subprocess
import sys

import generator

PACKAGES = {"wrk": "wrk", "hey": "hey", "h2load": "nghttp2-client"}
FOLDER = generator.PROJECT / ".build" / "peers"
BODY = "vote=a"
FORM = "application/x-www-form-urlencoded"
COOKIE = "voter_id=vb-peer-0001"

WRK = f"""
wrk.method = "POST"
wrk.body = "{BODY}"
wrk.headers["Content-Type"] = "{FORM}"
wrk.headers["Cookie"] = "{COOKIE}"
"""

K6 = f"""
import http from 'k6/http';
export const options = {{ vus: 64, duration: '60s', insecureSkipTLSVerify: true, discardResponseBodies: true }};
const parameters = {{ headers: {{ 'Content-Type': '{FORM}', 'Cookie': '{COOKIE}' }} }};
export default function () {{ http.post(__ENV.VOTE_URL, '{BODY}', parameters); }}
"""


def install(names):
    """Installs what is missing: Debian's packages into the system, k6 into the build folder."""
    missing = [package for name, package in PACKAGES.items() if name in names and not shutil.which(name)]
    if missing:
        prefix = [] if os.geteuid() == 0 else ["sudo"]
        command = [*prefix, "apt-get", "install", "-y", "--no-install-recommends", *missing]
        print("running:", " ".join(command), flush=True)
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=600)
    if "k6" in names and not _k6().exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", FOLDER, "k6==1.*"]
        print("running:", " ".join(map(str, command)), flush=True)
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600)


def command(name, target, folder):
    """The command line that keeps 64 connections of `name` busy for about a minute: whoever starts it ends it."""
    url = f"{target.origin}/vote"
    if name == "wrk":
        script = _written(folder / "wrk.lua", WRK)
        return ["wrk", "-t1", "-c64", "-d60s", "-s", script, url]
    if name == "hey":
        return ["hey", "-z", "60s", "-c", "64", "-cpus", "1", "-m", "POST", "-T", FORM, "-H",
                f"Cookie: {COOKIE}", "-d", BODY, url]
    if name == "h2load":
        return ["h2load", "--h1", "-t1", "-c64", "-D60", "-d", _written(folder / "body", BODY),
                "-H", f"Content-Type: {FORM}", "-H", f"Cookie: {COOKIE}", url]
    return [_k6(), "run", "--quiet", "--no-usage-report", "-e", f"VOTE_URL={url}", _written(folder / "k6.js", K6)]


def _k6():
    return FOLDER / "bin" / "k6"


def _written(path, text):
    pathlib.Path(path).write_text(text, encoding="utf-8")
    return path
