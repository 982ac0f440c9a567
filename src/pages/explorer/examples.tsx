/** @jsxImportSource react */
/** The panel of the explorer with example operations and a template for credentials. */
import type { GraphiQLPlugin } from "@graphiql/react";
import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { EXAMPLE_OPERATIONS, type ExampleOperation } from "../../model/example-operations.ts";
import { readPageFacts } from "../common/facts.ts";

/** The value of the header is itself JSON, with the credentials of an app and of a user, or an access token. */
const CREDENTIALS = JSON.stringify(
  { "X-Bkapi-Authorization": JSON.stringify({ access_token: "…" }) },
  null,
  2,
);

function Examples() {
  const { addTab, changeTab, setOperationName, updateActiveTabValues } = useGraphiQLActions();
  const { tabs, queryEditor, headerEditor } = useGraphiQL(({ tabs, queryEditor, headerEditor }) => ({
    tabs,
    queryEditor,
    headerEditor,
  }));
  const { isSimulator, isTrustedOnly } = readPageFacts();

  /** Shows the example in its tab, or in a new one with the headers of the current tab. */
  const open = ({ name, text }: ExampleOperation) => {
    const index = tabs.findIndex(({ query }) => query === text);
    if (index >= 0) return changeTab(index);
    const headers = headerEditor?.getValue() ?? "";
    addTab();
    queryEditor?.setValue(text);
    headerEditor?.setValue(headers);
    // GraphiQL itself updates the tab later, when a next one may be active.
    updateActiveTabValues({ query: text });
    setOperationName(name);
  };

  const insertCredentials = () => {
    if (headerEditor?.getValue().trim() === "") headerEditor.setValue(CREDENTIALS);
    headerEditor?.focus();
  };

  return (
    <section className="examples" aria-label="Examples">
      <div className="examples-title">Examples</div>
      {isTrustedOnly && (
        <p className="examples-notice" role="note">
          This gateway runs only trusted documents (<code>TRUSTED_DOCUMENTS_ONLY</code>). It rejects these
          examples, everything you write here, and introspection.
        </p>
      )}
      <ul className="examples-list">
        {EXAMPLE_OPERATIONS.map((example) => (
          <li key={example.name}>
            <button type="button" className="examples-item" onClick={() => open(example)}>
              <span className="examples-item-title">{example.title}</span>
              {example.text.startsWith("subscription") && <span className="examples-badge">live</span>}
              <span className="examples-item-text">{example.description}</span>
            </button>
          </li>
        ))}
      </ul>
      <h2 className="examples-heading">Credentials</h2>
      {isSimulator ? (
        <p>
          This gateway runs on the embedded simulator, which needs no credentials. All jobs are simulated.
        </p>
      ) : (
        <p>
          Operations are sent with the cookies of your BlueKing login, and with what you enter under{" "}
          <strong>Headers</strong> below the operation. Headers are sent to this gateway only and are never
          stored.
        </p>
      )}
      <button type="button" className="examples-button" onClick={insertCredentials}>
        Insert credentials header
      </button>
    </section>
  );
}

function Icon() {
  return (
    <svg
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M8.5 8 4.5 12l4 4M15.5 8l4 4-4 4M13.2 5.5l-2.4 13" />
    </svg>
  );
}

export const EXAMPLES: GraphiQLPlugin = { title: "Examples", icon: Icon, content: Examples };
