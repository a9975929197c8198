import asyncio
import html
import importlib
import json
import ldap
import os
import shlex
import subprocess
import uuid

import jinja2
import sqlalchemy
from django.http import HttpResponse
from flask import Flask, redirect, render_template, render_template_string, request
from markupsafe import Markup, escape

app = Flask(__name__)
TABLE = "boats"


def sql_built(connection, cursor, name, column, ids, limit):
    # ruleid: towpath.python.injection.sql-built-text
    cursor.execute(f"SELECT * FROM boats WHERE name = '{name}'")
    # ruleid: towpath.python.injection.sql-built-text
    cursor.execute("SELECT * FROM boats WHERE name = '%s'" % name)
    # ruleid: towpath.python.injection.sql-built-text
    cursor.execute("SELECT * FROM boats WHERE name = '{}'".format(name))
    # ruleid: towpath.python.injection.sql-built-text
    cursor.execute("SELECT * FROM boats WHERE name = '" + name + "'")
    query = "DELETE FROM boats"
    query += " WHERE name = '" + name + "'"
    # ruleid: towpath.python.injection.sql-built-text
    cursor.execute(query)
    text = f"select * from boats order by {column}"
    # ruleid: towpath.python.injection.sql-built-text
    connection.execute(sqlalchemy.text(text))
    # ok: towpath.python.injection.sql-built-text
    cursor.execute("SELECT * FROM boats WHERE name = ?", (name,))
    # ok: towpath.python.injection.sql-built-text
    cursor.execute(f"SELECT * FROM {TABLE} WHERE name = ?", (name,))
    marks = ",".join("?" * len(ids))
    # ok: towpath.python.injection.sql-built-text
    cursor.execute(f"SELECT * FROM boats WHERE id IN ({marks})", ids)
    # ok: towpath.python.injection.sql-built-text
    cursor.execute(f"SELECT * FROM boats LIMIT {int(limit)}")
    # ok: towpath.python.injection.sql-built-text
    cursor.execute("SELECT * " + "FROM boats")


@app.route("/boats")
def sql_from_request(cursor):
    name = request.args["name"]
    # ruleid: towpath.python.injection.sql-from-request, towpath.python.injection.sql-built-text
    cursor.execute("SELECT * FROM boats WHERE name = '" + name + "'")
    # ruleid: towpath.python.injection.sql-from-request
    cursor.execute(request.form.get("query"))
    # ok: towpath.python.injection.sql-from-request
    cursor.execute("SELECT * FROM boats WHERE name = ?", (name,))
    # ok: towpath.python.injection.sql-from-request
    cursor.execute("SELECT * FROM boats WHERE id = %d" % int(request.args["id"]))


def shell_built(path, command, ssh):
    # ruleid: towpath.python.injection.shell-built-command
    os.system("ls " + path)
    # ruleid: towpath.python.injection.shell-built-command
    os.popen(f"ls {path}").read()
    # ruleid: towpath.python.injection.shell-built-command
    subprocess.run(f"ls {path}", shell=True, check=True)
    # ruleid: towpath.python.injection.shell-built-command
    subprocess.check_output(command, shell=True)
    # ruleid: towpath.python.injection.shell-built-command
    subprocess.Popen("ls %s" % path, stdout=subprocess.PIPE, shell=True).communicate()
    # ruleid: towpath.python.injection.shell-built-command
    subprocess.run(["sh", "-c", "ls " + path])
    # ruleid: towpath.python.injection.shell-built-command
    subprocess.getoutput("ls " + path)
    # ok: towpath.python.injection.shell-built-command
    subprocess.run(["ls", path], check=True)
    # ok: towpath.python.injection.shell-built-command
    subprocess.run(command, shell=False, check=True)
    # ok: towpath.python.injection.shell-built-command, towpath.python.injection.shell-constant-command
    subprocess.run(["ls", "-l"], check=True)
    # ruleid: towpath.python.injection.shell-constant-command
    subprocess.run("ls | wc -l", shell=True, check=True)
    # ruleid: towpath.python.injection.shell-constant-command
    os.system("clear")


async def shell_built_async(path):
    # ruleid: towpath.python.injection.shell-built-command
    await asyncio.create_subprocess_shell(f"ls {path}")
    # ok: towpath.python.injection.shell-built-command
    await asyncio.create_subprocess_exec("ls", path)


@app.get("/tool/<name>")
def command_from_request(name):
    # ruleid: towpath.python.injection.command-from-request
    subprocess.run([name, "--version"], check=True)
    # ruleid: towpath.python.injection.command-from-request
    subprocess.run(["git", "log", request.args["branch"]], check=True)
    # ok: towpath.python.injection.command-from-request
    subprocess.run([{"git": "/usr/bin/git"}[name], "--version"], check=True)
    # ok: towpath.python.injection.command-from-request
    subprocess.run(["sleep", str(int(request.args["seconds"]))], check=True)


def evaluated(text):
    # ruleid: towpath.python.injection.code-evaluated
    value = eval(text)
    # ruleid: towpath.python.injection.code-evaluated
    exec("x = " + text)
    # ok: towpath.python.injection.code-evaluated
    value = json.loads(text)
    # ok: towpath.python.injection.code-evaluated
    eval("1 + 1")
    # ok: towpath.python.injection.code-evaluated
    text.eval(value)


@app.route("/plugin")
def imported():
    # ruleid: towpath.python.injection.import-from-request
    module = importlib.import_module(request.args["module"])
    # ruleid: towpath.python.injection.import-from-request
    handler = getattr(module, request.args["function"])
    # ok: towpath.python.injection.import-from-request
    return {"a": module}[request.args["module"]], getattr(handler, "name", None)


