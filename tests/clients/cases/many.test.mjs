// A thousand subscriptions, on one connection and on many: each hears its own,
// and when they are gone nothing of them is left.

import assert from "node:assert/strict";
import { after, before, it } from "node:test";

import { Ears, Fence, connect, within } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

const MANY = 1_000;
const numbers = [...Array(MANY).keys()];
const own = (n) => ({ equals: { n } });

// The SDK then takes the package `ws`, which can hang up without a word.
globalThis.WebSocket = undefined;

let server;
let writer;
before(async () => {
  server = await Server.start();
  writer = await connect(server);
  await writer.index.create("city");
  await writer.collection.create("city", "taxis", {});
});
after(async () => {
  writer.disconnect();
  await server.dispose();
});

const rooms = async () => {
  const { result } = await writer.query({ controller: "realtime", action: "list" });
  return Object.keys(result.city?.taxis ?? {}).length;
};

it("on one connection", async () => {
  const ears = new Ears(await connect(server), "city", "taxis");
  await Promise.all(numbers.map((n) => ears.listen(`is ${n}`, own(n))));
  await Promise.all(
    numbers.map((n) => ears.listen(`from ${n}`, { range: { n: { gte: n, lt: n + 10 } } })),
  );
  const fence = await Fence.around(writer, [ears]);
  assert.equal(await rooms(), 2 * MANY + 1);

  await writer.document.create("city", "taxis", { n: 500 }, "t1");
  const [heard] = await fence.pass();
  const starts = [...Array(10).keys()].map((i) => `from ${491 + i}`);
  assert.deepEqual(heard.map(({ name }) => name).sort(), [...starts, "is 500"].sort());

  const odd = numbers.filter((n) => n % 2 === 1);
  await Promise.all(odd.map((n) => ears.kuzzle.realtime.unsubscribe(ears.rooms.get(`is ${n}`))));
  assert.equal(await rooms(), 2 * MANY + 1 - MANY / 2);
  await writer.document.update("city", "taxis", "t1", { n: 501 });
  const [second] = await fence.pass();
  const told = (scope) =>
    second
      .filter((it) => it.scope === scope)
      .map(({ name }) => name)
      .sort();
  assert.deepEqual(told("in"), [...starts.slice(1), "from 501"].sort());
  assert.deepEqual(told("out"), ["from 491", "is 500"].sort());

  ears.kuzzle.disconnect();
  await within(empty(), "the rooms to be empty");
});

it("each on a connection of its own", async () => {
  const all = [];
  for (const n of numbers) {
    const ears = new Ears(
      await connect(server, { network: { autoReconnect: false } }),
      "city",
      "taxis",
    );
    await ears.listen("own", own(n));
    all.push(ears);
  }
  const fence = await Fence.around(writer, all);
  assert.equal(await rooms(), MANY + 1);

  const chosen = [3, 141, 592, 653, 999];
  for (const n of chosen) await writer.document.create("city", "taxis", { n });
  await writer.document.create("city", "taxis", { n: MANY });
  const told = await fence.pass();
  const hearers = numbers.filter((n) => told[n].length > 0);
  assert.deepEqual(hearers, chosen);
  for (const n of chosen) {
    assert.deepEqual(
      told[n].map(({ result }) => result._source.n),
      [n],
    );
  }

  // A tenth hang up without a word; the others hear on.
  for (const n of numbers.filter((n) => n % 10 === 0)) all[n].kuzzle.protocol.client.terminate();
  const room = all[1].rooms.get("fence");
  while ((await writer.realtime.count(room)) > MANY - MANY / 10);
  await writer.document.create("city", "taxis", { n: 141 });
  await all[141].until(({ name }) => name === "own", "the message to the one that stayed");

  await Promise.all(
    all
      .filter((_, n) => n % 10 !== 0)
      .map(({ kuzzle, rooms }) => kuzzle.realtime.unsubscribe(rooms.get("own"))),
  );
  assert.equal(await rooms(), 1);
  for (const { kuzzle } of all) kuzzle.disconnect();
  await within(empty(), "the rooms to be empty");
});

async function empty() {
  while ((await rooms()) > 0);
}
