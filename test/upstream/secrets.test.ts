/** Credentials and the upstream's address are redacted, whatever the upstream echoes and however it is encoded. */
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

/** Everything that leaves the gateway after this upstream response: the response and the log lines. */
async function outputWith(answer: (request: SimulatedRequest) => SimulatedResponse): Promise<string> {
  gateway.simulator.script("7", answer);
  return outputFor("7");
}

async function outputFor(id: string, authorization = CREDENTIALS): Promise<string> {
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
  // The log line of a request is written after its response.
  await vi.waitFor(() => expect(gateway.logs).toContainEqual(expect.objectContaining({ msg: "request" })));
  return JSON.stringify({ status, headers: [...headers], data, errors, logs: gateway.logs });
}

/** The strings that must not occur, in every encoding that a message can have. */
function secrets(): string[] {
  const { host, hostname, href } = new URL(gateway.simulator.url);
  const texts = [APP_SECRET, BK_TOKEN, BK_TICKET, ACCESS_TOKEN, host, hostname, href, "/api/bk-job/prod"];
  const json = (text: string) => JSON.stringify(text).slice(1, -1);
  return texts.flatMap((text) => [text, json(text), json(json(text)), encodeURIComponent(text)]);
}

const findSecrets = (text: string): string[] =>
  secrets().filter((secret) => text.toLowerCase().includes(secret.toLowerCase()));

it("finds secrets in an unredacted message", async () => {
  const echo = `${CREDENTIALS} ${gateway.simulator.url}`;
  expect(findSecrets(JSON.stringify(echo))).toEqual(expect.arrayContaining([BK_TOKEN, ACCESS_TOKEN]));
  expect(findSecrets(JSON.stringify(JSON.stringify(echo)))).toContain(BK_TICKET);
});

it("hides what bk-job echoes from a request", async () => {
  const text = await outputFor("20000090020");
  expect(text).toContain("upstream call failed: GET ***");
  expect(findSecrets(text)).toEqual([]);
});

describe("hides in a message", () => {
  const encodings: [string, (text: string) => string][] = [
    ["as it is", (text) => text],
    ["as a JSON string", (text) => JSON.stringify(text)],
    ["as a JSON string in a JSON string", (text) => JSON.stringify(JSON.stringify(text))],
    ["as part of a URL", (text) => encodeURIComponent(text)],
    ["in upper case", (text) => text.toUpperCase()],
    ["between other words", (text) => `x ${text}, y`],
    ["twice", (text) => `${text} ${text}`],
    ["after a line break in JSON", (text) => `\\n${text}\\n`],
    ["at the end of the shown part", (text) => `${"x ".repeat(495)}${text}`],
    ["at the end of the examined part", (text) => `${"x ".repeat(2_043)}${text}`],
  ];
  const withinWords: [string, (text: string) => string][] = [
    ["in the middle of words", (text) => `x${text}y`],
    ["twice without a space", (text) => `${text}${text}`],
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
  const cases = [...casesOf([...credentials, ...addresses], encodings), ...casesOf(credentials, withinWords)];

  it.each(cases)("%s %s", async (_name, _how, text) => {
    const output = await outputWith(() => error(`failed: ${text()}`));
    expect(output).toContain("failed: ");
    expect(findSecrets(output)).toEqual([]);
  });
});

describe("hides secrets in", () => {
  const echoes: [string, (secret: string) => SimulatedResponse][] = [
    [
      "the message of a detail",
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
    ["a body that is a JSON string", (secret) => ({ kind: "json", status: 200, body: secret })],
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
      expect(findSecrets(await outputWith(() => answer(secret)))).toEqual([]);
    }
  });
});

it("hides a complete secret if another secret is its prefix", async () => {
  gateway.simulator.script("7", () => error("got token-1-and-more."));
  const output = await outputFor("7", '{"bk_token":"token-1","access_token":"token-1-and-more"}');
  expect(output).toContain("got ***.");
});

describe("does not hide", () => {
  it("the user name and the app code, which are not secrets", async () => {
    const message = "User zhangsan of app my-app has no permission";
    expect(await outputWith(() => error(message))).toContain(message);
  });

  it("the start of long messages", async () => {
    const output = await outputWith(() => error("long ".repeat(10_000)));
    expect(output).toContain(`${"long ".repeat(150)}`);
    expect(output.length).toBeLessThan(5_000);
  });
});

it("does not show the address of an upstream that cannot be reached", async () => {
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

it("does not mistake a word of a message for the upstream's host name", async () => {
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

it("hides credentials that are not JSON", async () => {
  gateway.simulator.script("7", ({ headers }) => error(`got ${headers["x-bkapi-authorization"]}`));

  const output = await outputFor("7", "plain-text-token");

  expect(output).toContain("got ***");
  expect(output).not.toContain("plain-text-token");
});
