/** The settings of where BlueKing Job is: its API and its web pages. Part of `settings.ts`. */
import { z } from "zod";
import { isBaseUrl, isPlainUrl } from "./config-checks.ts";

export const SITE_SETTINGS = {
  JOB_API_URL: {
    default: "",
    meaning:
      "Base URL of the upstream, without `/api/v4/…`. If empty, the gateway runs on the embedded simulator.",
    check: z
      .string()
      .refine((text) => text === "" || isBaseUrl(text), {
        error: "an http or https URL without credentials, query, fragment or /api/v4",
      })
      .transform((text) => (text === "" ? null : new URL(text))),
  },
  JOB_SITE_URL: {
    default: "",
    meaning:
      "URL of BlueKing Job's own web pages, such as `https://job.example.com`, for the field `url` of jobs and steps. If empty, the field is null.",
    check: z
      .string()
      .refine((text) => text === "" || isPlainUrl(text), {
        error: "an http or https URL without credentials, query or fragment",
      })
      .transform((text) => (text === "" ? null : new URL(text))),
  },
} as const;
