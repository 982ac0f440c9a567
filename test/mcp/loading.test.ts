/** The SDK takes memory and time, so it is loaded only if it is needed. */
import { expect, it, type TestContext } from "vitest";
import { runProgram } from "../process/program.ts";

const PRINT_LOADED = { NODE_OPTIONS: `--import ${new URL("../support/print-loaded.ts", import.meta.url)}` };

async function loadedWith(test: TestContext, environment: Record<string, string>) {
  const program = runProgram(test, "main.js", [], { ...PRINT_LOADED, ...environment });
  await program.url();
  return new Set(program.stderr().match(/(?<=^LOADED ).+$/gm));
}

it("the SDK is loaded only with MCP=on, and without the servers that it could use", async (test) => {
  expect(await loadedWith(test, {})).not.toContain("@modelcontextprotocol/sdk");
  const loaded = await loadedWith(test, { MCP: "on" });
  expect(loaded).toContain("@modelcontextprotocol/sdk");
  for (const unused of ["express", "hono", "@hono/node-server", "jose"]) expect(loaded).not.toContain(unused);
});
