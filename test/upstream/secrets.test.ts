/** Credentials and the upstream's address appear nowhere, whatever the upstream echoes and however it encodes it. */
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { SimulatedRequest } from "../../src/simulator/simulator.ts";
import { jobQuery, ref } from "../support/ask.ts";
import { startGateway, type TestGateway, useGateway } from "../support/gateway.ts";
import { useProxy } from "../support/proxy.ts";

const APP_SECRET = 's3cr3t/+ÄPP="quoted"\\';
const BK_TOKEN = "bk-token-0123456789";
const BK_TICKET = "bk-ticket-987654321";
const ACCESS_TOKEN = "access-token-abcdef";

const CREDENTIALS = JSON.stringify({
  bk_app_code: "my-app",
  bk_app_secret: APP_SECRET,
  bk_token: BK_TOKEN,
  bk_ticket: BK_TICKET,
  access_token: ACCESS_TOKEN,
  bk_username: "zhangsan",
});

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({ config: { logLevel: "trace" } });
});
afterAll(() => gateway.close());

const error = (message: string, status = 500): SimulatedResponse => ({
  kind: "json",
  status,
  body: { error: { code: "INTERNAL", message } },
});

/** Everything that leaves the gateway after the upstream has answered `answer`: the response and the log lines. */
async function leavesWith(answer: (request: SimulatedRequest) => SimulatedResponse): Promise<string> {
  gateway.simulator.script("7", answer);
  return leavesFor("7");
}

async function leavesFor(id: string, authorization = CREDENTIALS): Promise<string> {
  gateway.logs.length = 0;
  const { status, headers, data, errors } = await gateway.ask(
    `query ($id: ID!) {
      jobInstance(${ref("$id")}) {
        __typename
        ... on Problem { message upstreamRequestId }
        ... on JobInstance { upstreamRequestId }
      }
    }`,
    { id },
    { "x-bkapi-authorization": authorization },
  );
  // The line of a request is written when its response is out.
  await vi.waitFor(() => expect(gateway.logs).toContainEqual(expect.objectContaining({ msg: "request" })));
  return JSON.stringify({ status, headers: [...headers], data, errors, logs: gateway.logs });
}

/** The parts that must not be found, in every form that a text of the upstream may have them in. */
function secrets(): string[] {
  const { host, hostname, href } = new URL(gateway.simulator.url);
  const texts = [APP_SECRET, BK_TOKEN, BK_TICKET, ACCESS_TOKEN, host, hostname, href, "/api/bk-job/prod"];
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  return texts.flatMap((text) => [text, json(text), json(json(text)), encodeURIComponent(text)]);
}

const findSecrets = (text: string): string[] =>
  secrets().filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));

it("has secrets to look for that an echo would show", async () => {
  const echo = `${CREDENTIALS} ${gateway.simulator.url}`;
  expect(findSecrets(JSON.stringify(echo))).toEqual(expect.arrayContaining([BK_TOKEN, ACCESS_TOKEN]));
  expect(findSecrets(JSON.stringify(JSON.stringify(echo)))).toContain(BK_TICKET);
});

it("hides what bk-job echoes of a request", async () => {
  const text = await leavesFor("20000090020");
  expect(text).toContain("upstream call failed: GET ***");
  expect(findSecrets(text)).toEqual([]);
});

describe("hides it in a message", () => {
  const encodings: [string, (text: string) => string][] = [
    ["as it is", (text) => text],
    ["as a JSON text", (text) => JSON.stringify(text)],
    ["as a JSON text in a JSON text", (text) => JSON.stringify(JSON.stringify(text))],
    ["as part of a URL", (text) => encodeURIComponent(text)],
    ["in capitals", (text) => text.toUpperCase()],
    ["between other words", (text) => `x ${text}, y`],
    ["twice", (text) => `${text} ${text}`],
    ["after a line break in JSON", (text) => `\\n${text}\\n`],
    ["at the end of what is shown", (text) => `${"x ".repeat(495)}${text}`],
    ["at the end of what is read", (text) => `${"x ".repeat(2_043)}${text}`],
  ];
  const unmistakable: [string, (text: string) => string][] = [
    ["in the middle of words", (text) => `x${text}y`],
    ["twice without a gap", (text) => `${text}${text}`],
  ];
  const credentials: [string, () => string][] = [
    ["the credentials", () => CREDENTIALS],
    ["the app secret", () => APP_SECRET],
    ["the login token", () => BK_TOKEN],
    ["the login ticket", () => BK_TICKET],
    ["the access token", () => ACCESS_TOKEN],
  ];
  const addresses: [string, () => string][] = [
    ["the upstream's URL", () => gateway.simulator.url],
    ["the upstream's host", () => new URL(gateway.simulator.url).host],
    ["the upstream's host name", () => new URL(gateway.simulator.url).hostname],
    ["the upstream's path", () => `${new URL(gateway.simulator.url).pathname}/api/v4`],
  ];
  const casesOf = (values: typeof credentials, forms: typeof encodings) =>
    values.flatMap(([name, value]) =>
      forms.map(([how, encode]) => [name, how, () => encode(value())] as const),
    );
  const cases = [
    ...casesOf([...credentials, ...addresses], encodings),
    ...casesOf(credentials, unmistakable),
  ];

  it.each(cases)("%s %s", async (_name, _how, text) => {
    const leaves = await leavesWith(() => error(`failed: ${text()}`));
    expect(leaves).toContain("failed: ");
    expect(findSecrets(leaves)).toEqual([]);
  });
});

