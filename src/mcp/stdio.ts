/**
 * The `mcp` command: an MCP server on stdin and stdout, for agents that start a program. Its tools read jobs from a
 * running gateway. On stdout there are only messages of the protocol.
 */
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { readConnection, shownUrl } from "../watch/options.ts";
import { sanitize } from "../watch/text.ts";
import { cannotWatch, WatchEnded } from "../watch/watch-ended.ts";
import { createRemoteSource } from "./remote-source.ts";
import { createMcpServer } from "./tools.ts";

/** The arguments as commander parses them. */
export interface StdioArguments {
  /** Positional arguments: none, except by mistake. */
  readonly operands: readonly string[];
  readonly url: string;
  readonly header?: readonly string[];
}

/**
 * Serves until the agent closes stdin.
 * @returns the exit code: 0, or 2 for invalid arguments
 */
export async function serveStdio(given: StdioArguments): Promise<number> {
  const { stdin, stdout, stderr, env } = process;
  const report = (error: unknown) =>
    void stderr.write(`${sanitize(error instanceof Error ? error.message : String(error))}\n`);
  try {
    // The message does not contain the arguments: after an unquoted header, one of them is a secret.
    if (given.operands.length > 0) throw cannotWatch(UNQUOTED);
    const gateway = readConnection(given, env);
    const source = createRemoteSource(gateway);
    const { server } = createMcpServer({ source, onInternalError: report });
    const { promise: closed, resolve: onClose } = Promise.withResolvers<void>();
    server.onclose = onClose;
    server.onerror = report;
    const close = () => void server.close();
    stdin.once("end", close);
    // The agent has closed its side.
    stdout.once("error", close);
    await server.connect(new StdioServerTransport());
    if (stdin.isTTY) stderr.write(noticeFor(gateway.url));
    await closed;
    return 0;
  } catch (error) {
    if (!(error instanceof WatchEnded)) throw error;
    report(error);
    return error.exitCode;
  }
}

/** For users who start the command in a terminal, which would show nothing otherwise. */
const noticeFor = (gateway: URL): string =>
  `MCP server on standard input and output, for the gateway at ${shownUrl(gateway)}. An agent starts this command; Ctrl-C ends it.\n`;

const UNQUOTED =
  "Expected only options, got other arguments. Put a header in quotes: --header 'Name: value'.";
