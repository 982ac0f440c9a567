/** The limits of documents that have settings: the same for all transports, with a clear error and a metric. */
import { getIntrospectionQuery } from "graphql";
import { expect, it, onTestFinished } from "vitest";
import type { DocumentLimits } from "../../src/graphql/operation/operation-limits.ts";
import { AUTHORIZATION, jobField, jobQuery, jobSubscription, onJob, postOperation } from "../support/ask.ts";
import { type TestGateway, useGateway } from "../support/gateway.ts";
import { DOCUMENT_LIMITS } from "../support/limits.ts";
import { subscribeByEvents, subscribeByWebSocket } from "../support/live-clients.ts";
import { scrape } from "../support/prometheus.ts";

const useLimits = (limits: Partial<DocumentLimits>): Promise<TestGateway> =>
  useGateway({
    config: { documentLimits: { ...DOCUMENT_LIMITS, ...limits }, metrics: { port: null } },
  });

const CREDENTIALS = { "x-bkapi-authorization": AUTHORIZATION };
const MULTIPART = "multipart/mixed;subscriptionSpec=1.0, application/json";
const PARSE = "GRAPHQL_PARSE_FAILED";
const VALIDATION = "GRAPHQL_VALIDATION_FAILED";

const many = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => text(index)).join(" ");

interface Case {
  readonly limits: Partial<DocumentLimits>;
  readonly accepted: string;
  readonly rejected: string;
  readonly code: string;
  readonly message: string;
}

const CASES: readonly (readonly [name: string, Case])[] = [
  [
    "MAX_TOKENS",
    {
      limits: { maxTokens: 5 },
      accepted: "{ a: __typename }",
      rejected: "{ a: __typename b }",
      code: PARSE,
      message: "Too many tokens in the document (maximum 5).",
    },
  ],
  [
    "MAX_DEPTH",
    {
      limits: { maxDepth: 3 },
      accepted: jobQuery("100"),
      rejected: "{ ... { ... { ... { __typename } } } }",
      code: PARSE,
      message: "nested too deeply (maximum 3 levels).",
    },
  ],
  [
    "MAX_FIELDS",
    {
      limits: { maxFields: 2 },
      accepted: jobQuery("100"),
      rejected: jobQuery("100", onJob("name status")),
      code: VALIDATION,
      message: "Too many selected fields: 3, counting fragments wherever they are spread (maximum 2).",
    },
  ],
  [
    "MAX_ALIASES",
    {
      limits: { maxAliases: 2 },
      accepted: "{ a: __typename b: __typename __typename }",
      rejected:
        "{ ...F ...G } fragment F on Query { a: __typename ...G } fragment G on Query { b: __typename }",
      code: VALIDATION,
      message: "Too many aliases: 3, counting fragments wherever they are spread (maximum 2).",
    },
  ],
  [
    "MAX_ROOT_FIELDS",
    {
      limits: { maxRootFields: 2 },
      accepted: `{ __typename ${jobField("100", "__typename name: __typename b: __typename")} }`,
      rejected: "{ a: __typename ... { b: __typename ...F } } fragment F on Query { c: __typename }",
      code: VALIDATION,
      message: "Too many root fields: 3, counting fragments wherever they are spread (maximum 2).",
    },
  ],
  [
    "MAX_DIRECTIVES",
    {
      limits: { maxDirectives: 1 },
      accepted: "{ __typename @include(if: true) }",
      rejected: "{ __typename @include(if: true) @skip(if: false) }",
      code: VALIDATION,
      message: "Too many directives: 2, counting fragments wherever they are spread (maximum 1).",
    },
  ],
];

const rejections = async ({ url }: TestGateway, limit: string) =>
  (await scrape(url)).sum("bk_job_graphql_limit_rejections_total", { limit });

