/** The headers of a request: those of the application, and the client's own. */
import { JobClientError } from "./job-client-error.ts";

type OwnHeaders = Readonly<Record<string, string>> | Headers;

/** Headers as an object or an instance of `Headers`, or a function that returns them, called before every request. */
export type HeadersSource = OwnHeaders | (() => OwnHeaders | Promise<OwnHeaders>);

/** What HTTP allows in a value. `Headers` also takes control characters, which `fetch` of Node.js cannot send. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * Returns an object, because it can be spread in a `fetch` of the application. Those of the client replace others of the same
 * name, whatever its case.
 * @throws JobClientError `INVALID_HEADERS`. It does not contain the value, which may be a secret, as the error of `fetch` would.
 */
export function headersOf(own: OwnHeaders, accept: string): Readonly<Record<string, string>> {
  const headers = new Headers();
  for (const [name, value] of isIterable(own) ? own : Object.entries(own ?? {})) {
    try {
      headers.set(name, value);
    } catch {
      throw invalidHeaders(name);
    }
    if (!VALUE.test(headers.get(name) ?? "")) throw invalidHeaders(name);
  }
  headers.set("accept", accept);
  headers.set("content-type", "application/json");
  return Object.fromEntries(headers);
}

/** Not all instances of `Headers` are of the global class. */
const isIterable = (own: OwnHeaders): own is Headers => Symbol.iterator in (own ?? {});

function invalidHeaders(name: string): JobClientError {
  const place = /^[\w-]+$/.test(name) ? `the value of "${name}"` : "the name of a header";
  return new JobClientError(
    `Expected valid HTTP headers, got invalid characters in ${place}. Write other characters than ASCII as \\u escapes in JSON.`,
    { code: "INVALID_HEADERS" },
  );
}
