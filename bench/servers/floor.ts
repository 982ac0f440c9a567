/**
 * The floor: the upstream's body through JSON.parse and JSON.stringify, and no GraphQL at all. Takes the same POST
 * as the others, of which it reads `variables` only: `{"variables": {"jobInstanceId", "hosts"}}`.
 */
import { createServer, type IncomingMessage } from "node:http";
import { settings } from "./listen.ts";
import { createUpstream } from "./upstream.ts";

const jobsOf = createUpstream(settings.upstreamUrl);

async function readText(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request.setEncoding("utf8")) text += chunk;
  return text;
}

async function answer(request: IncomingMessage): Promise<string> {
  const { variables } = JSON.parse(await readText(request));
  const jobs = jobsOf(request.headers["x-bkapi-authorization"]);
  return JSON.stringify(await jobs.read(variables.jobInstanceId, variables.hosts === true));
}

createServer((request, response) => {
  answer(request).then(
    (text) => {
      response.writeHead(200, {
        "content-type": "application/json; charset=utf-8",
        "content-length": Buffer.byteLength(text),
      });
      response.end(text);
    },
    (error: unknown) => response.writeHead(500).end(String(error)),
  );
}).listen(settings.port, "127.0.0.1");
