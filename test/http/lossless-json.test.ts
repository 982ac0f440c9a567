/** Large integers in the JSON of requests keep every digit. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { losslessSearch, parseLosslessJson } from "../../src/http/lossless-json.ts";
import { AUTHORIZATION, jobField, onJob, postOperation } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";

/** 2^53 + 1: the first whole number that a double cannot hold. */
const HUGE = "9007199254740993";

describe("parseLosslessJson", () => {
  it.each<[text: string, value: unknown]>([
    [HUGE, HUGE],
    [`-${HUGE}`, `-${HUGE}`],
    ["9223372036854775807", "9223372036854775807"],
    ["9007199254740991", 9007199254740991],
    ["1234567890123456", 1234567890123456],
    [`{"a":[{"b":${HUGE}}],"c":"${HUGE}"}`, { a: [{ b: HUGE }], c: HUGE }],
    ["12345678901234567.5", Number("12345678901234567.5")],
    ["1e30", 1e30],
    ["1234567890123456e15", 1234567890123456e15],
    [`["${HUGE}",true,null,0.1]`, [HUGE, true, null, 0.1]],
  ])("reads %s", (text, value) => {
    expect(parseLosslessJson(text)).toEqual(value);
  });

  it.each(["", "{", `{"a":${HUGE}`, `0${HUGE}`, "undefined"])("throws a SyntaxError for %j", (text) => {
    expect(() => parseLosslessJson(text)).toThrow(SyntaxError);
  });
});

describe("losslessSearch", () => {
  it.each([
    ["without large integers", `?query=%7B%20__typename%20%7D&variables=${encodeURIComponent('{"id":1}')}`],
    ["with a large integer outside of `variables`", `?query=%7Bjob(id:${HUGE})%7D`],
    ["with `variables` twice", `?variables=${HUGE}&variables=${HUGE}`],
    ["with `variables` that are not JSON", `?variables=${HUGE}x`],
    ["that is empty", ""],
  ])("does not change a query string %s", (_what, search) => {
    expect(losslessSearch(search)).toBe(search);
  });

  it("converts large integers in `variables` to strings", () => {
    const search = losslessSearch(`?query=${encodeURIComponent("{ a & b }")}&variables={"id":${HUGE},"n":1}`);
    const params = new URLSearchParams(search);
    expect(Object.fromEntries(params)).toEqual({ query: "{ a & b }", variables: `{"id":"${HUGE}","n":1}` });
  });
});

describe("a job id above 2^53 reaches the upstream with every digit", () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startGateway();
  });
  afterAll(() => gateway.close());

  const NUMBER_VARIABLE = `{"id":${HUGE}}`;
  const QUERY = `query ($id: ID!) { ${jobField("$id", onJob("jobInstanceId"))} }`;
  const headers = { "content-type": "application/json", "x-bkapi-authorization": AUTHORIZATION };
  const post = (body: string) => postOperation(gateway.url, body, headers);

  it.each<[string, () => Promise<Response>]>([
    [
      "a number in the variables",
      () => post(`{"query":${JSON.stringify(QUERY)},"variables":${NUMBER_VARIABLE}}`),
    ],
    ["a string in the variables", () => post(JSON.stringify({ query: QUERY, variables: { id: HUGE } }))],
    [
      "a number in the document",
      () => post(JSON.stringify({ query: QUERY.replace("query ($id: ID!) ", "").replace("$id", HUGE) })),
    ],
    [
      "a number in the variables of a GET request",
      () =>
        fetch(`${gateway.url}?${new URLSearchParams({ query: QUERY, variables: NUMBER_VARIABLE })}`, {
          headers,
        }),
    ],
  ])("from %s", async (_where, send) => {
    const response = await send();
    expect(await response.json()).toEqual({ data: { jobInstance: { jobInstanceId: HUGE } } });
    expect(gateway.simulator.requests.at(-1)?.query.job_instance_id).toBe(HUGE);
  });
});
