import hashlib
import hmac
import os
import random
import secrets

import jwt
from Crypto.Cipher import AES, DES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms, modes


def digests(data):
    # ruleid: towpath.python.crypto.weak-hash
    hashlib.md5(data).hexdigest()
    # ruleid: towpath.python.crypto.weak-hash
    hashlib.sha1(data)
    # ruleid: towpath.python.crypto.weak-hash
    hashlib.new("md5", data)
    # ruleid: towpath.python.crypto.weak-hash
    hashes.SHA1()
    # ok: towpath.python.crypto.weak-hash
    hashlib.sha256(data)
    # ok: towpath.python.crypto.weak-hash
    hashlib.md5(data, usedforsecurity=False)


def passwords(password, user, salt):
    # ruleid: towpath.python.crypto.password-hashed-fast
    hashlib.sha256(password.encode()).hexdigest()
    # ruleid: towpath.python.crypto.password-hashed-fast
    hashlib.sha512((salt + user.password).encode())
    # ok: towpath.python.crypto.password-hashed-fast
    hashlib.scrypt(password.encode(), salt=salt, n=2**14, r=8, p=1)
    # ok: towpath.python.crypto.password-hashed-fast
    hashlib.sha256(user.name.encode())


def ciphers(key, nonce):
    # ruleid: towpath.python.crypto.weak-cipher
    DES.new(key, DES.MODE_CBC, nonce)
    # ruleid: towpath.python.crypto.weak-cipher
    AES.new(key, AES.MODE_ECB)
    # ruleid: towpath.python.crypto.weak-cipher
    algorithms.ARC4(key)
    # ruleid: towpath.python.crypto.weak-cipher
    modes.ECB()
    # ok: towpath.python.crypto.weak-cipher
    AES.new(key, AES.MODE_GCM, nonce)


def keys():
    # ruleid: towpath.python.crypto.short-key
    rsa.generate_private_key(public_exponent=65537, key_size=1024)
    # ok: towpath.python.crypto.short-key
    rsa.generate_private_key(public_exponent=65537, key_size=3072)


def guessable():
    # ruleid: towpath.python.crypto.guessable-secret
    token = "".join(random.choice("abcdef") for _ in range(32))
    # ruleid: towpath.python.crypto.guessable-secret
    reset_code = random.randint(0, 999999)
    # ok: towpath.python.crypto.guessable-secret
    password = secrets.token_urlsafe()
    # ok: towpath.python.crypto.guessable-secret
    colour = random.choice(["red", "blue"])
    return token, reset_code, password, colour


def make_token():
    # ruleid: towpath.python.crypto.guessable-secret
    return "%x" % random.getrandbits(128)


def fixed(password, key):
    # ruleid: towpath.python.crypto.fixed-salt-or-iv
    hashlib.pbkdf2_hmac("sha256", password, b"canal", 600_000)
    # ruleid: towpath.python.crypto.fixed-salt-or-iv
    modes.CBC(b"0000000000000000")
    # ok: towpath.python.crypto.fixed-salt-or-iv
    modes.CBC(os.urandom(16))
    # ok: towpath.python.crypto.fixed-salt-or-iv
    hashlib.pbkdf2_hmac("sha256", password, os.urandom(16), 600_000)


def iterations(password, salt):
    # ruleid: towpath.python.crypto.few-iterations
    hashlib.pbkdf2_hmac("sha256", password, salt, 1000)
    # ok: towpath.python.crypto.few-iterations
    hashlib.pbkdf2_hmac("sha256", password, salt, 600_000)


def compared(key, body, given):
    expected = hmac.new(key, body, hashlib.sha256).hexdigest()
    # ruleid: towpath.python.crypto.compared-in-variable-time
    if expected == given:
        return True
    # ok: towpath.python.crypto.compared-in-variable-time
    return hmac.compare_digest(expected, given)


def compared_directly(key, body, given):
    # ruleid: towpath.python.crypto.compared-in-variable-time
    return hmac.new(key, body, hashlib.sha256).hexdigest() == given


def lengths(first, second):
    # ok: towpath.python.crypto.compared-in-variable-time
    return len(first) == len(second)


def tokens(token, key):
    # ruleid: towpath.python.crypto.token-not-verified
    jwt.decode(token, key, algorithms=["HS256"], options={"verify_signature": False})
    # ruleid: towpath.python.crypto.token-not-verified
    jwt.decode(token, key, algorithms=["HS256", "none"])
    # ok: towpath.python.crypto.token-not-verified
    jwt.decode(token, key, algorithms=["HS256"])


def algorithm(token, key):
    # ruleid: towpath.python.crypto.token-any-algorithm
    jwt.decode(token, key)
    # ok: towpath.python.crypto.token-any-algorithm
    jwt.decode(token, key, algorithms=["EdDSA"])
