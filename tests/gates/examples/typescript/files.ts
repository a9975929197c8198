import * as fs from "node:fs";
import * as path from "node:path";
import express from "express";

const app = express();
const UPLOADS = "/srv/uploads";

app.get("/files/:name", (req, res) => {
  // ruleid: towpath.typescript.path.request-to-file
  fs.readFileSync(path.join(UPLOADS, req.params.name));
  // ruleid: towpath.typescript.path.request-to-file
  res.sendFile("/srv/uploads/" + req.params.name);
  // ok: towpath.typescript.path.request-to-file
  fs.readFileSync(path.join(UPLOADS, path.basename(req.params.name)));
  // ok: towpath.typescript.path.request-to-file
  res.sendFile(req.params.name, { root: UPLOADS });
});

function joined(name: string) {
  // ruleid: towpath.typescript.path.name-joined-to-folder
  return fs.readFileSync(path.join(UPLOADS, name), "utf8");
}

function joinedText(fileName: string) {
  // ruleid: towpath.typescript.path.name-joined-to-folder
  return fs.readFileSync(`./uploads/${fileName}`, "utf8");
}

function joinedSafely(name: string) {
  // ok: towpath.typescript.path.name-joined-to-folder
  return fs.readFileSync(path.join(UPLOADS, path.basename(name)), "utf8");
}

function joinedFixed(folder: string) {
  // ok: towpath.typescript.path.name-joined-to-folder
  return fs.readFileSync(path.join(folder, "package.json"), "utf8");
}

function extracted(archive: any, folder: string) {
  for (const entry of archive.getEntries()) {
    // ruleid: towpath.typescript.path.archive-entry-written
    fs.writeFileSync(path.join(folder, entry.entryName), entry.getData());
  }
}

function extractedSafely(archive: any, folder: string) {
  for (const entry of archive.getEntries()) {
    const target = path.resolve(folder, entry.entryName);
    if (!target.startsWith(folder + path.sep)) continue;
    // ok: towpath.typescript.path.archive-entry-written
    fs.writeFileSync(target, entry.getData());
  }
}

function made(folder: string) {
  // ruleid: towpath.typescript.path.checked-then-used
  if (!fs.existsSync(folder)) {
    fs.mkdirSync(folder);
  }
  // ok: towpath.typescript.path.checked-then-used
  fs.mkdirSync(folder, { recursive: true });
}
