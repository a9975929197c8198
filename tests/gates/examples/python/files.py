import os
import shutil
import stat
import tarfile
import tempfile
import zipfile
from pathlib import Path

from flask import Flask, request, send_file, send_from_directory
from werkzeug.utils import safe_join, secure_filename

app = Flask(__name__)
UPLOADS = Path("/srv/uploads")


@app.route("/files/<path:name>")
def file_from_request(name):
    # ruleid: towpath.python.path.request-to-file
    open(os.path.join("/srv/uploads", name)).close()
    # ruleid: towpath.python.path.request-to-file
    text = (UPLOADS / request.args["file"]).read_text()
    # ruleid: towpath.python.path.request-to-file
    os.remove("/srv/uploads/" + request.form["file"])
    # ruleid: towpath.python.path.request-to-file
    request.files["file"].save(request.form["file"])
    # ok: towpath.python.path.request-to-file
    send_from_directory("/srv/uploads", name)
    # ok: towpath.python.path.request-to-file
    text += (UPLOADS / secure_filename(request.args["file"])).read_text()
    # ok: towpath.python.path.request-to-file
    send_file(safe_join("/srv/uploads", name))
    # ok: towpath.python.path.request-to-file
    return text, (UPLOADS / f"{int(request.args['page'])}.txt").read_text()


@app.route("/checked/<path:name>")
def file_checked(name):
    path = (UPLOADS / name).resolve()
    if not path.is_relative_to(UPLOADS):
        return "no", 404
    # ok: towpath.python.path.request-to-file
    return path.read_text()


def joined(name: str):
    # ruleid: towpath.python.path.name-joined-to-folder
    with open(os.path.join("/srv/uploads", name)) as file:
        return file.read()


def joined_constant(name):
    path = UPLOADS / name
    # ruleid: towpath.python.path.name-joined-to-folder
    return path.read_bytes()


def joined_formatted(name):
    # ruleid: towpath.python.path.name-joined-to-folder
    with open(f"uploads/{name}") as file:
        return file.read()


def read_joined(folder, user_filename):
    # ruleid: towpath.python.path.name-joined-to-folder
    with open(os.path.join(folder, user_filename)) as file:
        return file.read()


def joined_checked(name: str):
    path = (UPLOADS / name).resolve()
    if not path.is_relative_to(UPLOADS):
        raise ValueError(name)
    # ok: towpath.python.path.name-joined-to-folder
    return path.read_text()


def joined_own(folder, number):
    # ok: towpath.python.path.name-joined-to-folder
    with open(os.path.join(folder, "part.txt")) as file:
        return file.read()


def joined_basename(name):
    # ok: towpath.python.path.name-joined-to-folder
    return (UPLOADS / os.path.basename(name)).read_text()


def extracted(archive, folder):
    with tarfile.open(archive) as tar:
        # ruleid: towpath.python.path.archive-extracted-anywhere
        tar.extractall(folder)
    with tarfile.open(archive) as tar:
        # ok: towpath.python.path.archive-extracted-anywhere
        tar.extractall(folder, filter="data")
    with zipfile.ZipFile(archive) as parts:
        # ok: towpath.python.path.archive-extracted-anywhere
        parts.extractall(folder)


def members(archive, folder):
    with zipfile.ZipFile(archive) as parts:
        for name in parts.namelist():
            # ruleid: towpath.python.path.archive-member-joined
            with open(os.path.join(folder, name), "wb") as target:
                target.write(parts.read(name))


def members_checked(archive, folder):
    with zipfile.ZipFile(archive) as parts:
        for name in parts.namelist():
            path = (folder / name).resolve()
            if not path.is_relative_to(folder):
                continue
            # ok: towpath.python.path.archive-member-joined
            path.write_bytes(parts.read(name))


def temporary_name():
    # ruleid: towpath.python.files.guessable-temporary-name
    path = tempfile.mktemp(suffix=".txt")
    # ok: towpath.python.files.guessable-temporary-name
    with tempfile.NamedTemporaryFile() as file:
        return path, file.name


def temporary_path(text):
    # ruleid: towpath.python.files.fixed-temporary-path
    with open("/tmp/report.txt", "w") as file:
        file.write(text)
    # ruleid: towpath.python.files.fixed-temporary-path
    Path("/tmp/report.txt").write_text(text)
    # ok: towpath.python.files.fixed-temporary-path
    with open("/tmp/report.txt", "r") as file:
        file.read()
    # ok: towpath.python.files.fixed-temporary-path
    with tempfile.TemporaryFile("w") as file:
        file.write(text)


def permissions(path):
    # ruleid: towpath.python.files.writable-by-everybody
    os.chmod(path, 0o777)
    # ruleid: towpath.python.files.writable-by-everybody
    Path(path).chmod(0o666)
    # ruleid: towpath.python.files.writable-by-everybody
    os.chmod(path, stat.S_IRWXU | stat.S_IRWXO)
    # ok: towpath.python.files.writable-by-everybody
    os.chmod(path, 0o755)
    # ok: towpath.python.files.writable-by-everybody
    Path(path).chmod(0o600)


def mask():
    # ruleid: towpath.python.files.umask-open
    os.umask(0)
    # ok: towpath.python.files.umask-open
    os.umask(0o077)


def used_after_check(path, folder):
    # ruleid: towpath.python.files.checked-then-used
    if os.path.exists(path):
        os.remove(path)
    # ruleid: towpath.python.files.checked-then-used
    if not folder.exists():
        folder.mkdir()
    # ok: towpath.python.files.checked-then-used
    if os.path.exists(path):
        print(path)
    # ok: towpath.python.files.checked-then-used
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder)
