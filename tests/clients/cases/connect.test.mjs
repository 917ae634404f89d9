// The first minute: find the server, ask it who it is, be told clearly what is wrong.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import NodeWebSocket from "ws";

import { PROTOCOLS, connect, refusal } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

let server;
before(async () => (server = await Server.start()));
after(() => server?.dispose());

for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  describe(`over ${name}`, () => {
    let kuzzle;
    before(async () => (kuzzle = await connect(server, { protocol })));
    after(() => kuzzle?.disconnect());

    it("tells the time", async () => {
      const now = await kuzzle.server.now();
      assert.ok(Math.abs(now - Date.now()) < 60_000, `${now} is not about now`);
    });

    it("says what it is", async () => {
      const { serverInfo } = await kuzzle.server.info();
      assert.equal(typeof serverInfo.kuzzle.version, "string");
      assert.ok(serverInfo.kuzzle.api.routes.document.create);
    });

    it("has no administrator yet, and the visitor is anonymous", async () => {
      assert.equal(await kuzzle.server.adminExists(), false);
      const token = await kuzzle.auth.checkToken();
      assert.equal(token.valid, true);
      assert.equal(token.kuid, "-1");
      assert.equal((await kuzzle.auth.getCurrentUser())._id, "-1");
    });

    it("answers with the volatile data it was given", async () => {
      const response = await kuzzle.query(
        { controller: "server", action: "now", volatile: { from: "the door" } },
        {},
      );
      assert.equal(response.status, 200);
      assert.equal(response.volatile.from, "the door");
      assert.equal(response.volatile.sdkInstanceId, kuzzle.protocol.id);
    });
  });
}

it("HTTP routes come from server:publicApi, and each one leads somewhere", async () => {
  const kuzzle = await connect(server, { protocol: PROTOCOLS.HTTP });
  const routes = kuzzle.protocol.routes;
  assert.equal(routes.document.create.verb, "POST");
  assert.deepEqual(
    [routes.document.search.verb, routes.document.search.url],
    ["POST", "/:index/:collection/_search"],
  );
  for (const [controller, actions] of Object.entries(routes)) {
    for (const [action, { verb, url }] of Object.entries(actions)) {
      const path = url.replace(/:(\w+)/g, "some-$1");
      const response = await fetch(server.url + path, { method: verb });
      const text = await response.text();
      assert.ok(!text.includes("network.http.url_not_found"), `${controller}:${action}: ${text}`);
    }
  }
});

it("WebSocket offers what publicApi says, as actions", async () => {
  const kuzzle = await connect(server);
  const { result } = await kuzzle.query({ controller: "server", action: "publicApi" });
  for (const action of ["subscribe", "unsubscribe", "publish", "count"]) {
    assert.deepEqual(
      [result.realtime[action].controller, result.realtime[action].action],
      ["realtime", action],
    );
  }
  kuzzle.disconnect();
});

it("an unknown controller and an unknown action are refused by name", async () => {
  const kuzzle = await connect(server);
  const controller = await refusal(kuzzle.query({ controller: "oracle", action: "ask" }));
  assert.deepEqual([controller.status, controller.id], [404, "api.process.controller_not_found"]);
  const action = await refusal(kuzzle.query({ controller: "server", action: "ask" }));
  assert.deepEqual([action.status, action.id], [404, "api.process.action_not_found"]);
  kuzzle.disconnect();
});

it("nobody listening: the SDK says so", async () => {
  const nowhere = connectByPackage({ port: 1 }, { network: { autoReconnect: false } });
  assert.match(`${await refusal(nowhere)}`, /ECONNREFUSED/);
});

// The SDK hands `null` to the WebSocket of a browser, which makes a text of it and
// offers that as a sub-protocol; a server that takes none is hung up on.
class BrowserLikeWebSocket extends NodeWebSocket {
  constructor(url, protocols) {
    super(url, `${protocols}`);
  }
}

// In browsers, and where Node.js brings a WebSocket of its own, the SDK cannot
// send protocol pings; it says {"p":1} and hangs up unless {"p":2} comes back.
it("a browser's client stays connected by its own pings", async () => {
  const pinging = { network: { pingInterval: 20 } };
  const kuzzle = await connectBy(BrowserLikeWebSocket, server, pinging);
  let lost = false;
  kuzzle.on("disconnected", () => (lost = true));
  await new Promise((resolve) => {
    let pongs = 0;
    kuzzle.protocol.client.addEventListener("message", ({ data }) => {
      if (data === '{"p":2}') pongs += 1;
      if (pongs === 3) resolve();
    });
  });
  assert.equal(lost, false);
  await kuzzle.server.now();
  kuzzle.disconnect();
});

it("pings of the protocol are answered too", async () => {
  const kuzzle = await connectByPackage(server, { network: { pingInterval: 20 } });
  let lost = false;
  kuzzle.on("disconnected", () => (lost = true));
  for (let pong = 0; pong < 3; pong += 1) {
    await new Promise((resolve) => kuzzle.protocol.client.once("pong", resolve));
  }
  assert.equal(lost, false);
  kuzzle.disconnect();
});

// The SDK takes the global WebSocket where there is one, else the package `ws`.
async function connectBy(WebSocket, ...args) {
  const native = globalThis.WebSocket;
  globalThis.WebSocket = WebSocket;
  try {
    return await connect(...args);
  } finally {
    globalThis.WebSocket = native;
  }
}

function connectByPackage(...args) {
  return connectBy(undefined, ...args);
}
