import * as fs from "node:fs";

async function saved(item: string) {
  return item;
}

async function caller(items: string[]) {
  // ruleid: towpath.typescript.async.promise-not-awaited
  saved("a");
  // ok: towpath.typescript.async.promise-not-awaited
  await saved("a");
  // ok: towpath.typescript.async.promise-not-awaited
  void saved("a");
  // ok: towpath.typescript.async.promise-not-awaited
  const later = saved("a");
  // ok: towpath.typescript.async.promise-not-awaited
  await Promise.all(items.map((item) => saved(item)));
  // ok: towpath.typescript.async.promise-not-awaited
  saved("a").catch(console.error);
  return later;
}

function looped(items: string[]) {
  // ruleid: towpath.typescript.async.foreach-not-awaited
  items.forEach(async (item) => {
    await saved(item);
  });
  // ok: towpath.typescript.async.foreach-not-awaited
  items.forEach((item) => console.log(item));
  // ruleid: towpath.typescript.async.promise-made-with-async
  const first = new Promise(async (resolve) => {
    resolve(await saved("a"));
  });
  // ok: towpath.typescript.async.promise-made-with-async
  const second = new Promise((resolve) => resolve("a"));
  return [first, second];
}

function matched(text: string, items: { id: number; name: string }[]) {
  // ruleid: towpath.typescript.absence.match-used-unchecked
  const first = text.match(/v(\d+)/)[1];
  // ok: towpath.typescript.absence.match-used-unchecked
  const second = text.match(/v(\d+)/)?.[1];
  // ruleid: towpath.typescript.absence.found-used-unchecked
  const third = items.find((item) => item.id === 3).name;
  // ok: towpath.typescript.absence.found-used-unchecked
  const fourth = items.find((item) => item.id === 3)?.name;
  // ruleid: towpath.typescript.absence.storage-parsed-unchecked
  const fifth = JSON.parse(localStorage.getItem("theme")).name;
  // ok: towpath.typescript.absence.storage-parsed-unchecked
  const sixth = JSON.parse(localStorage.getItem("theme") ?? "{}").name;
  return [first, second, third, fourth, fifth, sixth];
}

function descriptor(path: string, buffer: Buffer) {
  // ruleid: towpath.typescript.resources.descriptor-never-closed
  const fd = fs.openSync(path, "r");
  fs.readSync(fd, buffer);
}

function descriptorClosed(path: string, buffer: Buffer) {
  // ok: towpath.typescript.resources.descriptor-never-closed
  const fd = fs.openSync(path, "r");
  try {
    fs.readSync(fd, buffer);
  } finally {
    fs.closeSync(fd);
  }
}

async function pooled(pool: any) {
  // ruleid: towpath.typescript.resources.connection-never-released
  const client = await pool.connect();
  return client.query("SELECT 1");
}

async function pooledReleased(pool: any) {
  // ok: towpath.typescript.resources.connection-never-released
  const client = await pool.connect();
  try {
    return await client.query("SELECT 1");
  } finally {
    client.release();
  }
}

function swallowed(work: () => void) {
  // ruleid: towpath.typescript.errors.swallowed
  try {
    work();
  } catch (error) {}
  // ok: towpath.typescript.errors.swallowed
  try {
    work();
  } catch (error) {
    console.error(error);
  }
}

function lost(work: () => void) {
  // ruleid: towpath.typescript.errors.lost-in-finally
  try {
    work();
  } finally {
    return 1;
  }
}

function notLost(work: () => number) {
  // ok: towpath.typescript.errors.lost-in-finally
  try {
    return work();
  } finally {
    console.log("done");
  }
}

function compared(value: number, text: string) {
  // ruleid: towpath.typescript.errors.compared-with-nan
  const first = value === NaN;
  // ok: towpath.typescript.errors.compared-with-nan
  const second = Number.isNaN(value);
  // ruleid: towpath.typescript.errors.debugger-left
  debugger;
  // ok: towpath.typescript.errors.debugger-left
  console.log("debugger");
  // ruleid: towpath.typescript.errors.regex-catastrophic
  const third = /^(a+)+$/.test(text);
  // ok: towpath.typescript.errors.regex-catastrophic
  const fourth = /^a+(,a+)*$/.test(text);
  return [first, second, third, fourth];
}
