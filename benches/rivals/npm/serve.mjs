// The original behind the questions of `serve.rs`: one line in, one line of JSON
// out. Time is that of the main thread alone where the system tells it, so that
// collecting garbage in other threads is free.
//
//     node --expose-gc --max-old-space-size=8192 serve.mjs FOLDER

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import koncorde from "koncorde";

const folder = process.argv[2];
const lines = (name) => readFileSync(`${folder}/${name}`, "utf8").split("\n").slice(0, -1);
const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

function cpuNanos() {
  try {
    return Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]);
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) * 1000;
  }
}

function heap() {
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const MASK = (1n << 64n) - 1n;
function mix(number) {
  let z = BigInt(number);
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
  return z ^ (z >> 31n);
}

const filters = lines("filters.jsonl").map((it) => JSON.parse(it));
const engine = new koncorde.Koncorde();
const bytesBefore = heap();
const numbers = new Map();
const start = cpuNanos();
filters.forEach((filter, number) => numbers.set(engine.register(filter), number));
const registerNanos = cpuNanos() - start;
if (numbers.size !== filters.length) throw new Error("two filters have one id");
const bytes = heap() - bytesBefore;

const texts = lines("documents.jsonl");
const documents = texts.map((it) => JSON.parse(it));
say({ register_ns: registerNanos, bytes });

for await (const line of createInterface({ input: process.stdin })) {
  const [verb, name, maximum, minimum] = line.split(" ");
  const isText = name.endsWith("-bytes");
  const limit = Number(maximum) * 1e6;
  const start = cpuNanos();
  let [tested, matches] = [0, 0];
  if (verb === "check") {
    const expected = lines("expected.txt");
    let wrong = 0;
    for (const document of documents) {
      const ids = engine.test(document);
      const sum = ids.reduce((sum, id) => sum ^ mix(numbers.get(id) + 1), 0n);
      wrong += `${ids.length} ${sum}` !== expected[tested];
      tested += 1;
      if (cpuNanos() - start > limit) break;
    }
    say({ documents: tested, wrong });
  } else {
    const least = Number(minimum) * 1e6;
    let spent = 0;
    do {
      for (let at = 0; at < documents.length && spent < limit; at += 1) {
        const document = isText ? JSON.parse(texts[at]) : documents[at];
        matches += engine.test(document).length;
        tested += 1;
        if (at % 16 === 15 || spent > 1e6 * tested) spent = cpuNanos() - start;
      }
      spent = cpuNanos() - start;
    } while (spent < least);
    say({ documents: tested, matches, cpu_ns: spent });
  }
}
