// Rooms and those in them: what a notification says, who came and who left,
// messages to everyone, and what a client said about itself.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import sdk from "kuzzle-sdk";

import { Ears, Fence, PROTOCOLS, connect, refusal } from "../lib/client.mjs";
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

describe("a document notification", () => {
  let lily;
  let bao;
  beforeEach(async () => {
    lily = new Ears(await connect(server), "city", "taxis");
    bao = await connect(server, { options: { volatile: { name: "bao" } } });
    await bao.collection.truncate("city", "taxis");
  });
  const leave = () => [lily.kuzzle, bao].forEach((kuzzle) => kuzzle.disconnect());

  it("says what happened, where, when, and who did it", async () => {
    await lily.listen("cheap", { range: { fare: { lt: 10 } } });
    await bao.document.create("city", "taxis", { fare: 7 }, "t1");
    const heard = await lily.until(({ action }) => action === "create", "the creation");

    assert.deepEqual(
      [heard.type, heard.status, heard.scope, heard.event, heard.controller, heard.protocol],
      ["document", 200, "in", "write", "document", "websocket"],
    );
    assert.deepEqual([heard.index, heard.collection], ["city", "taxis"]);
    assert.equal(heard.volatile.name, "bao");
    assert.equal(heard.volatile.sdkInstanceId, bao.protocol.id);
    assert.match(heard.volatile.sdkName, /^js@7\./);
    assert.ok(Math.abs(heard.timestamp - Date.now()) < 60_000);
    const { _id, _source, _version } = heard.result;
    assert.deepEqual([_id, _source.fare, _version], ["t1", 7, 1]);
    assert.equal(_source._kuzzle_info.author, "-1");
    leave();
  });

  it("names the fields that an update changed, and the action by its kind", async () => {
    await lily.listen("all", {});
    await bao.document.create("city", "taxis", { fare: 7, driver: { name: "bao" } }, "t1");
    await bao.document.update("city", "taxis", "t1", { driver: { age: 40 }, fare: 8 });
    await bao.document.createOrReplace("city", "taxis", "t1", { fare: 9 });
    await bao.document.upsert("city", "taxis", "t2", { fare: 1 });
    await bao.document.delete("city", "taxis", "t1");
    const last = await lily.until(({ action }) => action === "delete", "the deletion");
    assert.deepEqual([last.scope, last.event, last.result._id], ["out", "delete", "t1"]);

    const heard = lily.take();
    assert.deepEqual(
      heard.map(({ action }) => action),
      ["create", "update", "replace", "create", "delete"],
    );
    assert.deepEqual(heard[1].result._updatedFields.sort(), ["driver.age", "fare"]);
    assert.deepEqual(heard[1].result._source.driver, { name: "bao", age: 40 });
    leave();
  });

  it("comes from HTTP writers as well", async () => {
    const web = await connect(server, { protocol: PROTOCOLS.HTTP });
    await lily.listen("all", {});
    await web.document.create("city", "taxis", { fare: 7 }, "t1");
    const heard = await lily.until(({ action }) => action === "create", "the creation");
    assert.equal(heard.protocol, "http");
    assert.equal(heard.volatile.sdkInstanceId, web.protocol.id);
    leave();
  });

  it("m* writes tell of each document once", async () => {
    await lily.listen("even", { equals: { even: true } });
    const fence = await Fence.around(bao, [lily]);
    const batch = [...Array(20).keys()].map((i) => ({
      _id: `t${i}`,
      body: { even: i % 2 === 0 },
    }));
    await bao.document.mCreate("city", "taxis", batch);
    const [created] = await fence.pass();
    assert.deepEqual(
      created.map(({ action, result }) => [action, result._id]),
      [...Array(10).keys()].map((i) => ["create", `t${2 * i}`]),
    );
    await bao.document.mUpdate(
      "city",
      "taxis",
      batch.map(({ _id, body }) => ({ _id, body: { even: !body.even } })),
    );
    const [updated] = await fence.pass();
    const scopes = updated.map(({ scope, result }) => `${result._id} ${scope}`).sort();
    const expected = batch.map(({ _id, body }) => `${_id} ${body.even ? "out" : "in"}`).sort();
    assert.deepEqual(scopes, expected);
    leave();
  });

  it("in the order of the writes", async () => {
    await lily.listen("all", {});
    const fence = await Fence.around(bao, [lily]);
    await bao.document.create("city", "taxis", { n: 0 }, "counter");
    for (let n = 1; n <= 100; n += 1) {
      await bao.document.update("city", "taxis", "counter", { n });
    }
    const [heard] = await fence.pass();
    assert.deepEqual(
      heard.map(({ result }) => result._source.n),
      [...Array(101).keys()],
    );
    leave();
  });
});

