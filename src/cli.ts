#!/usr/bin/env node
/** The command line: `bk-job-graphql`. */
import "./runtime.ts";

const [{ Command }, { readSdl }, { serve }] = await Promise.all([
  import("commander"),
  import("./graphql/sdl.ts"),
  import("./serve.ts"),
]);

const program = new Command("bk-job-graphql")
  .description(
    "GraphQL gateway over BlueKing Job's job instance status. Configured by environment variables; see the README.",
  )
  .showHelpAfterError();

program
  .command("serve", { isDefault: true })
  .description("serve the gateway; without JOB_API_URL on the embedded simulator")
  .action(() => serve({ environment: process.env, demo: false }));

program
  .command("demo")
  .description("serve the gateway on the embedded simulator, whatever the environment")
  .action(() => serve({ environment: process.env, demo: true }));

program
  .command("schema")
  .description("print the SDL")
  .action(() => void process.stdout.write(readSdl()));

await program.parseAsync();
