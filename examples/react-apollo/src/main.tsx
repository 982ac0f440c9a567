import { ApolloProvider } from "@apollo/client/react";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createClient } from "./apollo-client.ts";
import { App } from "./app.tsx";
import "./app.css";

const root = document.getElementById("root");
if (!root) throw new Error("Expected an element with the id root.");

createRoot(root).render(
  <StrictMode>
    <ApolloProvider client={createClient()}>
      <App />
    </ApolloProvider>
  </StrictMode>,
);
