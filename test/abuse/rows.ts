/** Large selections of rows, and many requests that differ. */
import { bulkJobId } from "../../src/simulator/bulk-jobs.ts";
import { jobQuery, onJob } from "../support/ask.ts";
import { type Attack, byBytes, exchange, exchangeAll, many, post } from "./attack.ts";

const INPUT = "BAD_USER_INPUT";

const query = (text: string) => () => post({ query: text });

const bulk = (selection: string, serial = 0) =>
  jobQuery(bulkJobId(50_000, serial), onJob(`steps { ${selection} }`));
const rows = (aliases: number) =>
  many(aliases, (n) => `p${n}: hostResults(first: 10000) { nodes { ${many(20, (m) => `a${m}: ip`)} } }`);

/** Wide rows, and expensive filters over them. */
export const ROWS: readonly Attack[] = [
  ...byBytes([
    ["50 000 hosts with 900 aliases", query(bulk(rows(43))), `400 ${INPUT}`],
    [
      "200 filters over 50 000 hosts",
      query(bulk(many(200, (n) => `f${n}: hostResults(filter: { ipContains: "${n}" }) { totalCount }`))),
      `200 ${INPUT}`,
    ],
    [
      "90 filters over 50 000 hosts",
      query(bulk(many(90, (n) => `f${n}: hostResults(filter: { ipContains: "${n}" }) { totalCount }`))),
      "200",
    ],
    [
      "a filter of 900 kB over 50 000 hosts",
      query(bulk(`hostResults(filter: { ipContains: "${"1".repeat(900_000)}" }) { totalCount }`)),
      "200",
    ],
    ["a page of 2³¹ - 1 hosts", query(bulk("hostResults(first: 2147483647) { totalCount }")), `200 ${INPUT}`],
    ["a page of -1 hosts", query(bulk("hostResults(first: -1) { totalCount }")), `200 ${INPUT}`],
    [
      "a cursor of 900 kB",
      query(bulk(`hostResults(after: "${"x".repeat(900_000)}") { totalCount }`)),
      `200 ${INPUT}`,
    ],
  ]),
  {
    name: "6 requests for 50 000 hosts at the same time",
    expected: "6 × 200",
    run: (target) =>
      exchangeAll(
        target,
        Array.from({ length: 6 }, (_, n) => post({ query: bulk(rows(2), n) })),
      ),
  },
  {
    name: "10 clients that disconnect from a long response",
    expected: "200 incomplete",
    run: async (target) => {
      const leave = () => exchange(target, post({ query: bulk(rows(4)) }), { responses: 0 });
      return [...new Set(await Promise.all(Array.from({ length: 10 }, leave)))].join();
    },
  },
];

const texts = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => post({ query: text(index) }));

/** Many requests that differ, and would fill a cache without a limit. */
export const DISTINCT: readonly Attack[] = [
  {
    name: "400 different documents of 100 kB",
    expected: "400 × 200",
    run: (target) =>
      exchangeAll(
        target,
        texts(400, (n) => `{ a${n}: __typename } #${"x".repeat(100_000)}`),
      ),
  },
  {
    name: "300 different selections of rows",
    expected: "300 × 200",
    run: (target) =>
      exchangeAll(
        target,
        texts(300, (n) =>
          jobQuery("20000000002", onJob(`steps { hostResults { nodes { a${n}: ip b${n}: status } } }`)),
        ),
      ),
  },
  {
    name: "200 different jobs with 1 000 hosts",
    expected: "200 × 200",
    run: (target) =>
      exchangeAll(
        target,
        texts(200, (n) => jobQuery(bulkJobId(1_000, n), onJob("hostSummary { total }"))),
      ),
  },
  {
    name: "300 different identities",
    expected: "300 × 200",
    run: (target) =>
      exchangeAll(
        target,
        Array.from({ length: 300 }, (_, n) =>
          post({ query: jobQuery("100") }, { "x-bkapi-authorization": `{"access_token":"a${n}"}` }),
        ),
      ),
  },
  {
    name: "300 different hashes of persisted queries",
    expected: "300 × 200 PERSISTED_QUERY_NOT_FOUND",
    run: (target) =>
      exchangeAll(
        target,
        Array.from({ length: 300 }, (_, n) =>
          post({ extensions: { persistedQuery: { version: 1, sha256Hash: String(n).padStart(64, "0") } } }),
        ),
      ),
  },
  {
    name: "500 different Accept headers",
    expected: "500 × 406 BAD_REQUEST",
    run: (target) =>
      exchangeAll(
        target,
        Array.from({ length: 500 }, (_, n) => post({ query: "{ __typename }" }, { accept: `text/x${n}` })),
      ),
  },
];
