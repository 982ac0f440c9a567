import type { JobClientError } from "../../src/client/index.ts";

/** The error of a promise that must be rejected. */
export const errorOf = async (promise: Promise<unknown>): Promise<JobClientError> => {
  try {
    await promise;
  } catch (error) {
    // The tests check its properties.
    return error as JobClientError;
  }
  throw new Error("Expected an error.");
};
