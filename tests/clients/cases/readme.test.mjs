// The README, word by word: its curl lines and its JavaScript are run against a
// server, and must print what it shows.
//
// A block of text is what the code before it prints, where … stands for anything.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, it } from "node:test";
import { promisify } from "node:util";

import { within } from "../lib/client.mjs";
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

for (const [i, { language, content, line }] of blocks.entries()) {
  const isCurl = language === "sh" && content.startsWith("curl ");
  if (!isCurl && language !== "js") continue;
  it(`line ${line}: ${content.split("\n")[0]}`, async () => {
    const code = content.replaceAll("7512", `${server.port}`);
    const next = blocks[i + 1];
    const shown = next?.language === "text" ? next.content : undefined;
    if (isCurl) {
      const script = ["-euo", "pipefail", "-c", code];
      const { stdout } = await run("bash", script, { cwd: folder, timeout: PATIENCE_MS });
      assert.match(stdout, shown ? pattern(shown) : /"status": ?200/, `it prints\n${stdout}`);
    } else {
      writeFileSync(path.join(folder, "live.mjs"), code);
      await prints("live.mjs", pattern(shown));
    }
  });
}

// Runs a program that never ends, until it has printed what is shown.
async function prints(file, shown) {
  const program = spawn(process.execPath, [file], { cwd: folder });
  let output = "";
  const printed = new Promise((resolve, reject) => {
    const add = (text) => {
      output += text;
      if (shown.test(output)) resolve();
    };
    program.stdout.on("data", add);
    program.stderr.on("data", add);
    program.on("exit", () => reject(new Error(`it ended after\n${output}`)));
  });
  try {
    await within(printed, `what is shown; it printed\n${output}`, PATIENCE_MS);
  } finally {
    program.kill();
  }
}

it("its first two commands run and test; starting prints what it shows", () => {
  const commands = blocks.filter(({ language }) => language === "sh").slice(0, 2);
  assert.deepEqual(
    commands.map(({ content }) => content.trim()),
    ["cargo run --release", "cargo test --workspace"],
  );
  const shown = blocks[blocks.indexOf(commands[0]) + 1].content;
  assert.match(server.output, pattern(shown.replaceAll("7512", `${server.port}`)));
});

it("there is something of everything", () => {
  const count = (claim) => blocks.filter(claim).length;
  assert.ok(count(({ content }) => content.startsWith("curl ")) >= 4);
  assert.ok(count(({ language }) => language === "js") >= 1);
  assert.ok(count(({ language }) => language === "rust") >= 1);
});

// What is shown as a pattern: literal, but for … .
function pattern(shown) {
  const literal = shown
    .trimEnd()
    .split("…")
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^]*?")}\\s*$`);
}
