/** Apollo's hosted Sandbox may use a gateway on the simulator, and no other. */
import { expect, it } from "vitest";
import { runProgram } from "./program.ts";

const SANDBOX = "https://studio.apollographql.com";
const UPSTREAM = { JOB_API_URL: "http://127.0.0.1:9" };

/** The origin whose pages may read the response to a preflight request of the hosted Sandbox. */
async function allowedOriginAt(url: string): Promise<string | null> {
  const { headers } = await fetch(url, {
    method: "OPTIONS",
    headers: {
      origin: SANDBOX,
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type,x-apollo-operation-name",
    },
  });
  return headers.get("access-control-allow-origin");
}

it.concurrent.for<[string, Record<string, string>, string | null]>([
  ["on the simulator", {}, SANDBOX],
  ["on the simulator with other allowed origins", { ALLOWED_ORIGINS: "https://ops.example.com" }, SANDBOX],
  ["on the simulator without pages", { EXPLORER: "false" }, null],
  ["with an upstream", UPSTREAM, null],
  ["with an upstream, if it is an allowed origin", { ...UPSTREAM, ALLOWED_ORIGINS: SANDBOX }, SANDBOX],
])("a gateway %s", async ([, environment, expected], test) => {
  const url = await runProgram(test, "main.js", [], environment).url();
  expect(await allowedOriginAt(url)).toBe(expected);
});
