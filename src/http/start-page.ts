/** The start page: what this gateway is, and where its explorers, its endpoint and its health checks are. */
import { readVersion } from "../model/version.ts";
import { escapeHtml } from "./html.ts";
import {
  DOCS_PATH,
  EXPLORER_PATH,
  GRAPHQL_PATH,
  JOB_PAGE_PATH,
  LIVENESS_PATH,
  READINESS_PATH,
  STREAM_PATH,
} from "./paths.ts";

/** A job of the simulator. */
interface DemoJob {
  readonly scopeType: string;
  readonly scopeId: string;
  readonly jobInstanceId: string;
  /** Its state and a description, separated by a colon. */
  readonly title: string;
}

export interface PagesConfig {
  /** Whether there are pages for browsers: the start page and the explorers. */
  readonly explorer: boolean;
  /** Whether there is a page for each job. */
  readonly jobPage: boolean;
  /** Jobs of the embedded simulator, for the start page. Null: the upstream is BlueKing Job. */
  readonly demoJobs: readonly DemoJob[] | null;
  readonly trustedDocuments: { readonly only: boolean } | null;
}

/** What pages say about the gateway. */
export interface GatewayFacts {
  /** Null: the upstream is BlueKing Job. */
  readonly demoJobs: readonly DemoJob[] | null;
  /** Whether the gateway runs only trusted documents. */
  readonly isTrustedOnly: boolean;
  /** Whether there is a page for each job. */
  readonly jobPage: boolean;
}

/** @returns null without pages */
export const factsOf = ({
  explorer,
  jobPage,
  demoJobs,
  trustedDocuments,
}: PagesConfig): GatewayFacts | null =>
  explorer ? { demoJobs, isTrustedOnly: trustedDocuments?.only ?? false, jobPage } : null;

/** What the start page says, in JSON for programs. URLs are relative to that of the start page. */
export interface GatewayDescription {
  readonly name: "bk-job-graphql";
  readonly version: string;
  /** Not the address of the upstream, which is nobody's business here. */
  readonly upstream: "simulator" | "bk-job";
  readonly links: Readonly<Record<LinkName, string>>;
  /** Path of the page of a job, with placeholders. Null: there is no such page. */
  readonly jobPage: string | null;
  readonly demoJobs: readonly DemoJob[];
}

type LinkName = "graphql" | "stream" | "explorer" | "sandbox" | "docs" | "liveness" | "readiness";

export const describeGateway = ({ demoJobs, jobPage }: GatewayFacts): GatewayDescription => ({
  name: "bk-job-graphql",
  version: readVersion(),
  upstream: demoJobs ? "simulator" : "bk-job",
  links: {
    graphql: `.${GRAPHQL_PATH}`,
    stream: `.${STREAM_PATH}`,
    explorer: `.${EXPLORER_PATH}`,
    sandbox: `.${GRAPHQL_PATH}`,
    docs: `.${DOCS_PATH}`,
    liveness: `.${LIVENESS_PATH}`,
    readiness: `.${READINESS_PATH}`,
  },
  jobPage: jobPage ? `.${JOB_PAGE_PATH}` : null,
  demoJobs: demoJobs ?? [],
});

/** Where the page has what depends on the gateway. */
const PLACEHOLDERS = /<!-- (version|upstream|demo-jobs) -->/g;

/** @param html the page with placeholders */
export function renderStartPage(
  html: string,
  { version, upstream, demoJobs, jobPage }: GatewayDescription,
): string {
  const contents: Readonly<Record<string, string>> = {
    version: escapeHtml(version),
    upstream: UPSTREAMS[upstream],
    "demo-jobs": demoJobs.length === 0 ? "" : renderDemoJobs(demoJobs, jobPage !== null),
  };
  return html.replace(PLACEHOLDERS, (_, name: string) => contents[name] ?? "");
}

const UPSTREAMS = {
  simulator: `<p class="upstream simulator"><strong>Simulator.</strong> <code>JOB_API_URL</code> is not set, so all jobs
        are simulated, and no credentials are needed.</p>`,
  "bk-job": `<p class="upstream"><strong>BlueKing Job.</strong> Operations read real jobs with the permissions of
        the user who sends them.</p>`,
} as const;

/** Colors of states, by the first word of the title. */
const STATES: Readonly<Record<string, string>> = {
  Finished: "succeeded",
  Failed: "failed",
  Forbidden: "failed",
  Running: "running",
  Waiting: "waiting",
};

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

function renderDemoJobs(jobs: readonly DemoJob[], hasPages: boolean): string {
  const rows = jobs.map(({ scopeType, scopeId, jobInstanceId, title }) => {
    const [state = "", ...description] = title.split(": ");
    const id = `<code>${escapeHtml(jobInstanceId)}</code>`;
    const path = escapeHtml(`./jobs/${scopeType}/${scopeId}/${jobInstanceId}`);
    return `<tr>
            <td>${hasPages ? `<a href="${path}">${id}</a>` : id}</td>
            <td><span class="state ${STATES[/^\w*/.exec(state)?.[0] ?? ""] ?? ""}">${escapeHtml(state)}</span></td>
            <td>${escapeHtml(capitalized(description.join(": ")))}</td>
          </tr>`;
  });
  return `<section aria-labelledby="jobs">
        <h2 id="jobs">Jobs of the simulator</h2>
        <p>In business 1: <code>scopeId: "1"</code>. There are more, and every kind of error.</p>
        <table>
          <thead><tr><th scope="col">Job</th><th scope="col">State</th><th scope="col">What happens</th></tr></thead>
          <tbody>
          ${rows.join("\n          ")}
          </tbody>
        </table>
      </section>`;
}
