// What the server refuses arrives as an error of the SDK that one can act on:
// a status, an id, the values it speaks of, and the request it answers.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { PROTOCOLS, connect, once, refusal } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

let server;
before(async () => {
  server = await Server.start();
  const kuzzle = await connect(server);
  await kuzzle.index.create("city");
  await kuzzle.collection.create("city", "taxis", {});
  kuzzle.disconnect();
});
after(() => server?.dispose());

const document = (action, rest) => ({
  controller: "document",
  action,
  index: "city",
  collection: "taxis",
  ...rest,
});

// What is asked, and the status and id of the answer.
const REFUSED = [
  [{ controller: "server" }, 400, "api.assert.missing_argument"],
  [{ controller: "oracle", action: "ask" }, 404, "api.process.controller_not_found"],
  [document("improve"), 404, "api.process.action_not_found"],
  [document("get", { _id: "ghost" }), 404, "services.storage.not_found"],
  [document("create"), 400, "api.assert.body_required"],
  [document("get"), 400, "api.assert.missing_argument"],
  [document("mGet", { body: { ids: "t1" } }), 400, "api.assert.invalid_type"],
  [document("update", { _id: "ghost", body: {} }), 404, "services.storage.not_found"],
  [document("search", { body: { what: 1 } }), 400, "services.storage.invalid_search_query"],
  [document("get", { index: "atlantis", _id: "t" }), 412, "services.storage.unknown_index"],
  [document("get", { collection: "boats", _id: "t" }), 412, "services.storage.unknown_collection"],
  [
    { controller: "index", action: "create", index: "No Capitals" },
    400,
    "services.storage.invalid_index_name",
  ],
  [
    { controller: "realtime", action: "unsubscribe", body: { roomId: "nowhere" } },
    412,
    "core.realtime.not_subscribed",
  ],
  [
    { controller: "realtime", action: "subscribe", index: "city", collection: "taxis" },
    400,
    "api.assert.body_required",
  ],
];

describe("over WebSocket", () => {
  let kuzzle;
  before(async () => (kuzzle = await connect(server)));
  after(() => kuzzle?.disconnect());

  for (const [request, status, id] of REFUSED) {
    it(`${request.controller}:${request.action} → ${status} ${id}`, async () => {
      const error = await refusal(kuzzle.query(request));
      assert.equal(error.constructor.name, "KuzzleError");
      assert.deepEqual([error.status, error.id], [status, id]);
      assert.equal(typeof error.code, "number");
      assert.ok(error.message.length > 0);
      assert.equal(error.controller, request.controller);
    });
  }

  const filters = [
    [{ equals: { a: 1, b: 2 } }, "equals"],
    [{ range: { seats: { gt: 5, lt: 3 } } }, "range.seats"],
    [{ geoDistance: { position: "nowhere at all", distance: "1km" } }, "geoDistance.position"],
    [{ regexp: { name: "(" } }, "regexp.name"],
    [{ and: [] }, "and"],
    [{ resembles: { name: "taxi" } }, "resembles"],
  ];
  for (const [filter, path] of filters) {
    it(`a filter that is wrong is refused with its place, ${path}`, async () => {
      const subscribed = kuzzle.realtime.subscribe("city", "taxis", filter, () => {});
      const error = await refusal(subscribed);
      assert.deepEqual([error.status, error.id], [400, "api.assert.koncorde_dsl_error"]);
      assert.ok(error.message.includes(path), `"${error.message}" does not name ${path}`);
    });
  }

  it("a refusal does not disturb what is under way beside it", async () => {
    const asked = [];
    for (let i = 0; i < 50; i += 1) {
      asked.push(kuzzle.server.now());
      asked.push(kuzzle.document.get("city", "taxis", `ghost-${i}`));
    }
    const answers = await Promise.allSettled(asked);
    const states = answers.map(({ status }) => status);
    assert.deepEqual(states, Array(50).fill(["fulfilled", "rejected"]).flat());
  });
});

it("over HTTP, errors are those of the SDK too", async () => {
  const kuzzle = await connect(server, { protocol: PROTOCOLS.HTTP });
  const missing = await refusal(kuzzle.document.get("city", "taxis", "ghost"));
  assert.equal(missing.constructor.name, "KuzzleError");
  assert.deepEqual([missing.status, missing.id], [404, "services.storage.not_found"]);
  kuzzle.disconnect();
});

it("what is too large is refused, and only who sent it is disturbed", async () => {
  const body = JSON.stringify({ text: "x".repeat(2_000_000) });
  const headers = { "Content-Type": "application/json" };
  const url = `${server.url}/city/taxis/_create`;
  const answer = await fetch(url, { method: "POST", body, headers });
  // A failure before there is a request has no envelope.
  assert.deepEqual(
    [answer.status, (await answer.json()).id],
    [413, "network.http.request_too_large"],
  );

  const [careless, other] = [await connect(server), await connect(server)];
  const lost = once(careless, "disconnected");
  await refusal(careless.document.create("city", "taxis", JSON.parse(body)));
  await lost;
  assert.equal(await other.document.count("city", "taxis"), 0);
  [careless, other].forEach((kuzzle) => kuzzle.disconnect());
});
