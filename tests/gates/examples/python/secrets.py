import hmac
import os

from flask import Flask

app = Flask(__name__)
# ruleid: towpath.python.secrets.hard-coded-credential
DB_PASSWORD = "tr0ub4dor-and-3"
# ruleid: towpath.python.secrets.hard-coded-credential
api_key: str = "9f8e7d6c5b4a39281706f5e4d3c2b1a0"
# ok: towpath.python.secrets.hard-coded-credential
PASSWORD_FIELD = "login[password1]"
# ok: towpath.python.secrets.hard-coded-credential
API_KEY = os.environ["API_KEY"]
# ok: towpath.python.secrets.hard-coded-credential
token = "your-token-here-12345"
# ok: towpath.python.secrets.hard-coded-credential
ACCESS_TOKEN = "access_token"
# ok: towpath.python.secrets.hard-coded-credential
password = ""


def connected(connect):
    # ruleid: towpath.python.secrets.hard-coded-credential
    connect(user="towpath", password="S3cr3t!lock99")
    # ok: towpath.python.secrets.hard-coded-credential
    connect(user="towpath", password=os.environ["PASSWORD"])
    # ruleid: towpath.python.secrets.hard-coded-credential
    return {"client_secret": "ab12cd34ef56ab12cd34ef56"}


# ruleid: towpath.python.secrets.hard-coded-credential
def login(user, password="S3cr3t!lock99"):
    # ruleid: towpath.python.secrets.hard-coded-credential
    return os.environ.get("API_TOKEN", "ab12cd34ef56ab12cd34ef56"), user, password


# ruleid: towpath.python.secrets.session-key-in-code
app.secret_key = "lock gate paddle beam 17"
# ruleid: towpath.python.secrets.session-key-in-code, towpath.python.secrets.hard-coded-credential
app.config["SECRET_KEY"] = "kj3h4kjh23"
# ok: towpath.python.secrets.session-key-in-code
app.secret_key = os.environ["SECRET_KEY"]
# ok: towpath.python.secrets.session-key-in-code
app.config["SECRET_KEY"] = "dev"


def signed(body):
    # ruleid: towpath.python.secrets.session-key-in-code
    return hmac.new(b"lockkeeper", body, "sha256")


def logged(logger, password, user):
    # ruleid: towpath.python.secrets.written-to-log
    logger.info("login with %s", password)
    # ruleid: towpath.python.secrets.written-to-log
    logger.debug(f"login of {user.name} with {user.password}")
    # ruleid: towpath.python.secrets.written-to-log
    print(user.api_key)
    # ok: towpath.python.secrets.written-to-log
    logger.info("login of %s", user.name)
    # ok: towpath.python.secrets.written-to-log
    logger.info("password is set: %s", bool(password))


def database(connect):
    # ruleid: towpath.python.secrets.credential-in-address
    connect("postgres://lock:Pad1ockKeeper@db.internal/boats")
    # ok: towpath.python.secrets.credential-in-address
    connect("postgres://user:password@localhost/boats")
    # ok: towpath.python.secrets.credential-in-address
    connect(os.environ["DATABASE_URL"])
