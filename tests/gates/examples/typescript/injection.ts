import * as vm from "node:vm";
import { exec, execFile, spawn } from "node:child_process";
import express from "express";

const app = express();
const TABLE = "boats";
const ALLOWED: Record<string, string> = {};

function evaluated(text: string) {
  // ruleid: towpath.typescript.injection.code-evaluated
  eval(text);
  // ruleid: towpath.typescript.injection.code-evaluated
  new Function("x", text);
  // ruleid: towpath.typescript.injection.code-evaluated
  vm.runInNewContext(text);
  // ok: towpath.typescript.injection.code-evaluated
  setTimeout(() => JSON.parse(text), 10);
  // ok: towpath.typescript.injection.code-evaluated
  return JSON.parse(text);
}

function shell(path: string) {
  // ruleid: towpath.typescript.injection.shell-built-command
  exec(`ls ${path}`, () => {});
  // ruleid: towpath.typescript.injection.shell-built-command
  exec("ls " + path);
  // ruleid: towpath.typescript.injection.shell-built-command
  spawn(path, [], { shell: true });
  // ok: towpath.typescript.injection.shell-built-command
  execFile("ls", [path]);
  // ok: towpath.typescript.injection.shell-built-command
  exec("ls -l");
  // ok: towpath.typescript.injection.shell-built-command
  spawn("ls", [path]);
}

async function sql(db: any, name: string, id: string) {
  // ruleid: towpath.typescript.injection.sql-built-text
  await db.query(`SELECT * FROM boats WHERE name = '${name}'`);
  // ruleid: towpath.typescript.injection.sql-built-text
  await db.query("SELECT * FROM boats WHERE name = '" + name + "'");
  const text = `DELETE FROM boats WHERE id = ${id}`;
  // ruleid: towpath.typescript.injection.sql-built-text
  await db.execute(text);
  // ok: towpath.typescript.injection.sql-built-text
  await db.query("SELECT * FROM boats WHERE name = $1", [name]);
  // ok: towpath.typescript.injection.sql-built-text
  await db.query(`SELECT * FROM ${TABLE} WHERE name = ?`, [name]);
}

app.post("/find", async (req, res) => {
  const Boat: any = {};
  // ruleid: towpath.typescript.injection.nosql-from-request
  await Boat.findOne({ name: req.body.name });
  // ok: towpath.typescript.injection.nosql-from-request
  await Boat.findOne({ name: String(req.body.name) });
  // ruleid: towpath.typescript.injection.nosql-where
  await Boat.find({ $where: `this.name == '${Boat.name}'` });
  // ok: towpath.typescript.injection.nosql-where
  await Boat.find({ $where: "this.a == this.b" });
  // ruleid: towpath.typescript.injection.mass-assignment
  await Boat.create(req.body);
  // ok: towpath.typescript.injection.mass-assignment
  await Boat.create({ name: String(req.body.name) });
});

app.get("/hello", (req, res) => {
  // ruleid: towpath.typescript.injection.html-from-request
  res.send(`<h1>${req.query.name}</h1>`);
  // ok: towpath.typescript.injection.html-from-request
  res.json({ name: req.query.name });
  // ok: towpath.typescript.injection.html-from-request
  res.send(`<h1>${escapeHtml(req.query.name)}</h1>`);
  // ruleid: towpath.typescript.injection.log-from-request
  console.log(`visit of ${req.query.name}`);
  // ok: towpath.typescript.injection.log-from-request
  console.log(`visit of ${JSON.stringify(req.query.name)}`);
});

function merge(to: any, from: any) {
  // ruleid: towpath.typescript.injection.prototype-pollution
  for (const key in from) {
    if (typeof from[key] === "object") {
      merge(to[key], from[key]);
    } else {
      to[key] = from[key];
    }
  }
}

function mergeSafely(to: any, from: any) {
  // ok: towpath.typescript.injection.prototype-pollution
  for (const key in from) {
    if (key === "__proto__" || key === "constructor") continue;
    if (typeof from[key] === "object") {
      mergeSafely(to[key], from[key]);
    }
  }
}

app.get("/login", async (req, res) => {
  // ruleid: towpath.typescript.injection.redirect-from-request
  res.redirect(req.query.next as string);
  // ok: towpath.typescript.injection.redirect-from-request
  res.redirect("/boats");
  // ok: towpath.typescript.injection.redirect-from-request
  res.redirect(ALLOWED[req.query.next as string]);
  // ruleid: towpath.typescript.injection.address-from-request
  await fetch(`http://${req.query.host}/status`);
  // ok: towpath.typescript.injection.address-from-request
  await fetch(`https://example.org/?q=${encodeURIComponent(String(req.query.q))}`);
  // ruleid: towpath.typescript.injection.regex-from-request
  new RegExp(req.query.q as string);
  // ok: towpath.typescript.injection.regex-from-request
  new RegExp(escapeRegExp(req.query.q as string));
});
