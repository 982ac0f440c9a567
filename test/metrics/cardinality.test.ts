/**
 * The number of time series after 10 000 varied requests over real HTTP. Whatever a client can choose is random: names of
 * operations, clients, ids, credentials, tenants, hosts, methods, paths, content types, and what goes wrong.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { expect, it, onTestFinished } from "vitest";
import { createRandom, type Random } from "../sequences/random.ts";
import { jobField, jobSubscription, postOperation } from "../support/ask.ts";
import { useGateway } from "../support/gateway.ts";
import { type Scrape, scrape } from "../support/prometheus.ts";

const REQUESTS = 10_000;
const CONNECTIONS = 12;
const MAX_NAMES = 100;

/**
 * The gateway's own series. Theory allows thousands of combinations of names and codes; the requests of this test use
 * many of the combinations that clients can cause. It is the same after a million requests.
 */
const MAX_SERIES = 2_500;

/** Part of every string that clients choose, except the names of operations. */
const MARK = "zq_";

/** Outcomes of the simulator: found, not found, no permission, and its error codes; and ids that are not valid. */
const JOBS = [
  "100",
  "20000000001",
  "20000000403",
  "20000000404",
  "20000090004",
  "20000090005",
  "20000090008",
  "20000090102",
  "20000090301",
  "20000090504",
  "0",
  "",
];

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const word = ({ below }: Random, length = 12) =>
  MARK + Array.from({ length }, () => below(36).toString(36)).join("");

/** Names of operations, some of them too long for a label. */
const nameOf = (random: Random): string => {
  const name = `Name_${random.below(1_000_000).toString(36)}`;
  if (random.chance(0.1)) return name.padEnd(101 + random.below(400), "x");
  return random.chance(0.05) ? random.pick(["__proto__", "constructor", "toString"]) : name;
};

function documentOf(random: Random): string {
  const name = nameOf(random);
  const id = random.chance(0.2) ? word(random) : random.pick(JOBS);
  return random.pick([
    `query ${name} { ${jobField(id)} }`,
    `query ${name} { ${word(random)}: ${jobField(id)} }`,
    `query ${name} { __typename }`,
    `query ${name} { ${word(random)} }`,
    `query ${name} {`,
    `query ${name}($${word(random)}: Int) { __typename }`,
    `mutation ${name} { ${word(random)} }`,
    `{ __type(name: "${word(random)}") { name } }`,
    `query ${name} { __typename } query ${nameOf(random)} { __typename }`,
    jobSubscription(id).replace("subscription", `subscription ${name}`),
  ]);
}

function bodyOf(random: Random): string {
  if (random.chance(0.05)) return random.pick(["", "[]", "null", `{"${word(random)}"`, `"${word(random)}"`]);
  return JSON.stringify({
    query: documentOf(random),
    ...(random.chance(0.2) && { operationName: nameOf(random) }),
    ...(random.chance(0.2) && { variables: { [word(random)]: word(random) } }),
    ...(random.chance(0.1) && {
      extensions: { persistedQuery: { version: 1, sha256Hash: word(random, 62) } },
    }),
    ...(random.chance(0.05) && { documentId: word(random) }),
  });
}

function requestOf(random: Random): Request {
  const isStream = random.chance(0.1);
  const method = random.chance(0.85) ? "POST" : random.pick(["GET", "PUT", "DELETE", "OPTIONS", "PATCH"]);
  const path = random.chance(0.9) ? `/graphql${isStream ? "/stream" : ""}` : `/${word(random)}`;
  const search = random.chance(0.2) ? `?${word(random)}=${word(random)}&query=%7B__typename%7D` : "";
  return {
    method,
    path: path + search,
    headers: {
      host: `${word(random)}.example.com`,
      "content-type": random.chance(0.95) ? "application/json" : `text/${word(random)}`,
      accept: isStream ? "text/event-stream" : random.chance(0.95) ? "*/*" : `text/${word(random)}`,
      "x-bkapi-authorization": random.chance(0.9) ? `{"access_token":"${word(random)}"}` : word(random),
      "x-bk-tenant-id": word(random),
      "x-request-id": word(random),
      "user-agent": word(random),
      cookie: `bk_token=${word(random)}`,
      "apollographql-client-name": word(random),
      "apollographql-client-version": word(random),
      [`x-${word(random)}`]: word(random),
    },
    body: method === "GET" ? "" : bodyOf(random),
  };
}

const seriesIn = ({ families }: Scrape) =>
  [...families].flatMap(([name, { samples }]) => (name.startsWith("bk_job_graphql_") ? samples : []));

it(`the number of series is bounded after ${REQUESTS} varied requests`, async () => {
  const gateway = await useGateway({
    config: { metrics: { port: null } },
    simulator: { recordRequests: false },
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  onTestFinished(() => agent.destroy());
  const random = createRandom(42);
  const { hostname, port } = new URL(gateway.url);
  const statuses = new Map<number, number>();
  const send = ({ method, path, headers, body }: Request) =>
    new Promise<void>((resolve, reject) => {
      const onResponse = (response: IncomingMessage) => {
        const status = response.statusCode ?? 0;
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        response.resume().once("end", resolve);
      };
      request({ agent, hostname, port, method, path, headers }, onResponse).once("error", reject).end(body);
    });

  let left = REQUESTS;
  const work = async () => {
    for (; left > 0; left--) await send(requestOf(random));
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));

  // The requests were varied.
  expect([...statuses.keys()].toSorted()).toEqual(expect.arrayContaining([200, 400, 404, 405, 406, 415]));
  const operations = async () => (await scrape(gateway.url)).sum("bk_job_graphql_operations_total");
  // Requests to other paths are no operations.
  await expect.poll(operations).toBeGreaterThan(REQUESTS * 0.7);
  const result = await scrape(gateway.url);
  const series = seriesIn(result);
  expect(series.length).toBeLessThan(MAX_SERIES);

  const names = new Set(series.flatMap(({ labels: { operation } }) => operation ?? []));
  // The first ones, "other", and the empty name.
  expect(names.size).toBe(MAX_NAMES + 2);
  expect(Math.max(...[...names].map((name) => name.length))).toBeLessThanOrEqual(100);
  // Nothing else of a request is in the text: neither the identity, nor an id, nor an address.
  const values = series.flatMap((each) => Object.entries(each.labels));
  const others = values.filter(([label]) => label !== "operation").map(([, value]) => value);
  expect(new Set(others).size).toBeLessThan(100);
  for (const hidden of [MARK, "Name_", "20000", "127.0.0.1"]) {
    expect(others.filter((value) => value.includes(hidden))).toEqual([]);
  }
  expect(result.text).not.toContain(MARK);
  expect(result.text.length).toBeLessThan(2 ** 20);
});

it("names of trusted documents are labels, however many other names were seen before", async () => {
  const trusted = "query Trusted { __typename } query AlsoTrusted { __typename }";
  const gateway = await useGateway({
    config: {
      metrics: { port: null },
      trustedDocuments: { documents: new Map([["id", trusted]]), only: false },
    },
  });
  for (let index = 0; index <= MAX_NAMES; index++) await gateway.ask(`query Other${index} { __typename }`);
  for (const operationName of ["Trusted", "AlsoTrusted"]) {
    await (await postOperation(gateway.url, { documentId: "id", operationName } as object)).text();
  }
  const counts = async () => {
    const { sum } = await scrape(gateway.url);
    return ["other", "Other0", "Trusted", "AlsoTrusted"].map((operation) =>
      sum("bk_job_graphql_operations_total", { operation }),
    );
  };
  await expect.poll(counts).toEqual([1, 1, 1, 1]);
});
