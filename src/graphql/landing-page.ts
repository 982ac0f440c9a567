/** The page that a browser gets at the endpoint: Apollo Sandbox with a sample query. */
import type { ApolloServerPlugin, BaseContext } from "@apollo/server";
import { ApolloServerPluginLandingPageLocalDefault } from "@apollo/server/plugin/landingPage/default";

/** The first query in the explorer, also printed by `demo`. */
export const SAMPLE_QUERY = `{
  jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000002" }) {
    ... on JobInstance {
      name
      status
      elapsedMs
      hostSummary { total succeeded failed }
      steps {
        name
        status
        hostGroups { status tag count }
      }
    }
    ... on Problem { message }
  }
}`;

/** Sandbox has a parameter for the endpoint of subscriptions, but Apollo Server's plugin has no option for it. */
const ENDPOINT = "initialEndpoint,";
const SUBSCRIPTION_ENDPOINT = 'initialSubscriptionEndpoint: initialEndpoint.replace(/^http/, "ws"),';

/** The first lines in the explorer of a gateway that does not run what a user writes there. */
const TRUSTED_ONLY_NOTICE = `# This gateway runs only trusted documents (TRUSTED_DOCUMENTS_ONLY).
# It rejects all others with UNTRUSTED_DOCUMENT, including introspection by this page.
`;

/**
 * Creates Apollo Server's landing page, with subscriptions by WebSocket at the same URL.
 * @param isTrustedOnly whether the gateway runs only trusted documents, which the page then says
 */
export function createLandingPage(isTrustedOnly: boolean): ApolloServerPlugin<BaseContext> {
  // Only the "local" variant of the page contains Sandbox.
  const { serverWillStart, ...plugin } = ApolloServerPluginLandingPageLocalDefault({
    embed: true,
    footer: false,
    document: isTrustedOnly ? TRUSTED_ONLY_NOTICE + SAMPLE_QUERY : SAMPLE_QUERY,
  });
  return {
    ...plugin,
    serverWillStart: async (service) => {
      const listener = (await serverWillStart?.(service)) ?? undefined;
      const { renderLandingPage, ...others } = listener ?? {};
      if (!renderLandingPage) throw new Error("Expected Apollo Server's plugin to have a landing page.");
      return {
        ...others,
        renderLandingPage: async () => {
          const { html } = await renderLandingPage();
          return {
            html: async () => {
              const page = typeof html === "string" ? html : await html();
              return page.replace(ENDPOINT, `${ENDPOINT}\n      ${SUBSCRIPTION_ENDPOINT}`);
            },
          };
        },
      };
    },
  };
}
