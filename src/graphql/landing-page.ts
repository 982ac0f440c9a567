/** What a browser gets at the endpoint: Apollo Sandbox, set up for this gateway. */
import type { ApolloServerPlugin, BaseContext } from "@apollo/server";
import { ApolloServerPluginLandingPageLocalDefault } from "@apollo/server/plugin/landingPage/default";
import { SAMPLE_QUERY } from "./sample-query.ts";

/** Sandbox takes the endpoint of subscriptions beside that of queries, but Apollo Server has no option for it. */
const QUERIES_AT = "initialEndpoint,";
const SUBSCRIPTIONS_AT = 'initialSubscriptionEndpoint: initialEndpoint.replace(/^http/, "ws"),';

/** Apollo Server's own page, whose Sandbox subscribes over the WebSocket at the same address. */
export function createLandingPage(): ApolloServerPlugin<BaseContext> {
  // The "local" page is the one with the Sandbox in it.
  const { serverWillStart, ...plugin } = ApolloServerPluginLandingPageLocalDefault({
    embed: true,
    footer: false,
    document: SAMPLE_QUERY,
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
              return page.replace(QUERIES_AT, `${QUERIES_AT}\n      ${SUBSCRIPTIONS_AT}`);
            },
          };
        },
      };
    },
  };
}
