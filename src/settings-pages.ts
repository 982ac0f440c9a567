/** Settings of the pages for browsers. */
import { enumOf, flag } from "./config-checks.ts";

export const PAGE_SETTINGS = {
  EXPLORER: {
    default: "true",
    meaning:
      "Whether there are pages for browsers: the [start page, the explorer and Apollo Sandbox](explorer.md). The explorers need `INTROSPECTION` to show the schema.",
    check: flag,
  },
  JOB_PAGE: {
    default: "on",
    meaning:
      "`on`: there is a [page for each job](job-page.md) at `/jobs/<scope type>/<scope id>/<job instance id>`, such as `/jobs/biz/1/20000000002`.",
    check: enumOf(["on", "off"]).transform((value) => value === "on"),
  },
} as const;