describe("what one asks to hear", () => {
  const enter = { equals: { seats: 4 } };
  for (const [scope, expected] of Object.entries({
    all: ["create in", "update out", "update in", "delete out"],
    in: ["create in", "update in"],
    out: ["update out", "delete out"],
    none: [],
  })) {
    it(`scope ${scope}`, async () => {
      const lily = new Ears(await connect(server), "city", "taxis");
      const writer = await connect(server);
      await writer.collection.truncate("city", "taxis");
      await lily.listen("four seats", enter, { scope });
      const fence = await Fence.around(writer, [lily]);
      await writer.document.create("city", "taxis", { seats: 4 }, "t1");
      await writer.document.update("city", "taxis", "t1", { seats: 5 });
      await writer.document.update("city", "taxis", "t1", { seats: 4 });
      await writer.document.delete("city", "taxis", "t1");
      const [heard] = await fence.pass();
      assert.deepEqual(
        heard.map((it) => `${it.action} ${it.scope}`),
        expected,
      );
      [lily.kuzzle, writer].forEach((kuzzle) => kuzzle.disconnect());
    });
  }

  it("a subscription also hears of documents older than itself", async () => {
    const writer = await connect(server);
    await writer.collection.truncate("city", "taxis");
    await writer.document.create("city", "taxis", { seats: 4 }, "old");
    const lily = new Ears(await connect(server), "city", "taxis");
    await lily.listen("four seats", enter);
    await writer.document.update("city", "taxis", "old", { seats: 5 });
    const heard = await lily.until(({ scope }) => scope === "out", "the old document's leaving");
    assert.equal(heard.result._id, "old");
    [lily.kuzzle, writer].forEach((kuzzle) => kuzzle.disconnect());
  });

  it("subscribeToSelf: false leaves out one's own doings, and only those", async () => {
    const lily = new Ears(await connect(server), "city", "taxis");
    const bao = await connect(server);
    await bao.collection.truncate("city", "taxis");
    await lily.listen("others", {}, { subscribeToSelf: false });
    await lily.listen("all", {});
    const fence = await Fence.around(bao, [lily]);
    await lily.kuzzle.document.create("city", "taxis", { by: "lily" }, "t1");
    await bao.document.create("city", "taxis", { by: "bao" }, "t2");
    const [heard] = await fence.pass();
    // Both subscriptions are one channel: the SDK hands each message to both.
    assert.deepEqual(heard.map(({ name, result }) => `${name}: ${result._source.by}`).sort(), [
      "all: bao",
      "all: lily",
      "others: bao",
    ]);
    [lily.kuzzle, bao].forEach((kuzzle) => kuzzle.disconnect());
  });

  it("unsubscribed means silence, for that room and no other", async () => {
    const lily = new Ears(await connect(server), "city", "taxis");
    const writer = await connect(server);
    await writer.collection.truncate("city", "taxis");
    const room = await lily.listen("four seats", enter);
    await lily.listen("all", {});
    const fence = await Fence.around(writer, [lily]);
    await lily.kuzzle.realtime.unsubscribe(room);
    await writer.document.create("city", "taxis", { seats: 4 });
    const [heard] = await fence.pass();
    assert.deepEqual(
      heard.map(({ name }) => name),
      ["all"],
    );
    const error = await refusal(lily.kuzzle.realtime.unsubscribe(room));
    assert.equal(error.id, "core.realtime.not_subscribed");
    [lily.kuzzle, writer].forEach((kuzzle) => kuzzle.disconnect());
  });
});

describe("rooms", () => {
  it("filters that mean the same share one, others do not", async () => {
    const kuzzle = await connect(server);
    const room = (filter) => kuzzle.realtime.subscribe("city", "taxis", filter, () => {});
    const one = await room({ and: [{ equals: { a: 1 } }, { exists: "b" }] });
    assert.equal(await room({ and: [{ exists: { field: "b" } }, { equals: { a: 1 } }] }), one);
    assert.equal(await room({ bool: { must: [{ equals: { a: 1 } }, { exists: "b" }] } }), one);
    assert.notEqual(await room({ and: [{ equals: { a: 2 } }, { exists: "b" }] }), one);
    assert.notEqual(
      await kuzzle.realtime.subscribe(
        "city",
        "boats",
        { and: [{ equals: { a: 1 } }, { exists: "b" }] },
        () => {},
      ),
      one,
    );
    assert.equal(await kuzzle.realtime.count(one), 1);
    kuzzle.disconnect();
  });

  it("are counted and listed with their people", async () => {
    const filter = { equals: { counted: "here" } };
    const [lily, bao] = [await connect(server), await connect(server)];
    const room = await lily.realtime.subscribe("city", "taxis", filter, () => {});
    assert.equal(await lily.realtime.count(room), 1);
    await bao.realtime.subscribe("city", "taxis", filter, () => {});
    assert.equal(await lily.realtime.count(room), 2);
    const { result } = await bao.query({ controller: "realtime", action: "list" });
    assert.equal(result.city.taxis[room], 2);
    await bao.realtime.unsubscribe(room);
    assert.equal(await lily.realtime.count(room), 1);
    await lily.realtime.unsubscribe(room);
    assert.equal(await lily.realtime.count(room), 0);
    [lily, bao].forEach((kuzzle) => kuzzle.disconnect());
  });

  it("need no stored collection to carry messages", async () => {
    const [lily, bao] = [new Ears(await connect(server), "lounge", "talk"), await connect(server)];
    await lily.listen("greetings", { equals: { word: "hello" } });
    assert.equal(await bao.realtime.publish("lounge", "talk", { word: "bye" }), true);
    assert.equal(await bao.realtime.publish("lounge", "talk", { word: "hello" }), true);
    const heard = await lily.until(() => true, "the greeting");
    assert.deepEqual(
      [heard.action, heard.event, heard.scope, heard.controller, heard.result._source.word],
      ["publish", "publish", "in", "realtime", "hello"],
    );
    assert.equal(heard.result._id, undefined);
    [lily.kuzzle, bao].forEach((kuzzle) => kuzzle.disconnect());
  });
});

