// Runs the cases (all, or those whose file name holds one of the words given)
// and ends with one line: how many passed, how many failed.

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 18 || (major === 18 && minor < 19)) {
  console.error(`these tests need Node.js 18.19 or newer, this is ${process.versions.node}`);
  process.exit(2);
}

const { readdirSync } = await import("node:fs");
const { run } = await import("node:test");
const { spec: Spec } = await import("node:test/reporters");
const { fileURLToPath } = await import("node:url");
const { findBinary } = await import("./lib/server.mjs");

try {
  console.log(`kuzzle-sdk against ${findBinary()}`);
  await import("kuzzle-sdk");
} catch (error) {
  const missing = error.code === "ERR_MODULE_NOT_FOUND";
  console.error(missing ? "kuzzle-sdk is not installed: run `npm ci` here first" : error.message);
  process.exit(2);
}

// A file of cases takes seconds; one that hangs has failed.
const FILE_PATIENCE_MS = 300_000;

const words = process.argv.slice(2);
const cases = fileURLToPath(new URL("cases/", import.meta.url));
const files = readdirSync(cases)
  .filter((name) => name.endsWith(".test.mjs"))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .map((name) => cases + name);

let passed = 0;
let failed = 0;
const isTest = ({ details, skip, todo }) =>
  details.type !== "suite" && skip === undefined && todo === undefined;
const events = run({ files, concurrency: 1, timeout: FILE_PATIENCE_MS })
  .on("test:pass", (event) => (passed += Number(isTest(event))))
  .on("test:fail", (event) => (failed += Number(isTest(event))));
const report = events.compose(new Spec());
report.pipe(process.stdout);
report.on("end", () => {
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
  process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
});
