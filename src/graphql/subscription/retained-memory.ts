/**
 * Limits the memory that open subscriptions retain: their prepared operations and variables. Subscriptions with the
 * same document share it, but thousands of subscriptions with different large documents could exhaust the heap.
 */
import { GraphQLError } from "graphql";
import { once } from "../../model/once.ts";
import type { Variables } from "../executor/plan.ts";
import type { Prepared } from "../operation/prepare.ts";

export interface RetainedMemory {
  /** @returns an idempotent function that releases the memory. @throws GraphQLError `TOO_MANY_OPERATIONS` */
  readonly retain: (prepared: Prepared, variables: Variables) => () => void;
  /** Memory of the operations and variables of open subscriptions in bytes (estimated). */
  readonly bytes: () => number;
}

/** @param maxBytes limit for the operations and variables of all subscriptions (estimated) */
export function createRetainedMemory(maxBytes: number): RetainedMemory {
  /** Number of subscriptions per operation. */
  const users = new Map<Prepared, number>();
  let bytes = 0;

  const release = (prepared: Prepared, variablesBytes: number) => {
    const rest = (users.get(prepared) ?? 0) - 1;
    if (rest > 0) users.set(prepared, rest);
    else if (users.delete(prepared)) bytes -= prepared.bytes;
    bytes -= variablesBytes;
  };

  const retain: RetainedMemory["retain"] = (prepared, variables) => {
    const variablesBytes = JSON.stringify(variables).length * 2;
    const documentBytes = users.has(prepared) ? 0 : prepared.bytes;
    if (bytes + documentBytes + variablesBytes > maxBytes) {
      throw new GraphQLError(
        `The documents and variables of all subscriptions would exceed ${maxBytes} bytes. Use the same document for all subscriptions and short variables, or retry later.`,
        { extensions: { code: "TOO_MANY_OPERATIONS" } },
      );
    }
    bytes += documentBytes + variablesBytes;
    users.set(prepared, (users.get(prepared) ?? 0) + 1);
    return once(() => release(prepared, variablesBytes));
  };

  return { retain, bytes: () => bytes };
}
