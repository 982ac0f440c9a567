/** The faults of the upstream, and its weather: which of them occur, and how often. */
import { apiGatewayError } from "../../src/simulator/envelopes.ts";
import type { SimulatedResponse } from "../../src/simulator/response.ts";
import type { Choices } from "./choices.ts";

interface FaultContext {
  readonly callId: string;
  /** The credentials of the caller, which a careless server repeats in its error message. */
  readonly authorization: string;
  /** The response without the fault. */
  readonly body: string;
}

interface Fault {
  /** The code of the error that the caller gets. */
  readonly code: string;
  readonly respond: (context: FaultContext) => SimulatedResponse;
}

const JSON_TYPE = { "content-type": "application/json" };
const HTML = "<html><body><h1>Bad Gateway</h1></body></html>";

const page = (status: number, headers = {}): SimulatedResponse => ({
  kind: "raw",
  status,
  headers: { "content-type": "text/html", ...headers },
  body: HTML,
});

const json = (status: number, body: string, headers = {}): SimulatedResponse => ({
  kind: "raw",
  status,
  headers: { ...JSON_TYPE, ...headers },
  body,
});

const unavailable = (respond: Fault["respond"]): Fault => ({ code: "UPSTREAM_UNAVAILABLE", respond });
const contract = (respond: Fault["respond"]): Fault => ({ code: "UPSTREAM_CONTRACT", respond });

const FAULTS = {
  http500: {
    code: "UPSTREAM_ERROR",
    respond: ({ callId, authorization }) =>
      json(
        500,
        JSON.stringify({
          error: { code: "INTERNAL", message: `Failed for ${authorization}` },
          job_request_id: callId,
        }),
      ),
  },
  http502: unavailable(() => page(502)),
  http503: unavailable(() => page(503)),
  http503RetryAfter: unavailable(() => page(503, { "retry-after": "1" })),
  http504: unavailable(() => page(504)),
  rateLimited: {
    code: "RATE_LIMITED",
    respond: () =>
      apiGatewayError({
        status: 429,
        code: 1_642_901,
        codeName: "RATE_LIMIT_RESTRICTION",
        message: "Request rate limit exceeded",
        headers: { "retry-after": "1" },
      }),
  },
  unauthorized: {
    code: "UNAUTHENTICATED",
    respond: ({ authorization }) =>
      apiGatewayError({
        status: 401,
        code: 1_640_101,
        codeName: "UNAUTHORIZED",
        message: `Invalid credentials ${authorization}`,
      }),
  },
  forbidden: {
    code: "FORBIDDEN",
    respond: () =>
      apiGatewayError({
        status: 403,
        code: 1_640_301,
        codeName: "APP_NO_PERMISSION",
        message: "App has no permission to the resource",
      }),
  },
  hang: { code: "UPSTREAM_TIMEOUT", respond: () => ({ kind: "hang" }) },
  reset: unavailable(() => ({ kind: "reset" })),
  truncated: unavailable(({ body }) => ({ kind: "truncated", status: 200, headers: JSON_TYPE, body })),
  htmlPage: contract(() => page(200)),
  garbage: contract(({ body }) => json(200, `${body.slice(0, body.length / 2)}#${body.slice(-10)}`)),
  wrongShape: contract(({ body }) => json(200, body.replace('"step_instance_list":', '"steps":'))),
  notServed: { code: "UPSTREAM_ERROR", respond: () => page(404) },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

const FAULT_NAMES = Object.keys(FAULTS) as readonly FaultName[];

export const isFault = (outcome: string): outcome is FaultName => outcome in FAULTS;

export const codeOfFault = (name: FaultName): string => FAULTS[name].code;

/** The response with the fault. All have the id of the call in a header. */
export function respondWithFault(name: FaultName, context: FaultContext): SimulatedResponse {
  // The table has one type per entry.
  const { respond }: Fault = FAULTS[name];
  const response = respond(context);
  if (!("status" in response)) return response;
  return { ...response, headers: { ...response.headers, "x-bkapi-request-id": context.callId } };
}

interface Weather {
  /** Share of calls with a fault, from 0 to 1. */
  readonly share: number;
  readonly faults: readonly FaultName[];
  /** Upper limit of the random delay of a response, in milliseconds. */
  readonly delayMs: number;
  /** Share of the other responses that arrive in small pieces. */
  readonly slowBodies: number;
}

const WEATHERS = {
  calm: { share: 0, faults: FAULT_NAMES, delayMs: 0, slowBodies: 0 },
  fine: { share: 0.03, faults: FAULT_NAMES, delayMs: 100, slowBodies: 0.02 },
  stormy: { share: 0.35, faults: FAULT_NAMES, delayMs: 150, slowBodies: 0.1 },
  outage: { share: 1, faults: ["http502", "http503", "http504", "reset"], delayMs: 5, slowBodies: 0 },
  hanging: { share: 0.3, faults: ["hang"], delayMs: 400, slowBodies: 0.3 },
  rejecting: { share: 0.3, faults: ["unauthorized", "forbidden", "rateLimited"], delayMs: 10, slowBodies: 0 },
  garbled: {
    share: 0.5,
    faults: ["truncated", "htmlPage", "garbage", "wrongShape", "notServed", "http500"],
    delayMs: 10,
    slowBodies: 0.1,
  },
} as const satisfies Record<string, Weather>;

export type WeatherName = keyof typeof WEATHERS;

export const CHANGES: Readonly<Record<Exclude<WeatherName, "calm">, number>> = {
  fine: 4,
  stormy: 3,
  outage: 3,
  hanging: 1,
  rejecting: 1,
  garbled: 2,
};

export interface Sky {
  readonly change: (weather: WeatherName) => void;
  /** What happens to the next call. */
  readonly draw: () => {
    readonly fault: FaultName | null;
    readonly delayMs: number;
    readonly isSlow: boolean;
  };
}

export function createSky(choices: Choices): Sky {
  let weather: Weather = WEATHERS.calm;
  return {
    change: (name) => {
      weather = WEATHERS[name];
    },
    draw: () => {
      const { share, faults, delayMs, slowBodies } = weather;
      return {
        fault: choices.chance(share) ? choices.pick(faults) : null,
        delayMs: choices.between(0, delayMs),
        isSlow: choices.chance(slowBodies),
      };
    },
  };
}
