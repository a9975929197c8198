// A reporter for node's own test runner: one line of JSON for each test that ended.
// A suite is told only when it failed by itself, not when a test in it did.

export default async function* (events) {
  const titles = [];
  for await (const { type, data } of events) {
    if (type === "test:start") {
      titles[data.nesting] = data.name;
      titles.length = data.nesting + 1;
    }
    if (type !== "test:pass" && type !== "test:fail") continue;
    const error = data.details?.error;
    if (data.details?.type === "suite" && (!error || error.failureType === "subtestsFailed")) {
      continue;
    }
    if (error?.failureType === "subtestsFailed") continue;
    const pending = data.skip !== undefined || data.todo !== undefined;
    const cause = error?.cause;
    const title = [...titles.slice(0, data.nesting), data.name];
    yield JSON.stringify({
      test: title.filter((part) => part !== data.file).join(" > "),
      file: data.file ?? data.name,
      status: pending ? "skipped" : type === "test:pass" ? "passed" : "failed",
      message: String(cause?.stack ?? cause?.message ?? cause ?? error?.message ?? "").slice(0, 4000),
      line: data.line,
      column: data.column,
    }) + "\n";
  }
}
