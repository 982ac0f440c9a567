#!/usr/bin/env node
/** Entry point of the command line: `bk-job-graphql`. */
import "./runtime.ts";

const { Command } = await import("commander");
const { readVersion } = await import("./model/version.ts");

/** Imports the server on demand, so that `--help` and `schema` start quickly. */
const startServer = async (demo: boolean) => {
  const { serve } = await import("./serve.ts");
  await serve({ environment: process.env, demo });
};

/** Collects the values of an option that may be repeated. */
const collect = (value: string, values: readonly string[] = []) => [...values, value];

const program = new Command("bk-job-graphql")
  .description(
    "GraphQL gateway over BlueKing Job's job instance status. Configure it with environment variables: see /docs/configuration of a running gateway.",
  )
  .version(readVersion())
  .showHelpAfterError();

const PORT_HELP = `
Listens on port 4000 of this machine. To choose another port, set the environment variable PORT, for example PORT=4001.`;

program
  .command("serve")
  .description(
    "start the gateway, also without a command; if JOB_API_URL is not set, on the embedded simulator",
  )
  .addHelpText("after", PORT_HELP)
  .action(() => startServer(false));

program
  .command("demo")
  .description("start the gateway on the embedded simulator; ignores JOB_API_URL")
  .addHelpText("after", PORT_HELP)
  .action(() => startServer(true));

program
  .command("schema")
  .description("print the SDL")
  .action(async () => {
    const { readSdl } = await import("./graphql/schema.ts");
    process.stdout.write(readSdl());
  });

const CREDENTIALS_HELP = `
For credentials, set the environment variable BK_JOB_AUTHORIZATION to the value of the header X-Bkapi-Authorization.`;

const WATCH_HELP = `${CREDENTIALS_HELP}

Exit codes:
  0    the job succeeded
  1    the job failed or was stopped
  2    the job could not be watched: invalid arguments, no permission, no such job, no gateway, timeout
  130  interrupted with Ctrl-C`;

program
  .command("watch")
  .description("show a job live until it finishes; the exit code indicates whether it succeeded")
  .argument("<jobInstanceId>", "id of the job instance")
  .option("--scope <scope>", "scope of the job, such as biz:1 or biz_set:9991001 (required)")
  .option("--url <url>", "GraphQL endpoint of a running gateway", "http://127.0.0.1:4000/graphql")
  .option("--header <header>", "request header 'Name: value'; may be repeated", collect)
  .option("--timeout <duration>", "stop watching after this time: 90, 90s, 5m, 1h")
  .option("--json", "print one JSON object per change")
  .addHelpText("after", WATCH_HELP)
  // Without the help text, an error is a single line in the log of a script.
  .showHelpAfterError(false)
  // Invalid arguments must not exit with the default code 1, which means that the job failed.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  // `watch` reports excess arguments itself. The library's message would print them, including an unquoted header.
  .allowExcessArguments()
  .action(async (_id, options, { args }) => {
    const { watch } = await import("./watch/watch.ts");
    const exitCode = await watch({ operands: args, ...options });
    // Idle keep-alive connections would keep the process running.
    process.exit(exitCode);
  });

program
  .command("mcp")
  .description(
    "serve AI agents on stdin and stdout: an MCP server with tools that read jobs from a running gateway",
  )
  .option("--url <url>", "GraphQL endpoint of the gateway", "http://127.0.0.1:4000/graphql")
  .option("--header <header>", "request header 'Name: value'; may be repeated", collect)
  .addHelpText("after", CREDENTIALS_HELP)
  .showHelpAfterError(false)
  // `mcp` reports excess arguments itself, as `watch` does.
  .allowExcessArguments()
  .action(async (options, { args }) => {
    const { serveStdio } = await import("./mcp/stdio.ts");
    const exitCode = await serveStdio({ operands: args, ...options });
    // Idle keep-alive connections would keep the process running.
    process.exit(exitCode);
  });

const given = process.argv.slice(2);
// `serve` is not the default command of the library, which would pass it the names of unknown commands as arguments.
const [command = "serve"] = given;
const isKnown = /^-|^help$/.test(command) || program.commands.some((each) => each.name() === command);
// Only the name of an unknown command: the library would print the general help for `--help` after it.
await program.parseAsync(isKnown && given.length > 0 ? given : [command], { from: "user" });
