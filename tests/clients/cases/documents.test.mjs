// Every action on documents, over both protocols.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";

import { PROTOCOLS, connect, refusal } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

const AT_ONCE = { refresh: "wait_for" };

let server;
before(async () => (server = await Server.start()));
after(() => server?.dispose());

for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  describe(`over ${name}`, () => {
    const index = `documents-${name.toLowerCase()}`;
    const taxis = "taxis";
    let kuzzle;
    let document;

    before(async () => {
      kuzzle = await connect(server, { protocol });
      document = kuzzle.document;
      await kuzzle.index.create(index);
      await kuzzle.collection.create(index, taxis, {});
    });
    beforeEach(() => kuzzle.collection.truncate(index, taxis));
    after(() => kuzzle?.disconnect());

    // The content without what the server adds.
    const content = ({ _source }) => {
      const { _kuzzle_info: _, ...rest } = _source;
      return rest;
    };
    const stored = async (id) => content(await document.get(index, taxis, id));
    const fill = (...bodies) =>
      document.mCreate(
        index,
        taxis,
        bodies.map((body, i) => ({ _id: `t${i + 1}`, body })),
        AT_ONCE,
      );

    it("create, with an id and without", async () => {
      const named = await document.create(index, taxis, { seats: 4 }, "t1");
      assert.equal(named._id, "t1");
      assert.equal(named._version, 1);
      assert.deepEqual(content(named), { seats: 4 });
      const info = named._source._kuzzle_info;
      assert.equal(info.author, "-1");
      assert.ok(Math.abs(info.createdAt - Date.now()) < 60_000);
      assert.deepEqual([info.updatedAt, info.updater], [null, null]);

      const unnamed = await document.create(index, taxis, { seats: 6 });
      assert.match(unnamed._id, /^[\w-]{20,}$/);
      assert.deepEqual(await stored(unnamed._id), { seats: 6 });

      const twice = await refusal(document.create(index, taxis, { seats: 9 }, "t1"));
      assert.deepEqual([twice.status, twice.id], [400, "services.storage.document_already_exists"]);
      assert.deepEqual(await stored("t1"), { seats: 4 });
    });

    it("ids and contents of any script survive the way there and back", async () => {
      const id = "Đường/7 ?&=#%41";
      const body = { 名前: "たくし", emoji: "🚕", nested: { "a.b": [1, null, -0.5e-7] } };
      await document.create(index, taxis, body, id);
      assert.deepEqual(await stored(id), body);
      assert.equal(await document.exists(index, taxis, id), true);
      assert.equal(await document.delete(index, taxis, id), id);
    });

    it("get, exists, delete", async () => {
      await document.create(index, taxis, { seats: 4 }, "t1");
      assert.deepEqual(await stored("t1"), { seats: 4 });
      assert.equal(await document.exists(index, taxis, "t1"), true);
      assert.equal(await document.exists(index, taxis, "ghost"), false);
      assert.equal(await document.delete(index, taxis, "t1"), "t1");
      assert.equal(await document.exists(index, taxis, "t1"), false);
      for (const gone of [document.get, document.delete]) {
        const error = await refusal(gone.call(document, index, taxis, "t1"));
        assert.deepEqual([error.status, error.id], [404, "services.storage.not_found"]);
        assert.deepEqual(error.props, ["t1", index, taxis]);
      }
    });

    it("createOrReplace", async () => {
      const first = await document.createOrReplace(index, taxis, "t1", { seats: 4 });
      assert.deepEqual([first.created, first._version], [true, 1]);
      const second = await document.createOrReplace(index, taxis, "t1", { doors: 5 });
      assert.deepEqual([second.created, second._version], [false, 2]);
      assert.deepEqual(await stored("t1"), { doors: 5 });
    });

    it("replace leaves nothing of the old content, and needs one", async () => {
      await fill({ seats: 4, driver: { name: "lily" } });
      const replaced = await document.replace(index, taxis, "t1", { seats: 5 });
      assert.equal(replaced._version, 2);
      assert.deepEqual(await stored("t1"), { seats: 5 });
      const error = await refusal(document.replace(index, taxis, "ghost", { seats: 5 }));
      assert.deepEqual([error.status, error.id], [404, "services.storage.not_found"]);
    });

    it("update merges objects, replaces arrays, answers what was asked", async () => {
      await fill({ seats: 4, driver: { name: "lily", age: 30 }, stops: [1, 2] });
      const changes = { driver: { age: 31 }, stops: [3] };
      const sent = await document.update(index, taxis, "t1", changes);
      assert.deepEqual(content(sent), changes);
      assert.equal(sent._version, 2);
      assert.equal(sent._source._kuzzle_info.updater, "-1");
      const whole = { seats: 5, driver: { name: "lily", age: 31 }, stops: [3] };
      const full = await document.update(index, taxis, "t1", { seats: 5 }, { source: true });
      assert.deepEqual(content(full), whole);
      assert.deepEqual(await stored("t1"), whole);
      const error = await refusal(document.update(index, taxis, "ghost", { seats: 1 }));
      assert.deepEqual([error.status, error.id], [404, "services.storage.not_found"]);
    });

    it("upsert creates from the default, then updates", async () => {
      const changes = { seats: 5 };
      const made = await document.upsert(index, taxis, "t1", changes, {
        default: { doors: 3 },
      });
      assert.deepEqual([made.created, made._version], [true, 1]);
      assert.deepEqual(await stored("t1"), { doors: 3, seats: 5 });
      const changed = await document.upsert(index, taxis, "t1", { seats: 6 }, { source: true });
      assert.equal(changed.created, false);
      assert.deepEqual(content(changed), { doors: 3, seats: 6 });
    });

    it("deleteFields takes out paths, and knows no unknown ones", async () => {
      await fill({ seats: 4, driver: { name: "lily", age: 30 } });
      const after = await document.deleteFields(
        index,
        taxis,
        "t1",
        ["driver.age", "seats", "nothing.here"],
        { source: true },
      );
      assert.deepEqual(content(after), { driver: { name: "lily" } });
      assert.deepEqual(await stored("t1"), { driver: { name: "lily" } });
    });

    it("mCreate reports each document, and fails as a whole only when strict", async () => {
      await fill({ seats: 4 });
      const batch = [
        { _id: "t1", body: { seats: 9 } },
        { _id: "t2", body: { seats: 5 } },
        { body: { seats: 6 } },
      ];
      const { successes, errors } = await document.mCreate(index, taxis, batch);
      assert.deepEqual(
        successes.map((success) => [success.status, content(success)]),
        [
          [201, { seats: 5 }],
          [201, { seats: 6 }],
        ],
      );
      assert.deepEqual(errors, [
        {
          document: { _id: "t1", body: { seats: 9 } },
          reason: "document already exists",
          status: 400,
        },
      ]);
      assert.deepEqual(await stored("t1"), { seats: 4 });

      const strict = await refusal(document.mCreate(index, taxis, batch, { strict: true }));
      assert.deepEqual(
        [strict.status, strict.id],
        [400, "api.process.incomplete_multiple_request"],
      );
      assert.equal(strict.count, strict.errors.length);
    });

    it("mCreateOrReplace", async () => {
      await fill({ seats: 4, doors: 3 });
      const { successes, errors } = await document.mCreateOrReplace(index, taxis, [
        { _id: "t1", body: { seats: 5 } },
        { _id: "t2", body: { seats: 6 } },
      ]);
      assert.deepEqual(errors, []);
      assert.deepEqual(
        successes.map(({ _id, created, status }) => [_id, created, status]),
        [
          ["t1", false, 200],
          ["t2", true, 201],
        ],
      );
      assert.deepEqual(await stored("t1"), { seats: 5 });
    });

    it("mReplace", async () => {
      await fill({ seats: 4, doors: 3 });
      const { successes, errors } = await document.mReplace(index, taxis, [
        { _id: "t1", body: { seats: 5 } },
        { _id: "ghost", body: { seats: 6 } },
      ]);
      assert.deepEqual(
        successes.map(({ _id }) => _id),
        ["t1"],
      );
      assert.deepEqual(
        errors.map(({ document: { _id }, reason, status }) => [_id, reason, status]),
        [["ghost", "document not found", 404]],
      );
      assert.deepEqual(await stored("t1"), { seats: 5 });
    });

    it("mUpdate answers the whole documents", async () => {
      await fill({ seats: 4, doors: 3 }, { seats: 2 });
      const { successes, errors } = await document.mUpdate(index, taxis, [
        { _id: "t1", body: { seats: 5 } },
        { _id: "ghost", body: { seats: 6 } },
        { _id: "t2", body: { driver: { name: "lily" } } },
      ]);
      assert.deepEqual(
        successes.map((success) => [success._id, content(success), success._version]),
        [
          ["t1", { seats: 5, doors: 3 }, 2],
          ["t2", { seats: 2, driver: { name: "lily" } }, 2],
        ],
      );
      assert.deepEqual(
        errors.map(({ document: { _id }, status }) => [_id, status]),
        [["ghost", 404]],
      );
    });

    it("mUpsert", async () => {
      await fill({ seats: 4 });
      const { successes, errors } = await document.mUpsert(index, taxis, [
        { _id: "t1", changes: { doors: 3 } },
        { _id: "t2", changes: { doors: 5 }, default: { seats: 7 } },
      ]);
      assert.deepEqual(errors, []);
      assert.deepEqual(
        successes.map(({ _id, created }) => [_id, created]),
        [
          ["t1", false],
          ["t2", true],
        ],
      );
      assert.deepEqual(await stored("t1"), { seats: 4, doors: 3 });
      assert.deepEqual(await stored("t2"), { seats: 7, doors: 5 });
    });

    it("mGet keeps the order asked, and names what is missing", async () => {
      await fill({ seats: 4 }, { seats: 5 }, { seats: 6 });
      const { successes, errors } = await document.mGet(index, taxis, ["t3", "ghost", "t1"]);
      assert.deepEqual(
        successes.map(({ _id }) => _id),
        ["t3", "t1"],
      );
      assert.deepEqual(errors, ["ghost"]);
    });

    it("mExists", async () => {
      await fill({ seats: 4 }, { seats: 5 });
      const { result } = await kuzzle.query({
        controller: "document",
        action: "mExists",
        index,
        collection: taxis,
        body: { ids: ["t2", "ghost"] },
      });
      assert.deepEqual(result, { successes: ["t2"], errors: ["ghost"] });
    });

    it("mDelete", async () => {
      await fill({ seats: 4 }, { seats: 5 }, { seats: 6 });
      const { successes, errors } = await document.mDelete(index, taxis, ["t1", "ghost", "t3"]);
      assert.deepEqual(successes, ["t1", "t3"]);
      assert.deepEqual(
        errors.map(({ _id, status }) => [_id, status]),
        [["ghost", 404]],
      );
      assert.equal(await document.exists(index, taxis, "t1"), false);
      assert.equal(await document.exists(index, taxis, "t2"), true);
    });

    it("search sorts, pages, and finds by id", async () => {
      await fill(...[5, 3, 4, 1, 2].map((seats) => ({ seats })));
      const sort = { sort: [{ seats: "asc" }] };
      const page = await document.search(index, taxis, sort, { from: 0, size: 2 });
      assert.equal(page.total, 5);
      assert.deepEqual(
        page.hits.map(({ _id }) => _id),
        ["t4", "t5"],
      );
      const last = await document.search(index, taxis, sort, { from: 4, size: 2 });
      assert.deepEqual(
        last.hits.map(({ _source }) => _source.seats),
        [5],
      );

      const found = [];
      let results = await document.search(index, taxis, {}, { from: 0, size: 2 });
      for (; results; results = await results.next()) found.push(...results.hits);
      assert.deepEqual(found.map(({ _id }) => _id).sort(), ["t1", "t2", "t3", "t4", "t5"]);

      const byId = await document.search(index, taxis, {
        query: { ids: { values: ["t2", "t9"] } },
      });
      assert.deepEqual(
        byId.hits.map(({ _id }) => _id),
        ["t2"],
      );
      const all = await document.search(index, taxis);
      assert.equal(all.total, 5);
    });

    it("scroll reads page after page, of the documents as they were", async () => {
      await fill({ seats: 1 }, { seats: 2 }, { seats: 3 }, { seats: 4 }, { seats: 5 });
      const sorted = { sort: [{ seats: "asc" }] };
      let results = await document.search(index, taxis, sorted, { size: 2, scroll: "10s" });
      await document.delete(index, taxis, "t5", AT_ONCE);
      const seen = [];
      while (results) {
        assert.equal(results.total, 5);
        seen.push(...results.hits.map(({ _source }) => _source.seats));
        results = await results.next();
      }
      assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    });

    it("queries, aggregations and writes by query", async () => {
      await fill({ seats: 4, city: "Hue" }, { seats: 6, city: "Paris" }, { seats: 8, city: "Paris" });
      const body = {
        query: { bool: { filter: [{ range: { seats: { gte: 5 } } }] } },
        aggs: { seats: { sum: { field: "seats" } } },
      };
      const found = await document.search(index, taxis, body);
      assert.equal(found.total, 2);
      assert.deepEqual(found.aggregations, { seats: { value: 14 } });
      const paris = { term: { "city.keyword": "Paris" } };
      const updated = await document.updateByQuery(index, taxis, paris, { free: true }, AT_ONCE);
      assert.equal(updated.successes.length, 2);
      const deleted = await document.deleteByQuery(index, taxis, { query: { term: { free: true } } }, AT_ONCE);
      assert.deepEqual(deleted.sort(), ["t2", "t3"]);
    });

    it("search speaks koncorde", async () => {
      await fill({ seats: 5, city: "Hue" }, { seats: 3, city: "Hue" }, { seats: 4, city: "Hanoi" });
      const query = {
        and: [{ equals: { "city.keyword": "Hue" } }, { range: { seats: { gt: 3 } } }],
      };
      const found = await document.search(index, taxis, { query }, { lang: "koncorde" });
      assert.deepEqual(
        found.hits.map(({ _id }) => _id),
        ["t1"],
      );
    });

    it("count", async () => {
      await fill({ seats: 4 }, { seats: 5 });
      assert.equal(await document.count(index, taxis), 2);
      assert.equal(await document.count(index, taxis, { query: { ids: { values: ["t1"] } } }), 1);
    });

    it("a write waits for search only when asked; search sees it within a second anyway", async () => {
      await document.create(index, taxis, { seats: 4 }, "t1", AT_ONCE);
      assert.equal((await document.search(index, taxis)).total, 1);
      await document.create(index, taxis, { seats: 5 }, "t2");
      const deadline = Date.now() + 1_500;
      while ((await document.search(index, taxis)).total < 2) {
        assert.ok(Date.now() < deadline, "a document stayed invisible for more than a second");
      }
    });

    it("collections that are not there are named in the error", async () => {
      const error = await refusal(document.create(index, "boats", { seats: 4 }));
      assert.deepEqual([error.status, error.id], [412, "services.storage.unknown_collection"]);
      assert.deepEqual(error.props, [index, "boats"]);
      const index404 = await refusal(document.get("atlantis", taxis, "t1"));
      assert.deepEqual([index404.status, index404.id], [412, "services.storage.unknown_index"]);
    });
  });
}
