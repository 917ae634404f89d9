// Live queries: exactly the subscribers whose filter matches are told, of
// documents that enter their scope and of those that leave it, and nobody else.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";

import { Ears, Fence, PROTOCOLS, connect } from "../lib/client.mjs";
import { Server } from "../lib/server.mjs";

const PARIS = { lat: 48.8566, lon: 2.3522 };
const VERSAILLES = { lat: 48.8049, lon: 2.1204 };
const LYON = { lat: 45.764, lon: 4.8357 };
const SYDNEY = { lat: -33.8688, lon: 151.2093 };

// One of each kind of test, spread over two listeners.
const FILTERS = [
  {
    everything: {},
    "is Lily": { equals: { driver: "lily" } },
    cheap: { range: { fare: { gte: 5, lt: 10 } } },
    "near Paris": { geoDistance: { position: PARIS, distance: "25km" } },
    "in the box around Lyon": {
      geoBoundingBox: { position: { top: 46, left: 4.5, bottom: 45.5, right: 5.1 } },
    },
    "a Tuk-Tuk": { regexp: { model: { value: "^tuk-?tuk$", flags: "i" } } },
    "has a rating": { exists: "rating" },
  },
  {
    "is Lily or Bao": { in: { driver: ["lily", "bao"] } },
    "in France": {
      geoPolygon: {
        position: {
          points: ["51.1,2.5", "48.4,-4.8", "43.3,-1.8", "42.4,3.2", "43.7,7.5", "49,8.2"],
        },
      },
    },
    "10 to 40 km from Paris": {
      geoDistanceRange: { position: PARIS, from: "10km", to: "40km" },
    },
    "Lily, and not cheap": {
      and: [{ equals: { driver: "lily" } }, { not: { range: { fare: { lt: 10 } } } }],
    },
    "Bao, or rated 5": { or: [{ equals: { driver: "bao" } }, { equals: { rating: 5 } }] },
    "not Lily": { not: { equals: { driver: "lily" } } },
    "two of must, should and must_not": {
      bool: {
        must: [{ exists: "fare" }],
        must_not: [{ equals: { driver: "bao" } }],
        should: [{ equals: { tags: "x" } }, { missing: "rating" }],
      },
    },
    "tagged night": { exists: 'tags["night"]' },
    "first stop is Hue": {
      select: { field: "stops", index: 0, query: { equals: { value: "Hue" } } },
    },
    "pays with any card": { match: { payment: { kind: "card" } } },
    "is t1 or t9": { ids: { values: ["t1", "t9"] } },
    nobody: { nothing: {} },
  },
];

const t1 = { driver: "lily", fare: 7, position: PARIS, model: "Tuk-Tuk", tags: ["night", "cash"] };
const t2 = { driver: "bao", fare: 10, position: VERSAILLES, rating: 5, stops: ["Hue", "Hoi An"] };
const t3 = { driver: "ann", fare: "7", position: LYON, payment: { kind: "card", brand: "x" } };
const t4 = { driver: "ann", position: SYDNEY, model: "tuk tuk", rating: null, tags: "night" };

