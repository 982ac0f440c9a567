/** One answer of each server is checked before its time is taken. */
import { isDeepStrictEqual } from "node:util";
import { graphql } from "graphql";
import { bulkJobId } from "../src/simulator/bulk-jobs.ts";
import { createSchema } from "./servers/schema.ts";
import { endpointPath } from "./servers/upstream.ts";
import type { Body, HostRow } from "./servers/upstream-body.ts";
import { type Ask, requestBody } from "./workloads.ts";

const AUTHORIZATION = { "x-bkapi-authorization": '{"access_token":"demo"}' };

/** What answers to a workload are like, once a right one has been seen. */
export interface Expectation {
  readonly start: string;
  readonly bytes: number;
}

/**
 * Asks `origin` once and compares: the floor's answer with the upstream's body, any other with what graphql-js makes
 * of it by the shared resolvers. Rows may be in any order.
 * @throws Error that names the first difference.
 */
export async function verify(
  origin: string,
  isFloor: boolean,
  upstreamUrl: string,
  ask: Ask,
): Promise<Expectation> {
  const jobInstanceId = bulkJobId(ask.hosts, 0);
  const body = await readUpstream(upstreamUrl, jobInstanceId, ask.needsHosts);
  const expected = isFloor ? bodyForm(body) : resultForm(await reference(body, ask, jobInstanceId));

  const response = await fetch(`${origin}/graphql`, {
    method: "POST",
    headers: { ...AUTHORIZATION, "content-type": "application/json" },
    body: requestBody(ask, isFloor).join(jobInstanceId),
  });
  const text = await response.text();
  if (response.status !== 200)
    throw new Error(`Expected HTTP 200, got ${response.status}: ${text.slice(0, 500)}`);
  // The form that follows is compared with the expected one, field by field.
  const answer = JSON.parse(text);
  const actual = isFloor ? bodyForm(answer) : resultForm(answer);
  if (!isDeepStrictEqual(actual, expected)) throw new Error(firstDifference(actual, expected, "answer"));
  return { start: '{"data":{', bytes: Buffer.byteLength(text) };
}

async function readUpstream(upstreamUrl: string, jobInstanceId: string, hosts: boolean): Promise<Body> {
  const response = await fetch(upstreamUrl + endpointPath(jobInstanceId, hosts), { headers: AUTHORIZATION });
  // The simulator's answers have the upstream's form.
  return (await response.json()) as Body;
}

const reference = async (body: Body, { query }: Ask, jobInstanceId: string): Promise<object> =>
  graphql({
    schema: createSchema(),
    source: query,
    variableValues: { jobInstanceId },
    contextValue: { jobs: { read: async () => body } },
  });

/** An upstream body without what changes from read to read: the request's id and the order of rows. */
function bodyForm({ data }: Body): object {
  const hostId = (row: HostRow) => (row.execute_object?.host ?? row).bk_host_id ?? 0;
  const sorted = (rows: readonly HostRow[] | undefined) => rows?.toSorted((a, b) => hostId(a) - hostId(b));
  const steps = data.step_instance_list.map((step) => ({
    ...step,
    step_ip_result_list: sorted(step.step_ip_result_list),
    step_execute_object_result_list: sorted(step.step_execute_object_result_list),
  }));
  return { ...data, step_instance_list: steps };
}

/** A GraphQL result as plain data with its rows in one order. Ids of nodes are each server's own: any text will do. */
function resultForm(result: object): unknown {
  return JSON.parse(JSON.stringify(result), (key, value) => {
    if (key === "id" && typeof value === "string" && value.includes("/")) return "id";
    return key === "nodes"
      ? value.toSorted((a: Node, b: Node) => Number(a.hostId) - Number(b.hostId))
      : value;
  });
}

interface Node {
  readonly hostId: string;
}

function firstDifference(actual: unknown, expected: unknown, path: string): string {
  if (isRecord(actual) && isRecord(expected)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    for (const key of keys) {
      if (!isDeepStrictEqual(actual[key], expected[key])) {
        return firstDifference(actual[key], expected[key], `${path}.${key}`);
      }
    }
  }
  const shown = (value: unknown) => (JSON.stringify(value) ?? "nothing").slice(0, 300);
  return `Expected ${path} to be ${shown(expected)}, got ${shown(actual)}.`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;
