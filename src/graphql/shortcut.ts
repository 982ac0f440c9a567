/**
 * The short way for operations whose text came before. Apollo Server's pipeline costs more than all the rest of a
 * small request, and for a text that it once found valid only running is left to do. Anything but a plain operation
 * that is answered without errors goes the long way, so that nothing is decided in two places.
 */
import { type DocumentNode, type ExecutionResult, getOperationAST, OperationTypeNode } from "graphql";
import type { GraphQLContext } from "./context.ts";
import type { Executor } from "./executor/executor.ts";

export interface Shortcut {
  /** Takes note of a text that is valid. */
  readonly learn: (text: string, document: DocumentNode) => void;
  /** Runs what the body of a POST request asks for; null when it is not for this way. */
  readonly run: (body: unknown, context: GraphQLContext) => Promise<ExecutionResult> | null;
}

/** Length of all texts that are kept: some hundred operations. Documents are about a hundred times as large. */
const MOST_CHARACTERS = 2 ** 18;

export function createShortcut(executor: Executor): Shortcut {
  /** The least recently used first. */
  const documents = new Map<string, DocumentNode>();
  let characters = 0;

  const forget = (text: string) => {
    if (documents.delete(text)) characters -= text.length;
  };

  const learn: Shortcut["learn"] = (text, document) => {
    forget(text);
    documents.set(text, document);
    characters += text.length;
    for (const oldest of documents.keys()) {
      if (characters <= MOST_CHARACTERS) break;
      forget(oldest);
    }
  };

  const run: Shortcut["run"] = (body, context) => {
    const request = readOperation(body);
    const document = request && documents.get(request.query);
    if (!document) return null;
    const { query, operationName, variables } = request;
    const operation = getOperationAST(document, operationName);
    if (operation?.operation !== OperationTypeNode.QUERY) return null;
    learn(query, document);
    context.trace.operationName = operation.name?.value ?? null;
    return executor({ document, operationName, variables, context });
  };

  return { learn, run };
}

/** The operation that a request's body asks for; null for anything out of the ordinary. */
function readOperation(body: unknown) {
  if (!isRecord(body)) return null;
  const { query, operationName = null, variables = null, extensions = null } = body;
  if (typeof query !== "string" || extensions !== null) return null;
  if (typeof operationName !== "string" && operationName !== null) return null;
  if (variables === null) return { query, operationName, variables: {} };
  return isRecord(variables) ? { query, operationName, variables } : null;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
