// Real clients, what they hear, and how to wait for it without sleeping.

import { randomUUID } from "node:crypto";

import sdk from "kuzzle-sdk";

const { Http, Kuzzle, WebSocket } = sdk;

const PATIENCE_MS = 10_000;

// The two ways the SDK talks to a server; cases that do not listen run over both.
export const PROTOCOLS = { WebSocket, HTTP: Http };

export async function connect(server, { protocol = WebSocket, network = {}, options = {} } = {}) {
  const wire = new protocol("127.0.0.1", { port: server.port, ...network });
  const kuzzle = new Kuzzle(wire, options);
  // The SDK emits these for errors it also rejects with; unheard they are only noise.
  kuzzle.on("networkError", () => {});
  await kuzzle.connect();
  return kuzzle;
}

// An event of the SDK, or a failure that says which one never came.
export function once(kuzzle, event) {
  return within(new Promise((resolve) => kuzzle.once(event, resolve)), `the event "${event}"`);
}

export function within(promise, what, patience = PATIENCE_MS) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${patience} ms for ${what}`)), patience);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// One client's ears: named subscriptions and all they have heard.
export class Ears {
  constructor(kuzzle, index, collection) {
    this.kuzzle = kuzzle;
    this.index = index;
    this.collection = collection;
    this.heard = [];
    this.rooms = new Map();
    this.waiting = [];
  }

  async listen(name, filter, options = {}) {
    const roomId = await this.kuzzle.realtime.subscribe(
      this.index,
      this.collection,
      filter,
      (notification) => this.hear(name, notification),
      options,
    );
    this.rooms.set(name, roomId);
    return roomId;
  }

  hear(name, notification) {
    this.heard.push({ name, ...notification });
    this.waiting = this.waiting.filter((wait) => !wait.attempt());
  }

  // The first notification that the claim accepts, heard already or to come.
  until(claim, what) {
    const heard = new Promise((resolve) => {
      const attempt = () => {
        const found = this.heard.find(claim);
        if (found) resolve(found);
        return found !== undefined;
      };
      if (!attempt()) this.waiting.push({ attempt });
    });
    return within(heard, what);
  }

  // What was heard since the last call, oldest first.
  take() {
    const taken = this.heard;
    this.heard = [];
    return taken;
  }
}

// All that the listeners heard of everything done so far, and certainly nothing
// is under way: a last message that everyone listens for passes the same way as
// all others, so what has not come before it never comes.
export class Fence {
  static async around(writer, listeners) {
    const fence = new Fence();
    fence.writer = writer;
    fence.listeners = listeners;
    for (const ears of listeners) await ears.listen("fence", { exists: "fence" });
    return fence;
  }

  async pass() {
    const id = randomUUID();
    const [{ index, collection }] = this.listeners;
    await this.writer.realtime.publish(index, collection, { fence: id });
    const reached = (notification) => notification.result?._source?.fence === id;
    await Promise.all(this.listeners.map((ears) => ears.until(reached, "the fence")));
    // Other filters may match the message too; it is no part of what happened.
    const happened = ({ result }) => result?._source?.fence === undefined;
    return this.listeners.map((ears) => ears.take().filter(happened));
  }
}

// The error of the SDK, or a failure when there is none.
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("expected the server to refuse");
}
