/**
 * What subscriptions keep of their operations while they last. Those with the same document share it; thousands with
 * large documents of their own could otherwise fill the memory of the process.
 */
import { GraphQLError } from "graphql";
import { once } from "../../model/once.ts";
import type { Variables } from "../executor/plan.ts";
import type { Prepared } from "../operation/prepare.ts";

export interface RetainedMemory {
  /** @returns releases what is kept; further calls do nothing. @throws GraphQLError `TOO_MANY_OPERATIONS` */
  readonly retain: (prepared: Prepared, variables: Variables) => () => void;
}

/** @param maxBytes for documents and variables of all subscriptions together, by estimate. */
export function createRetainedMemory(maxBytes: number): RetainedMemory {
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
        `The documents and variables of all subscriptions would exceed ${maxBytes} bytes. Share one document between subscriptions, with short variables, or retry later.`,
        { extensions: { code: "TOO_MANY_OPERATIONS" } },
      );
    }
    bytes += documentBytes + variablesBytes;
    users.set(prepared, (users.get(prepared) ?? 0) + 1);
    return once(() => release(prepared, variablesBytes));
  };

  return { retain };
}
