/** One response in many JSON notations, all of which have the same result. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { jobQuery, onJob, onlyError } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { changedJobResponse } from "../support/job-payload.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

const ROW = `hostId ip ipv6 cloudId cloudName agentId isAgentAlive container { id }
  statusCode tag exitCode errorCode startedAt finishedAt durationMs`;
const QUERY = jobQuery("7", onJob(`name steps { hostResults(first: 1000) { nodes { ${ROW} } } }`));

const T = Date.UTC(2026, 2, 10, 2);

type Fields = Record<string, unknown>;

interface Kind {
  readonly host: (index: number) => Fields;
  /** Additional host fields of the released dialect. */
  readonly more: (index: number) => Fields;
  readonly outcome: (index: number) => Fields;
}

const EXIT_CODES = [0, 1, -1, 255, -2_147_483_648, 2_147_483_647, undefined, null];

/** Rows with different sets of fields. */
const varied = (tags: readonly unknown[]): Kind => ({
  host: (index) => ({
    bk_host_id: 1_000 + index,
    ...(index % 7 !== 3 && { ip: `10.0.0.${index}` }),
    ...(index % 7 === 3 && { ipv6: `2001:db8::${index}` }),
    bk_cloud_id: index % 2,
  }),
  more: (index) => ({
    bk_cloud_name: ["Default Area", "", "区域"][index % 3],
    bk_agent_id: ["", `agent-${index}`][index % 2],
    ...(index % 3 !== 2 && { alive: index % 3 }),
  }),
  outcome: (index) => ({
    status: [9, 104, 5, 0, -3, 777][index % 6],
    tag: tags[index % tags.length],
    exit_code: EXIT_CODES[index % EXIT_CODES.length],
    ...(index % 5 === 0 && { error_code: index }),
    ...(index % 3 !== 0 && { start_time: T + index }),
    ...(index % 4 === 1 && { end_time: T + 2 * index, total_time: index === 1 ? 2 ** 40 : index }),
  }),
});

/** Rows with the same fields, with a few unusual values late in the list. */
const alike = (late: string): Kind => ({
  host: (index) => ({ bk_host_id: 1_000 + index, ip: `10.0.0.${index}`, bk_cloud_id: index % 2 }),
  more: (index) => ({
    bk_cloud_name: index === 40 ? "" : "Default Area",
    bk_agent_id: `a${index}`,
    alive: 1,
  }),
  outcome: (index) => ({
    status: index === 30 ? 12_345 : 9,
    tag:
      new Map([
        [35, ""],
        [45, "磁盘满"],
        [55, late],
        [65, "{}"],
      ]).get(index) ?? "ok",
    exit_code: index === 75 ? -7 : index,
    start_time: T + index,
    end_time: index === 85 ? 0 : T + 2 * index,
    total_time: index === 95 ? 2 ** 40 : index,
  }),
});

const KINDS: Readonly<Record<string, Kind>> = {
  "varied rows of unescaped strings": varied(["", "ok", "磁盘满", "🙂", "}],[{", undefined, null]),
  "varied rows, some with escaped strings": varied([
    "",
    "ok",
    'a "b"',
    "tab\tand\nline",
    '{"status":1},[',
    null,
  ]),
  "uniform rows": alike("plain"),
  "uniform rows, one with an escaped string": alike('a "quoted" \\ text'),
};

const INDEXES = Array.from({ length: 100 }, (_, index) => index);
const FORMS = Object.entries(KINDS).flatMap(([kind, { host, more, outcome }]) => [
  {
    form: `in the documented dialect with ${kind}`,
    list: "step_ip_result_list",
    rows: INDEXES.map((index) => ({ ...host(index), ...outcome(index) })),
  },
  {
    form: `in the released dialect with ${kind}`,
    list: "step_execute_object_result_list",
    rows: INDEXES.map((index) => ({
      execute_object: { type: 1, resource_id: String(index), host: { ...host(index), ...more(index) } },
      ...outcome(index),
    })),
  },
]);

/** The expected node for a row. */
function nodeOf(row: Fields) {
  const target = row.execute_object as { host: Fields } | undefined;
  const host = target?.host ?? row;
  const time = (value: unknown) => (value === undefined ? null : new Date(value as number).toISOString());
  const id = (value: unknown) => (value === undefined ? null : String(value));
  return {
    hostId: id(host.bk_host_id),
    ip: host.ip ?? null,
    ipv6: host.ipv6 ?? null,
    cloudId: id(host.bk_cloud_id),
    cloudName: host.bk_cloud_name ?? null,
    agentId: host.bk_agent_id || null,
    isAgentAlive: host.alive === undefined ? null : host.alive === 1,
    container: null,
    statusCode: row.status,
    tag: row.tag || null,
    exitCode: row.exit_code ?? null,
    errorCode: row.error_code ?? null,
    startedAt: time(row.start_time),
    finishedAt: time(row.end_time),
    durationMs: row.total_time ?? null,
  };
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** `JSON.stringify` with a change to every object. */
const stringify = (body: unknown, change: (value: Fields) => Fields, space?: number) =>
  JSON.stringify(body, (_key, value) => (isObject(value) ? change(value) : value), space);

const same = (value: Fields) => value;
const reversed = (value: Fields) => Object.fromEntries(Object.entries(value).reverse());
const shuffles = () => {
  let turn = 0;
  return (value: Fields) => {
    const entries = Object.entries(value);
    const cut = turn++ % Math.max(1, entries.length);
    return Object.fromEntries([...entries.slice(cut), ...entries.slice(0, cut)]);
  };
};
const escaped = (text: string) =>
  text.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);

