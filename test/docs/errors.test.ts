/** docs/errors.md: the table of causes of BAD_REQUEST. */
import { expect, it } from "vitest";
import { useGateway } from "../support/gateway.ts";
import { tableOf } from "../support/readme.ts";

const post = (body: object | string, headers = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});

const query = "{ __typename }";
const SUBSCRIPTION = {
  query: `subscription { jobInstanceUpdated(ref: { scopeId: "1", jobInstanceId: "1" }) { __typename } }`,
};

/** For each row of the table, a request. */
const REQUESTS: readonly (readonly [path: string, request: RequestInit])[] = [
  ["", post("{")],
  ["", post({ query }, { "x-request-deadline-ms": "soon" })],
  ["", post({ query, extensions: { persistedQuery: { version: 2, sha256Hash: "0" } } })],
  ["", post(SUBSCRIPTION)],
  ["?query={__typename}", {}],
  ["/stream", post(SUBSCRIPTION, { accept: "text/event-stream", origin: "http://evil.example" })],
  ["/nothing", {}],
  ["", { method: "PUT" }],
  ["", post({ query }, { accept: "text/plain" })],
  ["", post(" ".repeat(2 ** 20 + 1))],
  ["", post({ query }, { "content-type": "text/plain" })],
];

it("each cause of BAD_REQUEST has the HTTP status of the table", async () => {
  const gateway = await useGateway();
  const responses = REQUESTS.map(async ([path, request]) => {
    const response = await fetch(`${gateway.url}${path}`, request);
    const { errors } = JSON.parse(await response.text());
    return [String(response.status), errors[0].extensions.code];
  });
  const rows = tableOf("HTTP status", "Cause").map(([status]) => [status, "BAD_REQUEST"]);
  expect(await Promise.all(responses)).toEqual(rows);
});
