/** Names and phases of all documented codes, and unknown codes. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type DocumentedCode,
  HOST_STATUS_CODES,
  RUN_STATUS_CODES,
  SCOPE_TYPE_CODES,
  STEP_TYPE_CODES,
} from "../data/documented-codes.ts";
import { jobQuery, onJob, readJob } from "../support/ask.ts";
import { startGateway, type TestGateway } from "../support/gateway.ts";
import { hostRow, scriptJob, stepRow } from "../support/job-payload.ts";
import { enumValues } from "./sdl.ts";

const UNKNOWN_RUN_CODES = [-1, 0, 12, 16, 99, 2_147_483_647];
const UNKNOWN_HOST_CODES = [-1, 4, 14, 405, 777, 2_147_483_647];
const UNKNOWN_STEP_TYPES = [-1, 0, 5, 2_147_483_647];
const UNKNOWN_SCOPE_TYPES = ["tenant_set", "BIZ", ""];

const codesOf = (table: readonly DocumentedCode[]): number[] => table.map(([code]) => code);

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.close());

/** Results of the gateway for each entry: `fields` of the `steps` of one job. */
async function readSteps(entries: readonly object[], fields: string) {
  scriptJob(gateway.simulator, "1", {
    steps: entries.map((entry, index) => stepRow({ step_instance_id: index + 1, ...entry })),
  });
  const { data } = await gateway.ask(jobQuery("1", onJob(`steps { ${fields} }`)));
  return data.jobInstance.steps;
}

const readRunStatuses = (codes: readonly number[]) =>
  readSteps(
    codes.map((status) => ({ status })),
    "status statusCode phase",
  );

async function readHostStatuses(codes: readonly number[]) {
  const rows = codes.map((status, index) => hostRow(index + 1, { status }));
  const [only] = await readSteps(
    [{ step_ip_result_list: rows }],
    "hostResults { nodes { status statusCode phase } }",
  );
  return only.hostResults.nodes;
}

/** Names of an enum's values by the code and label at the start of their descriptions. */
const namesByLabel = (enumName: string) =>
  new Map(enumValues(enumName).map(({ name, description }) => [description?.split(":")[0], name]));

/** The phase whose description in `RunPhase` lists a code, as in "job and step statuses 1 and 15; host status 5". */
const listedPhase = (kind: "job and step" | "host", code: number): string | undefined =>
  enumValues("RunPhase").find(({ description }) => {
    const [, list = ""] = new RegExp(`${kind} status(?:es)? (\\d[\\d, and]*)`).exec(description ?? "") ?? [];
    return (list.match(/\d+/g) ?? []).map(Number).includes(code);
  })?.name;

describe.each([
  {
    name: "RunStatus",
    table: RUN_STATUS_CODES,
    unknown: UNKNOWN_RUN_CODES,
    read: readRunStatuses,
    phaseOf: (code: number) => listedPhase("job and step", code),
  },
  {
    name: "HostStatus",
    table: HOST_STATUS_CODES,
    unknown: UNKNOWN_HOST_CODES,
    read: readHostStatuses,
    // "all other documented host statuses except 403", says the description of FAILED.
    phaseOf: (code: number) => listedPhase("host", code) ?? "FAILED",
  },
])("$name", ({ name, table, unknown, read, phaseOf }) => {
  it("has a unique name for every documented code", async () => {
    const names = namesByLabel(name);

    expect(await read(codesOf(table))).toEqual(
      table.map(([code, label]) => ({
        status: names.get(`${code} ${label}`),
        statusCode: code,
        phase: expect.any(String),
      })),
    );
    expect(names.size).toBe(table.length + 1);
  });

  it("assigns every documented code to the phase in the SDL", async () => {
    const answers: { statusCode: number; phase: string }[] = await read(codesOf(table));

    expect(answers.map(({ statusCode, phase }) => [statusCode, phase])).toEqual(
      codesOf(table).map((code) => [code, phaseOf(code)]),
    );
  });

  it("has no value without a documented code except UNRECOGNIZED", () => {
    const labels = new Set(table.map(([code, label]) => `${code} ${label}`));
    const others = [...namesByLabel(name)].filter(([label]) => !labels.has(label ?? ""));

    expect(others.map(([, value]) => value)).toEqual(["UNRECOGNIZED"]);
  });

  it("returns the number of an undocumented code", async () => {
    expect(await read(unknown)).toEqual(
      unknown.map((statusCode) => ({ status: "UNRECOGNIZED", statusCode, phase: "UNKNOWN" })),
    );
  });
});

it.each([...codesOf(RUN_STATUS_CODES), ...UNKNOWN_RUN_CODES])(
  "has the same status and phase for jobs and steps with code %i",
  async (status) => {
    const [ofStep] = await readRunStatuses([status]);
    scriptJob(gateway.simulator, "2", { fields: { status } });

    expect(await readJob(gateway, "2", "status statusCode phase")).toEqual(ofStep);
  },
);

describe("StepType", () => {
  it("has a unique name for every documented code, and otherwise only UNRECOGNIZED", async () => {
    const names = namesByLabel("StepType");
    const entries = STEP_TYPE_CODES.map(([type]) => ({ type }));

    expect(await readSteps(entries, "type typeCode")).toEqual(
      STEP_TYPE_CODES.map(([typeCode, label]) => ({ type: names.get(`${typeCode} ${label}`), typeCode })),
    );
    expect([...names.values()].slice(STEP_TYPE_CODES.length)).toEqual(["UNRECOGNIZED"]);
  });

  it("returns the number of an undocumented type", async () => {
    const entries = UNKNOWN_STEP_TYPES.map((type) => ({ type }));

    expect(await readSteps(entries, "type typeCode")).toEqual(
      UNKNOWN_STEP_TYPES.map((typeCode) => ({ type: "UNRECOGNIZED", typeCode })),
    );
  });
});

describe("ScopeType", () => {
  const readScope = async (typeRaw: string) => {
    scriptJob(gateway.simulator, "3", { fields: { bk_scope_type: typeRaw } });
    return (await readJob(gateway, "3", "scope { type typeRaw }")).scope;
  };

  it.each(SCOPE_TYPE_CODES)("has a unique name for %s (%s)", async (typeRaw) => {
    const name = enumValues("ScopeType").find(({ description }) => description?.includes(`\`${typeRaw}\``));

    expect(await readScope(typeRaw)).toEqual({ type: name?.name, typeRaw });
  });

  it("has no other value except UNRECOGNIZED", () => {
    expect(enumValues("ScopeType").map(({ name }) => name)).toEqual(["BIZ", "BIZ_SET", "UNRECOGNIZED"]);
  });

  it.each(UNKNOWN_SCOPE_TYPES)("returns the string of an undocumented type: %j", async (typeRaw) => {
    expect(await readScope(typeRaw)).toEqual({ type: "UNRECOGNIZED", typeRaw });
  });
});
