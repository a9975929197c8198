from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from flask import Flask, abort, request
from flask_cors import CORS
from django.views.decorators.csrf import csrf_exempt

app = Flask(__name__)
api = FastAPI()


def served():
    # ruleid: towpath.python.web.debugger-on
    app.run(debug=True)
    # ruleid: towpath.python.web.debugger-on
    app.config["DEBUG"] = True
    # ok: towpath.python.web.debugger-on
    app.run()


def cookies(response, token, colour):
    # ruleid: towpath.python.web.cookie-unprotected
    response.set_cookie("colour", colour, secure=False)
    # ruleid: towpath.python.web.cookie-unprotected, towpath.python.web.cookie-flags-missing
    response.set_cookie("session_token", token)
    # ruleid: towpath.python.web.cookie-unprotected
    app.config["SESSION_COOKIE_HTTPONLY"] = False
    # ok: towpath.python.web.cookie-unprotected, towpath.python.web.cookie-flags-missing
    response.set_cookie("session_token", token, secure=True, httponly=True, samesite="Lax")
    # ruleid: towpath.python.web.cookie-flags-missing
    response.set_cookie("colour", colour)


def origins(response):
    # ruleid: towpath.python.web.cors-for-everybody, towpath.python.web.cors-any-origin
    CORS(app, origins="*", supports_credentials=True)
    # ruleid: towpath.python.web.cors-for-everybody, towpath.python.web.cors-any-origin
    api.add_middleware(CORSMiddleware, allow_origins=["*"], allow_credentials=True)
    # ruleid: towpath.python.web.cors-for-everybody, towpath.python.injection.response-header-from-request
    response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
    # ruleid: towpath.python.web.cors-any-origin
    response.headers["Access-Control-Allow-Origin"] = "*"
    # ok: towpath.python.web.cors-for-everybody, towpath.python.web.cors-any-origin
    CORS(app, origins=["https://example.org"], supports_credentials=True)


# ruleid: towpath.python.web.csrf-off
@csrf_exempt
def view(request):
    return request


# ok: towpath.python.web.csrf-off
@app.post("/boats")
def boats():
    return "saved"


app.config["WTF_CSRF_TIME_LIMIT"] = 60
# ruleid: towpath.python.web.csrf-off
app.config["WTF_CSRF_ENABLED"] = False


def removed(user, boat):
    # ruleid: towpath.python.web.permission-asserted
    assert user.is_admin
    # ruleid: towpath.python.web.permission-asserted
    assert user.has_permission("remove"), "not allowed"
    # ok: towpath.python.web.permission-asserted
    assert boat.length > 0
    # ok: towpath.python.web.permission-asserted
    if not user.is_admin:
        abort(403)


# ruleid: towpath.python.web.hosts-not-limited
ALLOWED_HOSTS = ["*"]
# ok: towpath.python.web.hosts-not-limited
ALLOWED_HOSTS = ["example.org"]
