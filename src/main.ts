/** Entry point of the server: `node dist/main.js`. It has no arguments: `cli.ts` is the command line. */
import "./runtime.ts";

if (process.argv.length > 2) {
  process.stderr.write("Expected no arguments. For `--help`, `--version` and commands, run dist/cli.js.\n");
  process.exit(1);
}

const { serve } = await import("./serve.ts");
await serve({ environment: process.env, demo: false });
