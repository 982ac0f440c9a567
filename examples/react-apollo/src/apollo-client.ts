/** Apollo Client for the gateway. `HttpLink` sends queries and, as multipart responses, subscriptions. */
import { ApolloClient, HttpLink, InMemoryCache } from "@apollo/client";
import { apolloTypePolicies, possibleTypes } from "bk-job-graphql/client";

export const createClient = (): ApolloClient =>
  new ApolloClient({
    link: new HttpLink({ uri: "/graphql" }),
    cache: new InMemoryCache({ possibleTypes, typePolicies: apolloTypePolicies }),
    // The gateway's log lines name the application.
    clientAwareness: { name: "react-apollo-example", version: "0.1.0" },
  });
