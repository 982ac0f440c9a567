/** The pages for browsers and their assets. All come from the package. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { isInt64Id } from "../model/int64.ts";
import { SCOPE_TYPES } from "../model/status.ts";
import { chooseEncoding } from "./compression.ts";
import { acceptsHtml } from "./content-type.ts";
import { handleNotFound } from "./error-responses.ts";
import type { PageFiles } from "./page-files.ts";
import { pageHeaders } from "./page-headers.ts";
import { ASSET_PATH, DOC_PATH, DOCS_PATH, EXPLORER_PATH, JOB_PAGE_PATH, START_PATH } from "./paths.ts";
import {
  describeGateway,
  type GatewayDescription,
  type GatewayFacts,
  renderStartPage,
} from "./start-page.ts";
import { MAX_SOCKET_BUFFER_BYTES, sendLarge } from "./streamed-response.ts";

interface PageRoutesOptions {
  readonly files: PageFiles;
  /** What the start page says. Null: there are neither start page nor explorers. */
  readonly explorer: GatewayFacts | null;
  /** Whether there is a page for each job. */
  readonly jobPage: boolean;
}

const WITH_HEAD = { exposeHeadRoute: true };

const DEFAULT_HEADERS = pageHeaders();

/**
 * The editors of the explorer (Monaco) position lines by `style` attributes and add `style` elements, and have no option
 * for a nonce. The style sheet of GraphiQL contains its fonts. Scripts stay restricted to those of the package.
 */
const EXPLORER_HEADERS = pageHeaders({
  "style-src": "'self' 'unsafe-inline'",
  "font-src": "'self' data:",
});

/** Assets never change: their names contain a hash of their content. */
const ASSET_HEADERS = {
  "cache-control": "public, max-age=31536000, immutable",
  "cross-origin-resource-policy": "same-origin",
};

/** A Fastify plugin. */
export async function pageRoutes(app: FastifyInstance, { files, explorer, jobPage }: PageRoutesOptions) {
  app.get<{ Params: { name: string } }>(ASSET_PATH, WITH_HEAD, (request, reply) =>
    sendAsset(request, reply, files),
  );
  if (jobPage) {
    app.get<{ Params: JobParams }>(JOB_PAGE_PATH, WITH_HEAD, (request, reply) =>
      // The page itself says what is wrong with its path.
      sendPage(request, reply.code(isJob(request.params) ? 200 : 404), files, "job", DEFAULT_HEADERS),
    );
  }
  if (explorer) addExplorerRoutes(app, files, describeGateway(explorer));
}

interface JobParams {
  readonly scopeType: string;
  readonly scopeId: string;
  readonly jobInstanceId: string;
}

const isJob = ({ scopeType, scopeId, jobInstanceId }: JobParams): boolean =>
  SCOPE_TYPES.has(scopeType) && isInt64Id(scopeId) && isInt64Id(jobInstanceId);

function addExplorerRoutes(app: FastifyInstance, files: PageFiles, description: GatewayDescription): void {
  app.get(START_PATH, WITH_HEAD, async (request, reply) => {
    reply.header("vary", "accept");
    if (!acceptsHtml(request.headers.accept)) return description;
    const page = await files.page("start");
    if (!page) return handleNotFound(request, reply);
    return reply.headers(DEFAULT_HEADERS).type(HTML).send(renderStartPage(page.html, description));
  });
  app.get(EXPLORER_PATH, WITH_HEAD, (request, reply) =>
    sendPage(request, reply, files, "explorer", EXPLORER_HEADERS),
  );
  app.get(DOCS_PATH, WITH_HEAD, (request, reply) =>
    sendPage(request, reply, files, "docs/index", DEFAULT_HEADERS),
  );
  app.get<{ Params: { name: string } }>(DOC_PATH, WITH_HEAD, (request, reply) =>
    sendPage(request, reply, files, `docs/${request.params.name}`, DEFAULT_HEADERS),
  );
}

const HTML = "text/html; charset=utf-8";

/** Sends a page. Browsers ask each time whether it has changed. */
export async function sendPage(
  request: FastifyRequest,
  reply: FastifyReply,
  files: PageFiles,
  name: string,
  securityHeaders: Readonly<Record<string, string>>,
): Promise<FastifyReply> {
  const { url, headers } = request;
  const [path = "", search] = url.split("?", 2);
  // Relative URLs in the page would refer to another folder.
  if (path.endsWith("/")) {
    const last = path.slice(0, -1).split("/").at(-1);
    return reply.redirect(`../${last}${search === undefined ? "" : `?${search}`}`, 308);
  }
  const page = await files.page(name);
  if (!page) return handleNotFound(request, reply);
  const { html, etag } = page;
  reply.headers(securityHeaders).headers({ "cache-control": "no-cache", etag });
  if (headers["if-none-match"] === etag) return reply.code(304).send();
  return reply.type(HTML).send(html);
}

async function sendAsset(
  request: FastifyRequest<{ Params: { name: string } }>,
  reply: FastifyReply,
  files: PageFiles,
): Promise<FastifyReply> {
  const asset = files.asset(request.params.name);
  if (!asset) return handleNotFound(request, reply);
  const { contentType, encodings, read } = asset;
  // The package contains compressed copies only of files that are worth it, whatever their size.
  const size = Number.POSITIVE_INFINITY;
  const encoding = encodings.length > 0 ? chooseEncoding({ encodings }, request, reply, size) : null;
  const body = await read(encoding);
  reply.headers(ASSET_HEADERS).type(contentType);
  if (encoding) reply.header("content-encoding", encoding);
  // Fastify removes the body from the response to HEAD.
  if (body.length <= MAX_SOCKET_BUFFER_BYTES || request.method === "HEAD") return reply.send(body);
  await sendLarge(reply, 200, contentType, body);
  return reply;
}
