// Indexes and collections: create, list, look, change, delete.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { PROTOCOLS, connect, refusal } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

let server;
before(async () => (server = await Server.start()));
after(() => server?.dispose());

for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  describe(`over ${name}`, () => {
    const city = `city-${name.toLowerCase()}`;
    let kuzzle;
    before(async () => (kuzzle = await connect(server, { protocol })));
    after(() => kuzzle?.disconnect());

    it("an index is created once, listed, and deleted", async () => {
      assert.equal(await kuzzle.index.exists(city), false);
      await kuzzle.index.create(city);
      assert.equal(await kuzzle.index.exists(city), true);
      assert.ok((await kuzzle.index.list()).includes(city));

      const twice = await refusal(kuzzle.index.create(city));
      assert.deepEqual([twice.status, twice.id], [412, "services.storage.index_already_exists"]);

      await kuzzle.index.delete(city);
      assert.equal(await kuzzle.index.exists(city), false);
      const gone = await refusal(kuzzle.index.delete(city));
      assert.deepEqual([gone.status, gone.id], [412, "services.storage.unknown_index"]);
    });

    it("several indexes are deleted together", async () => {
      await kuzzle.index.create(`${city}-1`);
      await kuzzle.index.create(`${city}-2`);
      const deleted = await kuzzle.index.mDelete([`${city}-1`, `${city}-2`]);
      assert.deepEqual(deleted.sort(), [`${city}-1`, `${city}-2`]);
      assert.equal(await kuzzle.index.exists(`${city}-1`), false);
    });

    it("names that could not be stored are refused", async () => {
      for (const bad of ["Upper", "with space", "a,b", "_all"]) {
        const error = await refusal(kuzzle.index.create(bad));
        assert.deepEqual([error.status, error.id], [400, "services.storage.invalid_index_name"]);
      }
      await kuzzle.index.create(`${city}-names`);
      const error = await refusal(kuzzle.collection.create(`${city}-names`, "Taxi", {}));
      assert.deepEqual([error.status, error.id], [400, "services.storage.invalid_collection_name"]);
    });

    it("a collection keeps its mapping and shows it", async () => {
      const index = `${city}-mapped`;
      await kuzzle.index.create(index);
      assert.equal(await kuzzle.collection.exists(index, "taxis"), false);
      await kuzzle.collection.create(index, "taxis", {
        mappings: { dynamic: "false", properties: { licence: { type: "keyword" } } },
      });
      assert.equal(await kuzzle.collection.exists(index, "taxis"), true);

      const mapping = await kuzzle.collection.getMapping(index, "taxis");
      assert.equal(mapping.dynamic, "false");
      assert.deepEqual(mapping.properties, { licence: { type: "keyword" } });

      await kuzzle.collection.update(index, "taxis", {
        mappings: { properties: { seats: { type: "integer" } } },
      });
      const wider = await kuzzle.collection.getMapping(index, "taxis");
      assert.deepEqual(wider.properties, {
        licence: { type: "keyword" },
        seats: { type: "integer" },
      });
    });

    it("collections are listed by name, truncated, refreshed, deleted", async () => {
      const index = `${city}-listed`;
      await kuzzle.index.create(index);
      for (const collection of ["green", "yellow", "black"]) {
        await kuzzle.collection.create(index, collection, {});
      }
      const { collections } = await kuzzle.collection.list(index);
      const stored = (name) => ({ name, type: "stored" });
      assert.deepEqual(collections, ["black", "green", "yellow"].map(stored));

      await kuzzle.document.create(index, "green", { seats: 4 }, "g-1", { refresh: "wait_for" });
      assert.equal(await kuzzle.document.count(index, "green"), 1);
      await kuzzle.collection.truncate(index, "green");
      await kuzzle.collection.refresh(index, "green");
      assert.equal(await kuzzle.document.count(index, "green"), 0);
      assert.equal(await kuzzle.collection.exists(index, "green"), true);

      await kuzzle.collection.delete(index, "green");
      assert.equal(await kuzzle.collection.exists(index, "green"), false);
      const gone = await refusal(kuzzle.collection.delete(index, "green"));
      assert.deepEqual([gone.status, gone.id], [412, "services.storage.unknown_collection"]);
    });
  });
}
