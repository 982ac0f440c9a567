import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Node.js loads the CommonJS build of graphql 16, and so do libraries; a second copy would not know its types.
    alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }],
  },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/setup.ts"],
    // What the program sets for itself, for tests that start beyond its entry points.
    env: { NODE_ENV: "production" },
    // Time limits are for hangs only. On a busy machine a test can take 20 times as long as on a quiet one.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // Shorter than a test's own limit, so that a failure says which condition was not met.
    expect: { poll: { timeout: 100_000, interval: 10 } },
  },
});
