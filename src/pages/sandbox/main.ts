/**
 * The page at the endpoint: Apollo Sandbox, which Apollo serves. If the browser does not reach Apollo's servers, the page says
 * where the explorer of the gateway is.
 */
import { EXAMPLE_OPERATIONS } from "../../model/example-operations.ts";
import { readPageFacts } from "../common/facts.ts";
import { GRAPHQL_URL, WEB_SOCKET_URL } from "../common/gateway-url.ts";
import "../common/theme.css";
import "./sandbox.css";

const SCRIPT = "https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js";

/** A firewall can drop packets, so that the script neither loads nor fails for minutes. */
const MAX_WAIT_MS = 5_000;

/** What Apollo's script defines. */
declare global {
  var EmbeddedSandbox: (new (options: object) => unknown) | undefined;
}

const TRUSTED_ONLY_NOTICE = `# This gateway runs only trusted documents (TRUSTED_DOCUMENTS_ONLY).
# It rejects all others with UNTRUSTED_DOCUMENT, including introspection by this page.

`;

/** One document with all examples: Sandbox runs the operation whose button is clicked. */
const DOCUMENT = EXAMPLE_OPERATIONS.map(({ description, text }) => `# ${description}\n${text}\n`).join("\n");

const elementOf = (id: string): HTMLElement => {
  const element = document.getElementById(id);
  if (!element) throw new Error(`Expected the page to have an element #${id}.`);
  return element;
};

type State = "loading" | "loaded" | "unavailable";

function show(state: State): void {
  for (const each of ["loading", "unavailable"]) elementOf(each).hidden = each !== state;
}

function openSandbox(): void {
  const { EmbeddedSandbox } = globalThis;
  show(EmbeddedSandbox ? "loaded" : "unavailable");
  if (!EmbeddedSandbox) return;
  new EmbeddedSandbox({
    target: "#sandbox",
    initialEndpoint: GRAPHQL_URL,
    initialSubscriptionEndpoint: WEB_SOCKET_URL,
    endpointIsEditable: false,
    hideCookieToggle: false,
    initialState: {
      document: readPageFacts().isTrustedOnly ? TRUSTED_ONLY_NOTICE + DOCUMENT : DOCUMENT,
      includeCookies: true,
    },
    runTelemetry: false,
    // The style sheet of this page does it, because its Content-Security-Policy forbids inline styles.
    allowDynamicStyles: false,
  });
}

const script = document.createElement("script");
script.src = SCRIPT;
const timer = setTimeout(() => show("unavailable"), MAX_WAIT_MS);
script.addEventListener("load", () => {
  clearTimeout(timer);
  openSandbox();
});
script.addEventListener("error", () => {
  clearTimeout(timer);
  show("unavailable");
});
document.head.append(script);
