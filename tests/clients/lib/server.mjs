// Starts the built `koncorde-server` the way a user does, on a free port and a
// folder of its own, and stops or kills it.

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const READY_WITHIN_MS = 15_000;
const STOPPED_WITHIN_MS = 15_000;

export const root = path.resolve(fileURLToPath(import.meta.url), "../../../..");

// The binary under test: `KONCORDE_SERVER`, else the newest of the release and
// the debug build.
export function findBinary() {
  const named = process.env.KONCORDE_SERVER;
  if (named) {
    if (existsSync(named)) return path.resolve(named);
    throw new Error(`KONCORDE_SERVER names ${named}, which does not exist`);
  }
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, "target");
  const built = ["release", "debug"]
    .map((profile) => path.join(target, profile, "koncorde-server"))
    .filter((file) => existsSync(file))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  if (built.length === 0) {
    throw new Error(
      "these tests need the server: build it with `cargo build --release`, " +
        "or say where it is with KONCORDE_SERVER=path/to/koncorde-server",
    );
  }
  return built[0];
}

// A server that tests may stop, kill and start again on the same port and data.
export class Server {
  static async start({ args = [], env = {} } = {}) {
    const server = new Server();
    server.args = args;
    server.env = env;
    server.port = await freePort();
    server.data = mkdtempSync(path.join(tmpdir(), "koncorde-clients-"));
    await server.launch();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.port}`;
  }

  async launch() {
    const args = ["--port", `${this.port}`, "--data", this.data, ...this.args];
    this.output = "";
    this.process = spawn(findBinary(), args, {
      env: { ...process.env, ...this.env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const child = this.process;
    child.stdout.on("data", (text) => (this.output += text));
    child.stderr.on("data", (text) => (this.output += text));
    this.exited = new Promise((resolve) => {
      child.on("error", (error) => resolve(`${error}`));
      child.on("exit", (code, signal) => resolve(signal ?? code));
    });
    let ended;
    this.exited.then((how) => (ended = how));
    const deadline = Date.now() + READY_WITHIN_MS;
    while (!(await this.isReady())) {
      if (ended !== undefined) throw new Error(`the server ended (${ended}):\n${this.output}`);
      if (Date.now() > deadline) {
        child.kill("SIGKILL");
        throw new Error(`the server was not ready in ${READY_WITHIN_MS} ms:\n${this.output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  async isReady() {
    try {
      return (await fetch(`${this.url}/_ready`)).status === 200;
    } catch {
      return false;
    }
  }

  // As the power cut does it: no goodbye, nothing flushed.
  async kill() {
    this.process.kill("SIGKILL");
    await this.exited;
  }

  // As an operator does it. Answers the exit code, or the signal that ended it.
  async stop() {
    this.process.kill("SIGTERM");
    const late = setTimeout(() => this.process.kill("SIGKILL"), STOPPED_WITHIN_MS);
    const how = await this.exited;
    clearTimeout(late);
    return how;
  }

  async dispose() {
    if (this.process.exitCode === null && this.process.signalCode === null) await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.on("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}
