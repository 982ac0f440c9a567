/** Writes `dist/schema.graphql`, the SDL in one file for the tools of clients. */
import { writeFileSync } from "node:fs";
import { readSdl } from "../src/graphql/schema.ts";

writeFileSync("dist/schema.graphql", readSdl());