it.each(CASES)(
  "%s is the same for all transports, and each rejection is counted",
  async (name, { limits, accepted, rejected, code, message }) => {
    const gateway = await useLimits(limits);
    const { url } = gateway;
    expect((await gateway.ask(accepted)).errors).toBeUndefined();
    const search = new URLSearchParams({ query: rejected });
    const get = { headers: { ...CREDENTIALS, "apollo-require-preflight": "true" } };
    for (const response of [
      await postOperation(url, { query: rejected }, CREDENTIALS),
      await postOperation(url, { query: rejected }, { ...CREDENTIALS, accept: MULTIPART }),
      await fetch(`${url}?${search}`, get),
    ]) {
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        errors: [{ message: expect.stringContaining(message), extensions: { code } }],
      });
    }
    for (const subscribe of [subscribeByWebSocket, subscribeByEvents]) {
      const stream = subscribe(url, { query: rejected });
      const error = await stream.completed.catch(String);
      expect(`${error} ${JSON.stringify(stream.results)}`).toContain(message);
    }
    expect(await rejections(gateway, name)).toBe(5);
    expect((await scrape(url)).sum("bk_job_graphql_limit_rejections_total")).toBe(5);
    expect(gateway.simulator.requests.length).toBeLessThanOrEqual(1);
  },
);

it("a fragment counts at its deepest level, even if it is spread at a shallow level first", async () => {
  const gateway = await useLimits({ maxDepth: 10 });
  const level = (n: number, inner: string) => `fragment F${n} on Query { ... { ... { ${inner} } } }`;
  const query = `{ ...F0 } ${level(0, "__typename")} ${many(9, (n) => level(n + 1, `...F${n}`))} `;
  const { errors } = await gateway.ask(query.replace("{ ...F0 }", "{ ...F0 ...F9 }"));
  expect(errors).toMatchObject([{ message: expect.stringContaining("(maximum 10 levels)") }]);
});

it("fragments that multiply are counted in linear time", async () => {
  const gateway = await useLimits({});
  const next = (n: number) => (n < 40 ? `...F${n + 1} `.repeat(80) : "a: name @skip(if: false)");
  const query = `{ ${jobField("100", "...F0")} } ${many(41, (n) => `fragment F${n} on JobInstance { ${next(n)} }`)}`;
  const { errors } = await gateway.ask(query);
  expect(errors).toMatchObject([
    { message: expect.stringContaining("Too many selected fields: more than 1000000,") },
  ]);
});

it("the defaults accept the introspection of explorers and a hundred jobs by aliases", async () => {
  const { ask } = await useGateway();
  const options = { specifiedByUrl: true, directiveIsRepeatable: true, inputValueDeprecation: true };
  const introspection = await ask(getIntrospectionQuery(options));
  expect(introspection.errors).toBeUndefined();
  const jobs = await ask(
    `{ ${many(100, (n) => `j${n}: ${jobField("100", onJob("name @include(if: true) steps { name }"))}`)} }`,
  );
  expect(jobs.errors).toBeUndefined();
  expect(Object.keys(jobs.data)).toHaveLength(100);
});

it("MAX_BODY_BYTES limits bodies and WebSocket messages, and each rejection is counted", async () => {
  const gateway = await useGateway({ config: { maxBodyBytes: 300, metrics: { port: null } } });
  const query = `{ ${jobField("100")} } # ${"x".repeat(300)}`;
  for (const path of ["", "/stream"]) {
    const headers = { ...CREDENTIALS, ...(path && { accept: "text/event-stream" }) };
    const response = await postOperation(gateway.url + path, { query }, headers);
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      errors: [{ message: "Request body too large (maximum 300 bytes). Send a smaller operation." }],
    });
  }
  await expect(subscribeByWebSocket(gateway.url, { query }).completed).rejects.toThrow("1009");
  expect(await rejections(gateway, "MAX_BODY_BYTES")).toBe(3);
});

it("counts responses beyond MAX_RESPONSE_BYTES", async () => {
  const gateway = await useGateway({ config: { maxResponseBytes: 100, metrics: { port: null } } });
  await gateway.ask(jobQuery("100", onJob(many(20, (n) => `a${n}: name`))));
  expect(await rejections(gateway, "MAX_RESPONSE_BYTES")).toBe(1);

  const query = jobSubscription("20000000001", onJob(many(20, (n) => `a${n}: name`)));
  const { results, stop } = subscribeByEvents(gateway.url, { query });
  onTestFinished(stop);
  await expect.poll(() => JSON.stringify(results)).toContain("BAD_USER_INPUT");
  expect(await rejections(gateway, "MAX_RESPONSE_BYTES")).toBe(2);
});