def template(name):
    # ruleid: towpath.python.injection.template-from-text
    render_template_string(f"<h1>{name}</h1>")
    # ruleid: towpath.python.injection.template-from-text
    jinja2.Template("Hello " + name).render()
    source = "Hello %s" % name
    # ruleid: towpath.python.injection.template-from-text
    jinja2.Environment(autoescape=True).from_string(source)
    # ruleid: towpath.python.injection.template-from-text
    render_template_string(request.args["template"])
    # ok: towpath.python.injection.template-from-text
    render_template_string("<h1>{{ name }}</h1>", name=name)
    # ok: towpath.python.injection.template-from-text
    return render_template("hello.html", name=f"{name}!")


@app.route("/format")
def formatted(user):
    # ruleid: towpath.python.injection.format-from-request
    first = request.args["format"].format(user=user)
    # ok: towpath.python.injection.format-from-request
    return first, "{user}".format(user=request.args["user"])


def directory_search(directory, user):
    # ruleid: towpath.python.injection.ldap-filter
    directory.search_s("dc=example", ldap.SCOPE_SUBTREE, f"(uid={user})")
    # ok: towpath.python.injection.ldap-filter
    directory.search_s("dc=example", ldap.SCOPE_SUBTREE, "(uid=%s)" % ldap.filter.escape_filter_chars(user))
    # ok: towpath.python.injection.ldap-filter
    directory.search_s("dc=example", ldap.SCOPE_SUBTREE, "(uid=admin)")


def xpath(tree, name):
    # ruleid: towpath.python.injection.xpath-built-text
    tree.xpath(f"//boat[@name='{name}']")
    # ok: towpath.python.injection.xpath-built-text
    tree.xpath("//boat[@name=$name]", name=name)


@app.post("/find")
def documents(boats):
    # ruleid: towpath.python.injection.nosql-from-request
    boats.find_one({"name": request.json["name"]})
    # ruleid: towpath.python.injection.nosql-from-request
    boats.find(request.get_json())
    # ok: towpath.python.injection.nosql-from-request
    boats.find_one({"name": str(request.json["name"])})


def where(boats, name):
    # ruleid: towpath.python.injection.nosql-where
    boats.find({"$where": f"this.name == '{name}'"})
    # ok: towpath.python.injection.nosql-where
    boats.find({"$where": "this.a == this.b"})
    # ok: towpath.python.injection.nosql-where
    boats.find({"name": name})


@app.route("/log")
def logged(logger):
    # ruleid: towpath.python.injection.log-from-request
    logger.info(f"visit of {request.args['name']}")
    # ruleid: towpath.python.injection.log-from-request
    logger.warning("visit of %s", request.args["name"])
    # ok: towpath.python.injection.log-from-request
    logger.warning("visit of %s", repr(request.args["name"]))


@app.route("/hello/<name>")
def html_from_request(name):
    # ruleid: towpath.python.injection.html-from-request
    page = f"<h1>{name}</h1>"
    # ruleid: towpath.python.injection.html-from-request
    page += "<p>" + request.args["text"] + "</p>"
    # ruleid: towpath.python.injection.html-from-request
    HttpResponse(request.GET["text"])
    # ok: towpath.python.injection.html-from-request
    page += f"<h1>{escape(name)}</h1>"
    # ok: towpath.python.injection.html-from-request
    page += "<p>" + html.escape(request.args["text"]) + "</p>"
    # ok: towpath.python.injection.html-from-request
    return page + f"{name} is read"


def markup(name):
    # ruleid: towpath.python.injection.markup-built-text
    first = Markup(f"<b>{name}</b>")
    # ruleid: towpath.python.injection.markup-built-text
    second = Markup("<b>%s</b>" % name)
    # ok: towpath.python.injection.markup-built-text
    third = Markup("<b>%s</b>") % name
    # ok: towpath.python.injection.markup-built-text
    return first, second, third, Markup("<b>{}</b>").format(name), Markup("<hr>")


def environments(loader):
    # ruleid: towpath.python.injection.autoescape-off
    jinja2.Environment(loader=loader, autoescape=False)
    # ok: towpath.python.injection.autoescape-off
    jinja2.Environment(loader=loader, autoescape=jinja2.select_autoescape())


@app.route("/header")
def header(response):
    # ruleid: towpath.python.injection.response-header-from-request
    response.headers["X-Name"] = request.args["name"]
    # ok: towpath.python.injection.response-header-from-request
    response.headers["X-Count"] = str(int(request.args["count"]))
    # ok: towpath.python.injection.response-header-from-request
    response.headers["X-Frame-Options"] = "DENY"


@app.post("/boats")
def assigned(Boat, boat):
    # ruleid: towpath.python.injection.mass-assignment
    new = Boat(**request.get_json())
    # ruleid: towpath.python.injection.mass-assignment
    for key, value in request.form.items():
        setattr(boat, key, value)
    # ok: towpath.python.injection.mass-assignment
    return new, Boat(name=request.form["name"])


def html_built(name, count: int):
    # ruleid: towpath.python.injection.html-built-text
    first = f"<p>Hello {name}</p>"
    # ruleid: towpath.python.injection.html-built-text
    second = "<h1>%s</h1>" % name
    # ok: towpath.python.injection.html-built-text
    third = f"<p>{count} boats</p>"
    # ok: towpath.python.injection.html-built-text
    return first, second, third, f"<Boat {name}>"


def html_escaped(name):
    # ok: towpath.python.injection.html-built-text
    return f"<p>Hello {html.escape(name)}</p>"
