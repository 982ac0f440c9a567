/**
 * The arguments and results of the tools, as agents see them: names of statuses instead of codes, and lists that are
 * short enough for a model.
 */
import { z } from "zod";

/** Maximum number of steps in a result. */
export const MAX_STEPS = 50;
/** Maximum number of steps with failed hosts in a result. */
export const MAX_FAILED_STEPS = 10;
/** Maximum number of groups of failed hosts per step in a result. */
export const MAX_GROUPS = 20;
/** Maximum number of failed hosts per step in a result. */
const MAX_HOSTS = 100;

/** Shorter than the 60 seconds after which many clients give up a tool call. */
const DEFAULT_TIMEOUT_S = 50;
const MAX_TIMEOUT_S = 600;

/** Models write ids as numbers, too. Numbers beyond 2^53 have lost digits before they arrive here. */
const numberToText = (value: unknown): unknown =>
  typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;

const decimalId = (description: string, example: string) => {
  const error = `Expected a decimal ID as a string, such as "${example}"`;
  return z
    .preprocess(numberToText, z.string({ error }).regex(/^\d{1,19}$/, { error }))
    .describe(`${description}, such as "${example}".`);
};

const wholeNumber = (min: number, max: number) => {
  const error = `Expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};

const REF = {
  jobInstanceId: decimalId("ID of the job instance in BlueKing Job", "20000000002"),
  scopeId: decimalId("ID of the business or business set in CMDB that the job belongs to", "1"),
  scopeType: z
    .enum(["BIZ", "BIZ_SET"], { error: "Expected BIZ or BIZ_SET" })
    .default("BIZ")
    .describe("BIZ if scopeId is the ID of a business, BIZ_SET if it is that of a business set."),
};

/** Other arguments are errors, so that a misspelled one is not ignored. The message does not repeat them: they can be long. */
const args = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === "unrecognized_keys" ? `Expected no arguments but ${Object.keys(shape).join(", ")}` : undefined,
  });

export const STATUS_ARGUMENTS = args({
  ...REF,
  stepsAfter: decimalId(
    "`nextStepsAfter` of the previous result, to get the following steps",
    "20000010021",
  ).optional(),
});

export const FAILED_HOSTS_ARGUMENTS = args({
  ...REF,
  stepInstanceId: decimalId("Only the failed hosts of this step", "20000010021").optional(),
  first: wholeNumber(1, MAX_HOSTS).default(20).describe("Maximum number of hosts per step."),
  after: z
    .string({ error: "Expected `nextCursor` of the previous result" })
    .max(1_000, { error: "Expected `nextCursor` of the previous result" })
    .optional()
    .describe("`nextCursor` of the previous result, to get the following hosts. Requires stepInstanceId."),
});

export const WAIT_ARGUMENTS = args({
  ...REF,
  timeoutSeconds: wholeNumber(1, MAX_TIMEOUT_S)
    .default(DEFAULT_TIMEOUT_S)
    .describe("How long to wait. Your client may give up earlier: many do after 60 seconds."),
});

/** Strings rather than enums, because a newer gateway may have more values. */
const STATUS = {
  status: z.string().describe("Status, such as RUNNING, SUCCEEDED, FAILED or SCRIPT_NON_ZERO_EXIT."),
  statusCode: z.int().optional().describe("The upstream's status code. Only if status is UNRECOGNIZED."),
};

const PHASE = z
  .string()
  .describe("Coarse state: PENDING, RUNNING, WAITING_USER, SUCCEEDED, FAILED, STOPPED or UNKNOWN.");

const TIME = z.string().nullable();

const STEP = z.object({
  stepInstanceId: z.string(),
  name: z.string(),
  type: z.string().describe("SCRIPT, FILE, MANUAL_CONFIRM or SQL."),
  ...STATUS,
  phase: PHASE,
  retryCount: z.int(),
  startedAt: TIME,
  finishedAt: TIME,
  elapsedMs: z.int().nullable(),
  hosts: z
    .object({
      total: z.int(),
      pending: z.int(),
      running: z.int(),
      succeeded: z.int(),
      failed: z.int(),
      stopped: z.int(),
      unknown: z.int(),
    })
    .optional()
    .describe("Counts of host results. Only in the result of get_job_status."),
});

export const STATUS_RESULT = z.object({
  jobInstanceId: z.string(),
  scopeType: z.string(),
  scopeId: z.string(),
  name: z.string(),
  ...STATUS,
  phase: PHASE,
  isFinished: z.boolean(),
  createdAt: z.string(),
  startedAt: TIME,
  finishedAt: TIME,
  elapsedMs: z.int().nullable(),
  observedAt: z.string().describe("When the gateway read this state from BlueKing Job."),
  steps: z.array(STEP).describe(`At most ${MAX_STEPS} steps, in execution order.`),
  moreSteps: z.int().describe("Number of following steps that are not in this result."),
  nextStepsAfter: z.string().nullable().describe("`stepsAfter` for the following steps of get_job_status."),
});

const FAILED_HOST = z.object({
  host: z.string().describe("IP address of the host, or name of the container."),
  hostId: z.string().optional().describe("ID of the host in CMDB."),
  cloudId: z.string().optional().describe("ID of the BK-Net area of the address."),
  isAgentAlive: z.boolean().optional(),
  ...STATUS,
  exitCode: z.int().optional(),
  tag: z.string().optional().describe("Text that the script passed to job_success or job_fail."),
});

const FAILED_STEP = z.object({
  stepInstanceId: z.string(),
  name: z.string(),
  type: z.string(),
  ...STATUS,
  phase: PHASE,
  failedHosts: z.int().describe("Number of failed host results of the step."),
  groups: z
    .array(z.object({ ...STATUS, exitCode: z.int().optional(), tag: z.string().optional(), count: z.int() }))
    .describe(`Failed hosts by status, tag and exit code: the ${MAX_GROUPS} largest groups.`),
  moreGroups: z.int().describe("Number of groups that are not in this result."),
  hosts: z.array(FAILED_HOST),
  nextCursor: z
    .string()
    .nullable()
    .describe("`after`, together with stepInstanceId, for the following hosts. Null if there are none."),
});

export const FAILED_HOSTS_RESULT = z.object({
  jobInstanceId: z.string(),
  name: z.string(),
  ...STATUS,
  phase: PHASE,
  isFinished: z.boolean(),
  observedAt: z.string().describe("When the gateway read this state from BlueKing Job."),
  steps: z.array(FAILED_STEP).describe(`At most ${MAX_FAILED_STEPS} steps with failed hosts.`),
  moreSteps: z.int().describe("Number of steps with failed hosts that are not in this result."),
});

export type StatusResult = z.infer<typeof STATUS_RESULT>;
export type FailedHostsResult = z.infer<typeof FAILED_HOSTS_RESULT>;
export type FailedStep = z.infer<typeof FAILED_STEP>;
