// The README, word by word: its curl lines and its JavaScript are run against a
// server, and must print what it shows.
//
// A block of code is followed by a block of text with what it prints, in which …
// stands for anything. UPDATE=1 prints what came instead of complaining.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, it } from "node:test";
import { promisify } from "node:util";

import { Server, root } from "../lib/server.mjs";

const PATIENCE_MS = 20_000;
const run = promisify(execFile);

// Fenced blocks in order: their language, content and first line.
const readme = readFileSync(path.join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map((match) => ({
  language: match[1],
  content: match[2],
  line: readme.slice(0, match.index).split("\n").length,
}));

let server;
let folder;
before(async () => {
  server = await Server.start();
  folder = mkdtempSync(path.join(tmpdir(), "koncorde-readme-"));
  symlinkSync(path.join(root, "tests/clients/node_modules"), path.join(folder, "node_modules"));
});
after(async () => {
  await server.dispose();
  rmSync(folder, { recursive: true, force: true });
});

const RUNNERS = {
  curl: (code) =>
    run("bash", ["-euo", "pipefail", "-c", code], { cwd: folder, timeout: PATIENCE_MS }),
  js: (code) => {
    writeFileSync(path.join(folder, "live.mjs"), code);
    return run(process.execPath, ["live.mjs"], { cwd: folder, timeout: PATIENCE_MS });
  },
};

for (const [i, { language, content, line }] of blocks.entries()) {
  const isCurl = language === "sh" && content.startsWith("curl ");
  if (!isCurl && language !== "js") continue;
  const printed = blocks.slice(i + 1).find((it) => it.language === "text");
  const title = content.split("\n")[0];
  it(`line ${line}: ${title}`, async () => {
    assert.ok(printed, "nothing is shown that it prints");
    const code = content.replaceAll("7512", `${server.port}`);
    const { stdout } = await RUNNERS[isCurl ? "curl" : "js"](code);
    const actual = stdout.trimEnd();
    if (process.env.UPDATE) console.log(`${title}\n${actual}`);
    else assert.match(actual, pattern(printed.content.trimEnd()), `it prints\n${actual}`);
  });
}

it("there is something of everything", () => {
  const count = (claim) => blocks.filter(claim).length;
  assert.ok(count(({ content }) => content.startsWith("curl ")) >= 5);
  assert.ok(count(({ language }) => language === "js") >= 1);
  assert.ok(count(({ language }) => language === "rust") >= 1);
  assert.deepEqual(
    blocks.slice(0, 2).map(({ content }) => content.trim()),
    ["cargo run --release", "cargo test --workspace"],
  );
});

// What is shown as a pattern: literal, but for … .
function pattern(shown) {
  const literal = shown.split("…").map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^]*?")}$`);
}
