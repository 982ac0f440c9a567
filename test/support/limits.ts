/** The default limits of requests. */
import { readConfig } from "../../src/config.ts";

export const { documentLimits: DOCUMENT_LIMITS, maxBodyBytes: MAX_BODY_BYTES } = readConfig({});
