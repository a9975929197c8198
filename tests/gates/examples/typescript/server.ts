import * as crypto from "node:crypto";
import * as https from "node:https";
import * as v8 from "node:v8";
import jwt from "jsonwebtoken";
import cors from "cors";

function digests(data: string, key: Buffer, iv: Buffer) {
  // ruleid: towpath.typescript.crypto.weak-hash
  crypto.createHash("md5").update(data).digest("hex");
  // ruleid: towpath.typescript.crypto.weak-hash
  crypto.createHash("sha1");
  // ok: towpath.typescript.crypto.weak-hash
  crypto.createHash("sha256");
  // ruleid: towpath.typescript.crypto.weak-cipher
  crypto.createCipheriv("des-cbc", key, iv);
  // ruleid: towpath.typescript.crypto.weak-cipher
  crypto.createCipheriv("aes-256-ecb", key, null);
  // ok: towpath.typescript.crypto.weak-cipher
  crypto.createCipheriv("aes-256-gcm", key, iv);
}

function secrets() {
  // ruleid: towpath.typescript.crypto.guessable-secret
  const token = Math.random().toString(36).slice(2);
  // ok: towpath.typescript.crypto.guessable-secret
  const password = crypto.randomBytes(16).toString("hex");
  // ok: towpath.typescript.crypto.guessable-secret
  const angle = Math.random() * 360;
  return { token, password, angle };
}

function tokens(text: string, key: string) {
  // ruleid: towpath.typescript.crypto.token-not-verified
  jwt.decode(text);
  // ruleid: towpath.typescript.crypto.token-not-verified
  jwt.verify(text, key, { algorithms: ["none"] });
  // ok: towpath.typescript.crypto.token-not-verified
  jwt.verify(text, key, { algorithms: ["HS256"] });
}

function agents() {
  // ruleid: towpath.typescript.server.certificate-not-checked
  new https.Agent({ rejectUnauthorized: false });
  // ruleid: towpath.typescript.server.certificate-not-checked
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  // ok: towpath.typescript.server.certificate-not-checked
  new https.Agent({ rejectUnauthorized: true });
}

function cookies(res: any, value: string) {
  // ruleid: towpath.typescript.server.cookie-unprotected
  res.cookie("colour", value, { httpOnly: false });
  // ruleid: towpath.typescript.server.cookie-unprotected
  res.cookie("session", value);
  // ok: towpath.typescript.server.cookie-unprotected
  res.cookie("session", value, { httpOnly: true, secure: true, sameSite: "lax" });
}

function origins(app: any) {
  // ruleid: towpath.typescript.server.cors-for-everybody
  app.use(cors({ origin: true, credentials: true }));
  // ok: towpath.typescript.server.cors-for-everybody
  app.use(cors({ origin: "https://example.org", credentials: true }));
}

function read(data: Buffer, text: string, libxmljs: any) {
  // ruleid: towpath.typescript.server.data-becomes-code
  v8.deserialize(data);
  // ok: towpath.typescript.server.data-becomes-code
  JSON.parse(text);
  // ruleid: towpath.typescript.server.xml-external-entities
  libxmljs.parseXml(text, { noent: true });
  // ok: towpath.typescript.server.xml-external-entities
  libxmljs.parseXml(text, { noent: false });
  // ruleid: towpath.typescript.server.buffer-unfilled
  new Buffer(10);
  // ok: towpath.typescript.server.buffer-unfilled
  Buffer.alloc(10);
}

// ruleid: towpath.typescript.server.hard-coded-credential
const apiKey = "9f8e7d6c5b4a39281706f5e4d3c2b1a0";
// ok: towpath.typescript.server.hard-coded-credential
const apiToken = process.env.API_TOKEN;
// ok: towpath.typescript.server.hard-coded-credential
const passwordField = "login[password1]";
// ruleid: towpath.typescript.server.hard-coded-credential
const connection = { user: "towpath", password: "S3cr3t!lock99" };

function opened(BrowserWindow: any) {
  // ruleid: towpath.typescript.server.window-with-node
  new BrowserWindow({ webPreferences: { nodeIntegration: true } });
  // ok: towpath.typescript.server.window-with-node
  new BrowserWindow({ webPreferences: { contextIsolation: true } });
}
