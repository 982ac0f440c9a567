/** One valid call of the endpoint, as jobs and faults see it. */
import type { IncomingHttpHeaders } from "node:http";
import type { Answer } from "./answer.ts";
import type { Dialect } from "./render.ts";

/** A request to the endpoint, as received. Of a repeated query parameter, the first. */
export interface SimulatedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingHttpHeaders;
  /** When it arrived, by the simulator's clock, in ms since the epoch. */
  readonly at: number;
}

/** Language of messages: `Blueking-Language`, else Chinese. */
export type Language = "zh-cn" | "en";

/** A text in both languages. */
export type Text = Readonly<Record<Language, string>>;

/** A request that passed the API Gateway and the validation of parameters. */
export interface Call {
  readonly request: SimulatedRequest;
  readonly dialect: Dialect;
  readonly language: Language;
  /** In decimal digits, without leading zeros. */
  readonly jobInstanceId: string;
  /** Whether the flag of this dialect asks for host lists. */
  readonly wantsRows: boolean;
  /** bk-job's id of this request: body `job_request_id` and header `X-Bk-Job-Request-Id`. */
  readonly jobRequestId: string;
}

/** Answers calls for one job instance. May have a state of its own. */
export type Responder = (call: Call) => Answer;

/** What a responder is made with. */
export interface ResponderOptions {
  /** How long the progressing job takes. */
  readonly runDurationMs: number;
}

/** A job id that the simulator knows. `create` is called once per simulator, so that state is never shared. */
export interface JobEntry {
  readonly id: string;
  /** `bk_scope_type:bk_scope_id` under which it can be asked for. */
  readonly scope: string;
  /** What it is good for, in a few words. */
  readonly title: string;
  create(options: ResponderOptions): Responder;
}
