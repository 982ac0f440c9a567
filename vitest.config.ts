import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    // Node.js loads the CommonJS build of graphql 16, and so do libraries; a second copy would not know its types.
    alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }],
  },
  test: {
    include: ["test/**/*.test.ts"],
    // What the program sets for itself, for tests that start beyond its entry points.
    env: { NODE_ENV: "production" },
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
});
