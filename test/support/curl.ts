/** A replacement for curl that supports a URL, `-s`, `-N`, `-H` and `-d`. */
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    silent: { type: "boolean", short: "s" },
    "no-buffer": { type: "boolean", short: "N" },
    header: { type: "string", short: "H", multiple: true, default: [] },
    data: { type: "string", short: "d" },
  },
});
const [url] = positionals;
if (url === undefined || positionals.length > 1) throw new Error(`Expected one URL, got ${positionals}.`);

const headers = values.header.map((line) => {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trim()] as [string, string];
});
const body = values.data ?? null;
const response = await fetch(url, { method: body === null ? "GET" : "POST", headers, body });
process.stdout.write(await response.text());