describe("hides it in", () => {
  const echoes: [string, (secret: string) => SimulatedResponse][] = [
    [
      "the text of a detail",
      (secret) => ({
        kind: "json",
        status: 400,
        body: {
          error: { code: "INVALID_ARGUMENT", message: "m", details: [{ code: "1", message: secret }] },
        },
      }),
    ],
    ["an error code", (secret) => ({ kind: "json", status: 500, body: { error: { code: secret } } })],
    [
      "the message of not found",
      (secret) => ({ kind: "json", status: 404, body: { error: { code: "NOT_FOUND", message: secret } } }),
    ],
    [
      "the message of permission denied",
      (secret) => ({
        kind: "json",
        status: 403,
        body: { error: { code: "NO_PERMISSION", message: secret } },
      }),
    ],
    [
      "the API Gateway's message",
      (secret) => ({ kind: "json", status: 403, body: { code: 1640301, code_name: "X", message: secret } }),
    ],
    [
      "the API Gateway's headers",
      (secret) => ({
        kind: "json",
        status: 500,
        headers: { "x-bkapi-error-code": secret, "x-bkapi-error-message": secret },
        body: {},
      }),
    ],
    [
      "request ids",
      (secret) => ({
        kind: "json",
        status: 500,
        headers: { "x-bkapi-request-id": secret },
        body: { error: { code: "INTERNAL", message: "m" }, job_request_id: secret },
      }),
    ],
    ["a body that is not JSON", (secret) => ({ kind: "raw", status: 200, body: secret })],
    ["a body that is a JSON text", (secret) => ({ kind: "json", status: 200, body: secret })],
    [
      "a content type",
      (secret) => ({ kind: "raw", status: 200, headers: { "content-type": secret }, body: "{}" }),
    ],
    ["data of the wrong type", (secret) => ({ kind: "json", status: 200, body: { data: secret } })],
    [
      "the name of a field",
      (secret) => ({ kind: "json", status: 200, body: { data: { [secret]: 1 }, [secret]: secret } }),
    ],
    [
      "IAM data of the wrong type",
      (secret) => ({
        kind: "json",
        status: 403,
        body: { error: { code: "NO_PERMISSION", message: "m", data: secret } },
      }),
    ],
    [
      "a redirect's target",
      (secret) => ({ kind: "raw", status: 302, headers: { location: secret }, body: "" }),
    ],
  ];

  it.each(echoes)("%s", async (_, answer) => {
    for (const secret of [BK_TOKEN, ACCESS_TOKEN, new URL(gateway.simulator.url).host]) {
      expect(findSecrets(await leavesWith(() => answer(secret)))).toEqual([]);
    }
  });
});

it("hides a secret whole when another is its beginning", async () => {
  gateway.simulator.script("7", () => error("got token-1-and-more."));
  const leaves = await leavesFor("7", '{"bk_token":"token-1","access_token":"token-1-and-more"}');
  expect(leaves).toContain("got ***.");
});

describe("shows all the same", () => {
  it("who is calling: a name and an app's code are no secrets", async () => {
    const message = "User zhangsan of app my-app has no permission";
    expect(await leavesWith(() => error(message))).toContain(message);
  });

  it("long messages, cut", async () => {
    const leaves = await leavesWith(() => error("long ".repeat(10_000)));
    expect(leaves).toContain(`${"long ".repeat(150)}`);
    expect(leaves.length).toBeLessThan(5_000);
  });
});

it("keeps the address of an upstream that cannot be reached to itself", async () => {
  const lone = await startGateway();
  await lone.simulator.close();

  const answer = await lone.ask(jobQuery("100"));
  await lone.close();

  const { host, port } = new URL(lone.simulator.url);
  const text = JSON.stringify([answer.errors, lone.logs]);
  expect(answer.errors).toHaveLength(1);
  expect(text).not.toContain(host);
  expect(text).not.toContain(`:${port}`);
});

it("does not take a word of a message for the upstream's host name", async () => {
  const { simulator } = gateway;
  const proxy = await useProxy(Number(new URL(simulator.url).port));
  const lone = await useGateway({
    upstream: {
      baseUrl: new URL("http://job/api/bk-job/prod"),
      proxy: { http: proxy.url, https: "", noProxy: "" },
    },
  });
  simulator.script("7", () => error("The job instance at http://job/api is of host job:80, job 7"));

  const { errors } = await lone.ask(jobQuery("7"));

  expect(errors?.[0]?.message).toBe("The job instance at ***/api is of host ***, job 7");
});

it("keeps credentials that are no JSON to itself", async () => {
  gateway.simulator.script("7", ({ headers }) => error(`got ${headers["x-bkapi-authorization"]}`));

  const leaves = await leavesFor("7", "plain-text-token");

  expect(leaves).toContain("got ***");
  expect(leaves).not.toContain("plain-text-token");
});