const WRITERS: readonly (readonly [way: string, write: (body: unknown) => string])[] = [
  ["in compact notation", (body) => JSON.stringify(body)],
  ["with white space", (body) => stringify(body, same, 2)],
  ["with tabs and line ends", (body) => `\r\n\t${stringify(body, same, 2).replaceAll("\n", "\r\n\t")}\n`],
  ["after a byte order mark", (body) => `\uFEFF${JSON.stringify(body)}`],
  ["with fields in reverse order", (body) => stringify(body, reversed)],
  ["with a different order of fields in every row", (body) => stringify(body, shuffles())],
  ["with characters escaped", (body) => escaped(JSON.stringify(body))],
  ["with names escaped", (body) => JSON.stringify(body).replaceAll('"status"', '"st\\u0061tus"')],
  ["with the name of a list escaped", (body) => JSON.stringify(body).replaceAll('_list"', '_l\\u0069st"')],
  ["with extra values", (body) => stringify(body, (value) => ({ x: 1, ...value, y: "z", n: null, t: true }))],
  ["with extra lists", (body) => stringify(body, (value) => ({ x: [[], [1, ["]"]]], ...value }))],
  [
    "with extra objects",
    (body) => JSON.stringify(body).replaceAll('"bk_cloud_id":', '"x":{"status":1,"y":[{}]},"bk_cloud_id":'),
  ],
  [
    "with nulls for absent fields",
    (body) => stringify(body, (value) => ({ ipv6: null, end_time: null, ...value })),
  ],
  ["with exponents", (body) => JSON.stringify(body).replaceAll('"bk_cloud_id":1', '"bk_cloud_id":10e-1')],
  ["with the fraction .0", (body) => JSON.stringify(body).replaceAll('"bk_cloud_id":1', '"bk_cloud_id":1.0')],
  [
    "with a repeated field",
    (body) => JSON.stringify(body).replaceAll('"bk_cloud_id":', '"bk_cloud_id":9,"bk_cloud_id":'),
  ],
];

/** Changes a late row, which is read with expectations from earlier rows. */
const replaceLast = (text: string, from: string, to: string): string => {
  const at = text.lastIndexOf(from);
  return text.slice(0, at) + to + text.slice(at + from.length);
};

const script = (body: string) =>
  gateway.simulator.script("7", () => ({
    kind: "raw",
    status: 200,
    headers: { "content-type": "application/json" },
    body,
  }));

describe.each(FORMS)("a response $form", ({ list, rows }) => {
  const name = `"${list}":[{"status":1}],{"step_ip_result_list":[`;
  const { body } = changedJobResponse({
    job: { name },
    step: { step_ip_result_list: undefined, [list]: rows },
  });

  it.each(WRITERS)("has the same result %s", async (_way, write) => {
    script(write(body));

    const { data, errors } = await gateway.ask(QUERY);

    expect(errors).toBeUndefined();
    expect(data.jobInstance.name).toBe(name);
    expect(data.jobInstance.steps[0].hostResults.nodes).toEqual(rows.map(nodeOf));
  });

  it.each([
    ["cut off in a row", (text: string) => text.slice(0, text.indexOf('"bk_host_id":1050'))],
    ["with an extra comma", (text: string) => text.replace("},{", "},,{")],
    ["with a comma before the end of the list", (text: string) => text.replace("}]}", "},]}")],
    ["with a missing comma", (text: string) => text.replace("},{", "}{")],
    [
      "with a number that is not valid in JSON",
      (text: string) => text.replace('"bk_host_id":1050', '"bk_host_id":01050'),
    ],
    ["with a plus sign", (text: string) => text.replace('"bk_host_id":1050', '"bk_host_id":+1050')],
    ["with a control character in a string", (text: string) => replaceLast(text, '"ok"', '"o\nk"')],
    ["with an invalid escape", (text: string) => replaceLast(text, '"ok"', '"o\\k"')],
    ["with something after its end", (text: string) => `${text}}`],
  ])("%s is rejected as invalid JSON", async (_way, corrupt) => {
    script(corrupt(JSON.stringify(body)));

    const { message, extensions } = onlyError(await gateway.ask(QUERY));

    expect(extensions.code).toBe("UPSTREAM_CONTRACT");
    expect(message).toMatch(/^Expected the body to be JSON, got /);
  });

  it("with one invalid row names that row in the error", async () => {
    script(JSON.stringify(body).replace('"bk_host_id":1050', '"bk_host_id":"1050"'));
    const { message } = onlyError(await gateway.ask(QUERY));
    expect(message).toMatch(
      /^Expected data\.step_instance_list\[0\]\.step_\w+_list\[50\]\.(execute_object\.host\.)?bk_host_id to be a 64-bit integer, got "1050"\.$/,
    );
  });
});