describe("presence", () => {
  // Of each case its own: those of the last one may still be leaving.
  let filter;
  let bars = 0;
  beforeEach(() => (filter = { equals: { bar: (bars += 1) } }));

  it("who asks hears others come and go, with what they say of themselves", async () => {
    const lily = new Ears(await connect(server), "city", "taxis");
    const room = await lily.listen("bar", filter, { users: "all" });
    const bao = await connect(server);
    await bao.realtime.subscribe("city", "taxis", filter, () => {}, { volatile: { name: "bao" } });
    const came = await lily.until(({ user }) => user === "in", "the arrival");
    assert.deepEqual(
      [came.type, came.result.count, came.volatile.name, came.controller, came.action],
      ["user", 2, "bao", "realtime", "subscribe"],
    );
    assert.equal(came.volatile.sdkInstanceId, bao.protocol.id);

    await bao.realtime.unsubscribe(room);
    const left = await lily.until(({ user }) => user === "out", "the leaving");
    assert.deepEqual(
      [left.result.count, left.volatile.name, left.action],
      [1, "bao", "unsubscribe"],
    );
    [lily.kuzzle, bao].forEach((kuzzle) => kuzzle.disconnect());
  });

  it("hanging up is leaving", async () => {
    const lily = new Ears(await connect(server), "city", "taxis");
    await lily.listen("bar", filter, { users: "out" });
    const bao = await connect(server);
    await bao.realtime.subscribe("city", "taxis", filter, () => {}, { volatile: { name: "bao" } });
    bao.disconnect();
    const left = await lily.until(({ user }) => user === "out", "the leaving");
    assert.deepEqual([left.result.count, left.volatile.name], [1, "bao"]);
    assert.equal(lily.take().length, 1);
    lily.kuzzle.disconnect();
  });

  it("those who did not ask hear nothing of it", async () => {
    const writer = await connect(server);
    const asked = new Ears(await connect(server), "city", "taxis");
    const silent = new Ears(await connect(server), "city", "taxis");
    const leavers = new Ears(await connect(server), "city", "taxis");
    await asked.listen("bar", filter, { users: "in" });
    await leavers.listen("bar", filter, { users: "out" });
    await silent.listen("bar", filter);
    const fence = await Fence.around(writer, [asked, silent, leavers]);
    const bao = await connect(server);
    const room = await bao.realtime.subscribe("city", "taxis", filter, () => {});
    await bao.realtime.unsubscribe(room);
    await leavers.until(({ user }) => user === "out", "the leaving");
    const told = await fence.pass();
    assert.deepEqual(
      told.map((heard) => heard.map(({ user, result }) => `${user} ${result.count}`)),
      // Two came after the first listener: the leavers, and the silent; then bao.
      [["in 2", "in 3", "in 4"], [], ["out 3"]],
    );
    for (const { kuzzle } of [asked, silent, leavers, { kuzzle: bao }, { kuzzle: writer }]) {
      kuzzle.disconnect();
    }
  });
});

it("the SDK's observer keeps documents up to date", async () => {
  const [lily, bao] = [await connect(server), await connect(server)];
  await bao.collection.truncate("city", "taxis");
  await bao.document.create("city", "taxis", { fare: 7 }, "t1");
  await bao.document.create("city", "taxis", { fare: 8 }, "t2");
  const { successes } = await new sdk.Observer(lily).mGet("city", "taxis", ["t1", "t2"]);
  const fence = await Fence.around(bao, [new Ears(lily, "city", "taxis")]);
  await bao.document.update("city", "taxis", "t1", { fare: 9 });
  await bao.document.delete("city", "taxis", "t2");
  await fence.pass();
  assert.deepEqual(
    successes.map(({ _source, deleted }) => [_source.fare, deleted]),
    [
      [9, false],
      [8, true],
    ],
  );
  [lily, bao].forEach((kuzzle) => kuzzle.disconnect());
});
