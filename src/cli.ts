#!/usr/bin/env node
/** The command line: `bk-job-graphql`. */
import "./runtime.ts";

const { Command } = await import("commander");

/** Loaded when it is wanted: help and SDL need none of it. */
const run = async (demo: boolean) => {
  const { serve } = await import("./serve.ts");
  await serve({ environment: process.env, demo });
};

/** Gathers the values of an option that is given again and again. */
const collect = (value: string, values: readonly string[] = []) => [...values, value];

const program = new Command("bk-job-graphql")
  .description(
    "GraphQL gateway over BlueKing Job's job instance status. Configured by environment variables; see the README.",
  )
  .showHelpAfterError();

program
  .command("serve", { isDefault: true })
  .description("serve the gateway; without JOB_API_URL on the embedded simulator")
  .action(() => run(false));

program
  .command("demo")
  .description("serve the gateway on the embedded simulator, whatever the environment")
  .action(() => run(true));

program
  .command("schema")
  .description("print the SDL")
  .action(async () => {
    const { readSdl } = await import("./graphql/schema.ts");
    process.stdout.write(readSdl());
  });

const WATCH_HELP = `
Credentials, if the gateway wants them, also come from BK_JOB_AUTHORIZATION: a value of X-Bkapi-Authorization.

Exit codes:
  0    the job succeeded
  1    the job failed or was stopped
  2    it could not be watched: wrong arguments, no permission, no such job, no gateway, timeout
  130  ended by Ctrl-C`;

program
  .command("watch")
  .description("show a job live until it ends; the exit code says how it ended")
  .argument("<jobInstanceId>", "id of the job instance")
  .option("--scope <scope>", "where the job ran: biz:1, or biz_set:9991001 (required)")
  .option("--url <url>", "GraphQL endpoint of a running gateway", "http://127.0.0.1:4000/graphql")
  .option("--header <header>", "'Name: value' to send along; can be given again", collect)
  .option("--timeout <duration>", "give up after that long: 90, 90s, 5m, 1h")
  .option("--json", "print one JSON object for each change")
  .addHelpText("after", WATCH_HELP)
  // One line is enough for a script's log; it must also not tell a failed job from a wrong call by one code.
  .showHelpAfterError(false)
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2))
  // Counted by `watch` itself: the library's message would show them, and a header without quotes is among them.
  .allowExcessArguments()
  .action(async (_id, options, { args }) => {
    const { watch } = await import("./watch/watch.ts");
    const exitCode = await watch({ operands: args, ...options });
    // Connections that are kept alive for later would keep the process too.
    process.exit(exitCode);
  });

await program.parseAsync();
