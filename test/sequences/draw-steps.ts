/** Draws the next step: mostly one request, sometimes several simultaneous ones. */
import type { Draw } from "./draw.ts";
import { IDENTITIES, type Identity } from "./identities.ts";
import { CHANGING_JOBS } from "./job-states.ts";
import type { Pool } from "./pool.ts";
import { MULTIPART, type Request, type Transport } from "./transports.ts";
import type { Versions } from "./upstream.ts";

export interface Asked extends Request {
  /** Name of the document in the pool. */
  readonly name: string;
  readonly isLive: boolean;
}

/** Simultaneous requests, and the versions of the jobs. */
export interface Step {
  readonly asked: readonly Asked[];
  readonly versions: Versions;
}

const ACCEPTS = [
  null,
  "*/*",
  "application/json",
  "application/graphql-response+json, application/json;q=0.9",
  `${MULTIPART},application/graphql-response+json,application/json;q=0.9`,
] as const;

const CLIENT_LIBRARY = { clientLibrary: { name: "@apollo/client", version: "4.3.8" } };

/** Longer queries do not fit into the head of a request. */
const MAX_GET_CHARACTERS = 3_000;

const MAX_SIMULTANEOUS = 5;

export function createDrawStep(pool: Pool, draw: Draw): () => Step {
  let versions: Versions = {};

  const advance = () => {
    const path = `${draw.chance(0.85) ? "biz/1" : "biz_set/9991001"}/${draw.pick(Object.keys(CHANGING_JOBS))}`;
    versions = { ...versions, [path]: (versions[path] ?? 0) + 1 };
  };

  const drawAsked = (inputs: Draw, identity: Identity): Asked => {
    const { name, query, ask, isLive = false } = pool.pick(draw);
    const operation = { query: spaced(draw, query), ...ask(inputs) };
    const transport = drawTransport(draw, operation.query, isLive);
    return {
      name,
      isLive,
      operation,
      transport,
      identity,
      accept: draw.pick(ACCEPTS),
      isFresh: transport !== "webSocket" && draw.chance(0.15),
      extensions: draw.chance(0.5) ? CLIENT_LIBRARY : null,
    };
  };

  // Prefers the first identities, so that cached data is reused.
  const drawIdentity = () => draw.pick(draw.chance(0.5) ? IDENTITIES.slice(0, 2) : IDENTITIES);

  /** Several requests of one identity for one job, which can share calls. */
  const drawTogether = (count: number): Asked[] => {
    const ref = draw.ref();
    const inputs: Draw = { ...draw, ref: () => ref };
    const identity = drawIdentity();
    return Array.from({ length: count }, () => drawAsked(inputs, identity));
  };

  return () => {
    if (draw.chance(0.4)) advance();
    const count = draw.chance(0.1) ? 2 + draw.below(MAX_SIMULTANEOUS - 1) : 1;
    const asked = draw.chance(0.5)
      ? drawTogether(count)
      : Array.from({ length: count }, () => drawAsked(draw, drawIdentity()));
    return { asked, versions };
  };
}

function drawTransport(draw: Draw, query: string, isLive: boolean): Transport {
  if (isLive) return draw.pick(["webSocket", "events", "multipart"]);
  if (draw.chance(0.5)) return "post";
  const transport = draw.pick<Transport>(["get", "apq", "apq", "webSocket", "events"]);
  return transport === "get" && query.length > MAX_GET_CHARACTERS ? "post" : transport;
}

/** Sometimes the same document with other white space. */
const spaced = (draw: Draw, query: string): string =>
  draw.chance(0.85) ? query : draw.pick([`${query}\n`, `  # again\n${query}`, `${query} ,`]);
