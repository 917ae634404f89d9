// The server dies and comes back: what was acknowledged is there, and clients
// find their way back by themselves.

import assert from "node:assert/strict";
import { afterEach, beforeEach, it } from "node:test";

import { Ears, Fence, connect, once, within } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

const PATIENT = { network: { reconnectionDelay: 50 } };

let server;
let clients;
const join = async (settings) => {
  const kuzzle = await connect(server, settings);
  clients.push(kuzzle);
  return kuzzle;
};
beforeEach(async () => {
  clients = [];
  server = await Server.start();
  const kuzzle = await join();
  await kuzzle.index.create("city");
  await kuzzle.collection.create("city", "taxis", {
    mappings: { dynamic: "strict", properties: { n: { type: "integer" } } },
  });
  kuzzle.disconnect();
});
afterEach(async () => {
  for (const kuzzle of clients) kuzzle.disconnect();
  await server.dispose();
});

// Subscriptions made again after a reconnection are in place when the server
// counts their people; the SDK does not say.
const resubscribed = async (kuzzle, rooms) => {
  for (const room of rooms) {
    while ((await kuzzle.realtime.count(room)) === 0);
  }
};

for (const end of ["kill", "stop"]) {
  it(`after ${end === "kill" ? "kill -9" : "SIGTERM"}: same data, and the SDK resubscribes`, async () => {
    const lily = new Ears(await join(PATIENT), "city", "taxis");
    const rooms = [await lily.listen("small", { range: { n: { lt: 10 } } })];
    rooms.push(await lily.listen("all", {}));
    const before = await join(PATIENT);
    for (let n = 0; n < 20; n += 1) await before.document.create("city", "taxis", { n }, `t${n}`);
    await before.document.update("city", "taxis", "t3", { n: 33 });
    await before.document.delete("city", "taxis", "t4");

    const lost = once(lily.kuzzle, "disconnected");
    const back = once(lily.kuzzle, "reconnected");
    const ended = await server[end]();
    if (end === "stop") assert.equal(ended, 0, "SIGTERM is an orderly end");
    assert.equal((await lost).origin, "network/error");
    await server.launch();
    await back;
    await within(resubscribed(lily.kuzzle, rooms), "the subscriptions made again");

    const writer = await join();
    await writer.collection.refresh("city", "taxis");
    assert.equal(await writer.document.count("city", "taxis"), 19);
    const kept = await writer.document.get("city", "taxis", "t3");
    assert.deepEqual([kept._source.n, kept._version], [33, 2]);
    assert.equal(await writer.document.exists("city", "taxis", "t4"), false);
    const mapping = await writer.collection.getMapping("city", "taxis");
    assert.equal(mapping.dynamic, "strict");

    const fence = await Fence.around(writer, [lily]);
    lily.take();
    await writer.document.create("city", "taxis", { n: 5 });
    await writer.document.create("city", "taxis", { n: 50 });
    await writer.document.update("city", "taxis", "t3", { n: 3 });
    const [heard] = await fence.pass();
    assert.deepEqual(
      heard.map(({ name, scope, result }) => `${name} ${scope} ${result._source.n}`).sort(),
      ["all in 3", "all in 5", "all in 50", "small in 3", "small in 5"],
    );
  });
}

it("an acknowledged write survives kill -9, ten times over", async () => {
  const acknowledged = new Set();
  let next = 0;
  for (let round = 0; round < 10; round += 1) {
    const kuzzle = await join({ network: { autoReconnect: false } });
    const writing = [...Array(8)].map(async () => {
      for (;;) {
        const id = `w${(next += 1)}`;
        try {
          await kuzzle.document.create("city", "taxis", { n: next }, id);
        } catch {
          return;
        }
        acknowledged.add(id);
      }
    });
    const goal = acknowledged.size + 40;
    while (acknowledged.size < goal) await kuzzle.server.now();
    await server.kill();
    await within(Promise.all(writing), "the writers to notice");
    await server.launch();
  }
  const kuzzle = await join();
  const ids = [...acknowledged];
  for (let i = 0; i < ids.length; i += 200) {
    const { errors } = await kuzzle.document.mGet("city", "taxis", ids.slice(i, i + 200));
    assert.deepEqual(errors, [], "acknowledged, and lost");
  }
  assert.ok(ids.length >= 400);
});

it("requests made while the server is away are sent when it is back", async () => {
  const kuzzle = await join({ ...PATIENT, options: { offlineMode: "auto" } });
  const lost = once(kuzzle, "disconnected");
  await server.kill();
  await lost;
  const queued = [1, 2, 3].map((n) =>
    kuzzle.document.create("city", "taxis", { n }, `offline-${n}`),
  );
  assert.equal(kuzzle.offlineQueue.length, 3);
  const back = once(kuzzle, "reconnected");
  await server.launch();
  await back;
  const created = await within(Promise.all(queued), "the queue to be sent");
  assert.deepEqual(
    created.map(({ _id }) => _id),
    ["offline-1", "offline-2", "offline-3"],
  );
  assert.equal(await kuzzle.document.exists("city", "taxis", "offline-3"), true);
});

it("two thousand subscribers' server stops in an orderly way", async () => {
  const kuzzle = await join({ network: { autoReconnect: false } });
  const filters = [...Array(2_000).keys()].map((n) => ({ equals: { n } }));
  await Promise.all(
    filters.map((filter) => kuzzle.realtime.subscribe("city", "taxis", filter, () => {})),
  );
  assert.equal(await server.stop(), 0);
});
