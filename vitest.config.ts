import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Node.js and all libraries load the CommonJS build of graphql 16. With the ES module build beside it, there would be
    // two copies of graphql, and `instanceof` checks between them would fail.
    alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // Vitest leaves one core free by default, which on a machine with two cores means one file at a time.
    maxWorkers: "100%",
    setupFiles: ["test/support/setup.ts"],
    // Set by the entry points of the program, which most tests do not import.
    env: { NODE_ENV: "production" },
    // Time limits only detect hangs. On a busy machine, a test can take 20 times as long as on an idle one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Shorter than the time limit of a test, so that the error names the condition that was not met.
    expect: { poll: { timeout: 100_000, interval: 10 } },
  },
});
