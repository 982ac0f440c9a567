#!/usr/bin/env node
/** The command line: `bk-job-graphql`. */
import "./runtime.ts";

const { Command } = await import("commander");

/** Loaded when it is wanted: help and SDL need none of it. */
const run = async (demo: boolean) => {
  const { serve } = await import("./serve.ts");
  await serve({ environment: process.env, demo });
};

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
    const { readSdl } = await import("./graphql/sdl.ts");
    process.stdout.write(readSdl());
  });

await program.parseAsync();
