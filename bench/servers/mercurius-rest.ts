/** The same with a schema in the form of the REST endpoint. */
import { createRestSchema } from "./rest-schema.ts";
import { serveMercurius } from "./serve-mercurius.ts";

await serveMercurius(createRestSchema());
