/** A valid call of the endpoint, and the jobs that respond to it. */
import type { IncomingHttpHeaders } from "node:http";
import type { Dialect } from "./render.ts";
import type { SimulatedResponse } from "./response.ts";

/** A request as received. If a query parameter is repeated, its first value. */
export interface SimulatedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** Time of arrival on the simulator's clock, in milliseconds since the epoch. */
  readonly at: number;
}

/** Language of messages: from the header `Blueking-Language`, by default Chinese. */
export type Language = "zh-cn" | "en";

/** A message in both languages. */
export type LocalizedMessage = Readonly<Record<Language, string>>;

/** A request with valid credentials and parameters. */
export interface Call {
  readonly request: SimulatedRequest;
  readonly dialect: Dialect;
  readonly language: Language;
  /** Decimal, without leading zeros. */
  readonly jobInstanceId: string;
  /** Whether the query parameter of this dialect requests host results. */
  readonly wantsRows: boolean;
  /** bk-job's request id: `job_request_id` in the body and the header `X-Bk-Job-Request-Id`. */
  readonly jobRequestId: string;
}

/** Responds to calls for one job instance. It can be stateful. */
export type Responder = (call: Call) => SimulatedResponse;

export interface ResponderOptions {
  /** Duration of one run of the progressing job. */
  readonly runDurationMs: number;
}

/** A job of the simulator. `create` is called once per simulator, so simulators share no state. */
export interface JobEntry {
  readonly id: string;
  /** The scope that the job belongs to: `bk_scope_type:bk_scope_id`. */
  readonly scope: string;
  /** Short description. `docs/simulator.md` lists it. */
  readonly title: string;
  create(options: ResponderOptions): Responder;
}

/** An error job: a job id in scope `biz:1` whose calls all get the same failing response. */
export const errorJob = (
  id: number,
  title: string,
  respond: (call: Call) => SimulatedResponse,
): JobEntry => ({
  id: String(id),
  scope: "biz:1",
  title,
  create: () => respond,
});
