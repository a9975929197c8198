import smtplib
import socket
import ssl
import urllib.request
from urllib.parse import urlparse

import aiohttp
import flask
import ftplib
import httpx
import paramiko
import requests
from flask import Flask, redirect, request, url_for

app = Flask(__name__)
HOSTS = {"example.org"}


@app.route("/preview")
def address_from_request():
    # ruleid: towpath.python.network.address-from-request
    requests.get(request.args["url"], timeout=5)
    url = request.args.get("url")
    # ruleid: towpath.python.network.address-from-request
    urllib.request.urlopen(url, timeout=5)
    # ruleid: towpath.python.network.address-from-request
    return httpx.get(f"http://{request.args['host']}/status").text


@app.route("/preview")
def address_checked_first():
    url = request.args.get("url")
    if urlparse(url).hostname not in HOSTS:
        return "no", 400
    # ok: towpath.python.network.address-from-request
    return requests.get(url, timeout=5).text


@app.route("/search")
def value_in_address():
    # ok: towpath.python.network.address-from-request
    return requests.get("https://example.org/search", params={"q": request.args["q"]}, timeout=5).text


def address_from_caller(url):
    # ruleid: towpath.python.network.address-from-caller
    return requests.get(url, timeout=5).text


def opened_from_caller(url: str):
    # ruleid: towpath.python.network.address-from-caller
    with urllib.request.urlopen(url, timeout=5) as answer:
        return answer.read()


def address_checked(url):
    if urlparse(url).hostname not in HOSTS:
        raise ValueError(url)
    # ok: towpath.python.network.address-from-caller
    return requests.get(url, timeout=5).text


def address_fixed(page):
    # ok: towpath.python.network.address-from-caller
    return requests.get("https://example.org/boats", params={"page": page}, timeout=5).text


@app.route("/login")
def redirected():
    # ruleid: towpath.python.network.redirect-from-request
    first = redirect(request.args.get("next", "/"))
    # ruleid: towpath.python.network.redirect-from-request
    second = flask.redirect(request.form["next"])
    # ok: towpath.python.network.redirect-from-request
    return first, second, redirect(url_for("boats", page=request.args["page"]))


def redirected_by_caller(next_url):
    # ruleid: towpath.python.network.redirect-from-caller
    return redirect(next_url)


def redirected_home(page):
    # ok: towpath.python.network.redirect-from-caller
    return redirect(url_for("home", page=page))


def certificates(session, url, context):
    # ruleid: towpath.python.network.certificate-not-checked
    requests.get("https://example.org", verify=False, timeout=5)
    # ruleid: towpath.python.network.certificate-not-checked
    session.verify = False
    # ruleid: towpath.python.network.certificate-not-checked
    context.check_hostname = False
    # ruleid: towpath.python.network.certificate-not-checked
    context.verify_mode = ssl.CERT_NONE
    # ruleid: towpath.python.network.certificate-not-checked
    ssl._create_unverified_context()
    # ruleid: towpath.python.network.certificate-not-checked
    aiohttp.TCPConnector(ssl=False)
    # ok: towpath.python.network.certificate-not-checked
    requests.get("https://example.org", verify="ca.pem", timeout=5)
    # ok: towpath.python.network.certificate-not-checked
    ssl.create_default_context()


def versions(context):
    # ruleid: towpath.python.network.old-tls
    ssl.SSLContext(ssl.PROTOCOL_TLSv1)
    # ruleid: towpath.python.network.old-tls
    context.minimum_version = ssl.TLSVersion.TLSv1
    # ok: towpath.python.network.old-tls
    context.minimum_version = ssl.TLSVersion.TLSv1_2


def host_keys(client):
    # ruleid: towpath.python.network.unknown-host-key
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    # ok: towpath.python.network.unknown-host-key
    client.set_missing_host_key_policy(paramiko.RejectPolicy())


def waiting():
    # ruleid: towpath.python.network.no-timeout
    requests.get("https://example.org")
    # ok: towpath.python.network.no-timeout
    requests.get("https://example.org", timeout=5)


def clear():
    # ruleid: towpath.python.network.clear-text-protocol
    with ftplib.FTP("example.org") as ftp:
        ftp.login()
    # ok: towpath.python.network.clear-text-protocol
    with ftplib.FTP_TLS("example.org") as ftp:
        ftp.login()


def listening(server):
    # ruleid: towpath.python.network.open-to-every-address
    server.bind(("0.0.0.0", 8000))
    # ruleid: towpath.python.network.open-to-every-address
    app.run(host="0.0.0.0")
    # ok: towpath.python.network.open-to-every-address
    server.bind(("127.0.0.1", 8000))


def mailed(user, password):
    with smtplib.SMTP("example.org", timeout=5) as smtp:
        # ruleid: towpath.python.network.mail-unencrypted
        smtp.login(user, password)
    with smtplib.SMTP("example.org", timeout=5) as smtp:
        smtp.starttls()
        # ok: towpath.python.network.mail-unencrypted
        smtp.login(user, password)
