/**
 * The landing page at the endpoint. Apollo Server decides by the `Accept` header which requests get it;
 * `http/graphql-route.ts` then sends the page with Apollo Sandbox.
 */
import type { ApolloServerPlugin, BaseContext } from "@apollo/server";

/** What Apollo Server returns instead of the page. */
export const LANDING_PAGE = "landing page";

export const createLandingPage = (): ApolloServerPlugin<BaseContext> => ({
  serverWillStart: async () => ({ renderLandingPage: async () => ({ html: LANDING_PAGE }) }),
});