// What is done, then what is heard of it: [change and scope, filters of the first
// listener, filters of the second].
const STORY = [
  {
    title: "create: the filters that match",
    act: (documents) => documents.create("t1", t1),
    heard: [
      [
        "create in",
        ["everything", "is Lily", "cheap", "near Paris", "a Tuk-Tuk"],
        [
          "is Lily or Bao",
          "in France",
          "two of must, should and must_not",
          "tagged night",
          "is t1 or t9",
        ],
      ],
    ],
  },
  {
    title: "another document: other filters",
    act: (documents) => documents.create("t2", t2),
    heard: [
      [
        "create in",
        ["everything", "near Paris", "has a rating"],
        [
          "is Lily or Bao",
          "in France",
          "10 to 40 km from Paris",
          "Bao, or rated 5",
          "not Lily",
          "first stop is Hue",
        ],
      ],
    ],
  },
  {
    title: "values of another type do not match",
    act: (documents) => documents.create("t3", t3),
    heard: [
      [
        "create in",
        ["everything", "in the box around Lyon"],
        ["in France", "not Lily", "two of must, should and must_not", "pays with any card"],
      ],
    ],
  },
  {
    title: "null is there, and a string is no list of tags",
    act: (documents) => documents.create("t4", t4),
    heard: [["create in", ["everything", "has a rating"], ["not Lily"]]],
  },
  {
    title: "update: told in by what matches now, out by what no longer does",
    act: (documents) => documents.update("t1", { fare: 12, position: VERSAILLES }),
    heard: [
      [
        "update in",
        ["everything", "is Lily", "near Paris", "a Tuk-Tuk"],
        [
          "is Lily or Bao",
          "in France",
          "10 to 40 km from Paris",
          "Lily, and not cheap",
          "two of must, should and must_not",
          "tagged night",
          "is t1 or t9",
        ],
      ],
      ["update out", ["cheap"], []],
    ],
  },
  {
    title: "replace: all that the old content had is gone",
    act: (documents) => documents.replace("t2", { driver: "lily" }),
    heard: [
      ["replace in", ["everything", "is Lily"], ["is Lily or Bao", "Lily, and not cheap"]],
      [
        "replace out",
        ["near Paris", "has a rating"],
        ["in France", "10 to 40 km from Paris", "Bao, or rated 5", "not Lily", "first stop is Hue"],
      ],
    ],
  },
  {
    title: "deleteFields: an update too",
    act: (documents) => documents.deleteFields("t3", ["payment", "fare"]),
    heard: [
      ["update in", ["everything", "in the box around Lyon"], ["in France", "not Lily"]],
      ["update out", [], ["two of must, should and must_not", "pays with any card"]],
    ],
  },
  {
    title: "delete: out of every scope it was in",
    act: (documents) => documents.delete("t4"),
    heard: [["delete out", ["everything", "has a rating"], ["not Lily"]]],
  },
  {
    title: "a published message is matched, and stored nowhere",
    act: (documents) => documents.publish({ driver: "bao", fare: 9.99 }),
    heard: [
      ["publish in", ["everything", "cheap"], ["is Lily or Bao", "Bao, or rated 5", "not Lily"]],
    ],
  },
  {
    title: "silent: nobody hears",
    act: (documents) => documents.create("t9", t1, { silent: true }),
    heard: [],
  },
  {
    title: "many at once: each is one notification",
    act: (documents) => documents.mDelete(["t1", "t2", "t9"]),
    heard: [
      [
        "delete out",
        ["everything", "is Lily", "cheap", "near Paris", "a Tuk-Tuk"],
        [
          "is Lily or Bao",
          "in France",
          "two of must, should and must_not",
          "tagged night",
          "is t1 or t9",
        ],
      ],
      ["delete out", ["everything", "is Lily"], ["is Lily or Bao", "Lily, and not cheap"]],
      [
        "delete out",
        ["everything", "is Lily", "near Paris", "a Tuk-Tuk"],
        [
          "is Lily or Bao",
          "in France",
          "10 to 40 km from Paris",
          "Lily, and not cheap",
          "two of must, should and must_not",
          "tagged night",
          "is t1 or t9",
        ],
      ],
    ],
  },
];

// The same story, told by a writer on each protocol.
for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  describe(`written over ${name}`, () => {
    let server;
    let writer;
    let listeners;
    let bystander;
    let fence;

    before(async () => {
      server = await Server.start();
      writer = await connect(server, { protocol });
      await writer.index.create("city");
      await writer.collection.create("city", "taxis", {});
      await writer.collection.create("city", "boats", {});
      listeners = [];
      for (const filters of FILTERS) {
        const ears = new Ears(await connect(server), "city", "taxis");
        for (const [title, filter] of Object.entries(filters)) await ears.listen(title, filter);
        listeners.push(ears);
      }
      bystander = new Ears(await connect(server), "city", "boats");
      await bystander.listen("everything", {});
      fence = await Fence.around(writer, listeners);
    });
    after(async () => {
      for (const { kuzzle } of [...listeners, bystander, { kuzzle: writer }]) kuzzle.disconnect();
      await server.dispose();
    });

    for (const { title, act, heard } of STORY) {
      it(title, async () => {
        await act(onTaxis(writer));
        const told = await fence.pass();
        const actual = told.map((notifications) =>
          notifications.map((it) => `${it.action} ${it.scope}: ${it.name}`).sort(),
        );
        const expected = told.map((_, listener) =>
          heard
            .flatMap(([change, ...filters]) => filters[listener].map((it) => `${change}: ${it}`))
            .sort(),
        );
        assert.deepEqual(actual, expected);
        assert.deepEqual(bystander.take(), []);
      });
    }
  });
}

// The actions on documents, for this one collection.
function onTaxis({ document, realtime }) {
  const here = (action) => action.bind(null, "city", "taxis");
  return {
    create: (id, body, options) => document.create("city", "taxis", body, id, options),
    update: here(document.update.bind(document)),
    replace: here(document.replace.bind(document)),
    delete: here(document.delete.bind(document)),
    deleteFields: here(document.deleteFields.bind(document)),
    mDelete: here(document.mDelete.bind(document)),
    publish: here(realtime.publish.bind(realtime)),
  };
}
