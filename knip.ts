/** Dead code and unused dependencies. The code blocks of the pages use dependencies, too: test/docs/ compiles them. */
import type { KnipConfig } from "knip";

/** The packages that the TypeScript of a page imports. */
const importsOf = (page: string): string =>
  [...page.matchAll(/^```tsx?\n[\s\S]*?^```$/gm)]
    .flatMap(([block]) => [...block.matchAll(/^import [^;]*?from "([^."][^"]*)";$/gm)])
    .map(([, name]) => `import "${name}";`)
    .filter((line) => !line.includes("bk-job-graphql/"))
    .join("\n");

const config: KnipConfig = {
  entry: [
    "src/main.ts",
    "src/cli.ts",
    "src/client/index.ts",
    "src/pages/*/main.{ts,tsx}",
    "src/pages/explorer/workers/*.ts",
    "test/**/*.test.ts",
    "test/chaos/collect-garbage.ts",
    "test/package/consumer/*.ts",
    "examples/*/main.ts",
    "examples/react-apollo/src/main.tsx",
    "examples/react-apollo/vite.config.ts",
    "test/support/curl.ts",
    "test/support/print-loaded.ts",
    "test/support/program-clock.ts",
    "{README,docs/*}.md",
  ],
  project: [
    "src/**/*.{ts,tsx}",
    "test/**/*.ts",
    "build/*.ts",
    "examples/**/*.{ts,tsx}",
    "{README,docs/*}.md",
  ],
  compilers: { md: importsOf },
  ignoreBinaries: ["systemd-analyze"],
};

export default config;
