/** The client of the package, whose documents can be parsed, too. The printer of graphql is its only dependency. */
import { type DocumentNode, print } from "graphql";
import { createStringClient, type JobClient, type JobClientOptions } from "./job-client.ts";
import type { DocumentText } from "./typed-document.ts";

/**
 * Creates a client for job instances.
 *
 *     const client = createJobClient({ url: "https://gateway.example.com/graphql" });
 *     const job = await client.jobInstance({ scopeId: "1", jobInstanceId: "20000000002" });
 *
 * @throws TypeError if the URL is not one of `http` or `https`, or contains a user or password.
 */
export const createJobClient = (options: JobClientOptions): JobClient => createStringClient(options, textOf);

const textOf = (document: DocumentText): string => (isParsed(document) ? print(document) : String(document));

const isParsed = (document: DocumentText): document is DocumentText & DocumentNode =>
  typeof document === "object" && "kind" in document && document.kind === "Document";
