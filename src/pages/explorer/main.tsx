/** @jsxImportSource react */
/** The explorer: GraphiQL with its documentation of the schema, and a panel of examples. */
import { GraphiQL } from "graphiql";
import "graphiql/style.css";
import { createRoot } from "react-dom/client";
import { SAMPLE_QUERY } from "../../model/example-operations.ts";
import { EXAMPLES } from "./examples.tsx";
import "./explorer.css";
import { fetcher } from "./fetcher.ts";
import { setUpWorkers } from "./monaco-workers.ts";
import { createPageStorage } from "./page-storage.ts";

setUpWorkers();

/** Where the user has blocked site data, reading the property throws. */
function isStorageBlocked(): boolean {
  try {
    return !localStorage;
  } catch {
    return true;
  }
}

function Explorer() {
  return (
    <GraphiQL
      fetcher={fetcher}
      defaultTabs={[{ query: SAMPLE_QUERY }]}
      // Without GraphiQL's history, which stores headers: credentials must not be in the storage of the browser.
      plugins={[EXAMPLES]}
      visiblePlugin={EXAMPLES}
      shouldPersistHeaders={false}
      defaultEditorToolsVisibility="headers"
      {...(isStorageBlocked() && { storage: createPageStorage() })}
      inputValueDeprecation
    >
      <GraphiQL.Logo>
        <a className="explorer-home" href="./">
          bk-job-graphql
        </a>
      </GraphiQL.Logo>
    </GraphiQL>
  );
}

const container = document.getElementById("explorer");
if (!container) throw new Error("Expected the page to have an element #explorer.");
createRoot(container).render(<Explorer />);
