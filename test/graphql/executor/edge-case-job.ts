/** A job with values that are hard to encode: escapes, 64-bit ids, early dates, containers, repeated hosts. */
import type { Simulator } from "../../../src/simulator/simulator.ts";
import { executeObjectRow, hostRow, scriptJob } from "../../support/job-payload.ts";

export const EDGE_CASE_JOB = "700";

const YEAR_ONE = Date.parse("0001-02-03T04:05:06.007Z");
const TEXTS = [
  'quote " backslash \\ slash / tab \t line \n null \u0000 delete \u007f',
  "中文 é 𝒳 👩‍👩‍👧 \u2028\u2029 \ud800 lone",
  '","id":"forged","x":"',
  "",
  "x",
  " ".repeat(257),
];

const rows = TEXTS.map((tag, index) => hostRow(index + 1, { tag, exit_code: index - 3, error_code: index }));

const targetRow = (target: object, fields: object = {}) =>
  executeObjectRow({ type: 1, resource_id: "1", ...target }, { tag: "t", ...fields });

export function scriptEdgeCaseJob(simulator: Simulator): void {
  scriptJob(simulator, EDGE_CASE_JOB, {
    fields: {
      name: TEXTS[0],
      start_time: -1,
      end_time: YEAR_ONE,
      total_time: Number.MAX_SAFE_INTEGER,
      status: 99,
    },
    steps: [
      {
        step_instance_id: 9_223_372_036_854_775_807n,
        type: 77,
        name: TEXTS[1],
        status: 42,
        execute_count: 3,
        create_time: YEAR_ONE,
        step_ip_result_list: [
          ...rows,
          hostRow(1, { tag: "again", start_time: -1, end_time: 0, total_time: Number.MAX_SAFE_INTEGER }),
          hostRow(1, { start_time: -86_400_001, end_time: YEAR_ONE, total_time: 0, status: 777 }),
          { status: 5, ip: "10.0.0.77", bk_cloud_id: 9_007_199_254_740_993n },
          {
            status: -5,
            bk_host_id: 9_223_372_036_854_775_807n,
            start_time: Date.parse("9999-12-31T23:59:59.999Z"),
          },
        ],
      },
      { step_instance_id: 2, type: 3, name: "", status: 7, execute_count: 0, create_time: 0 },
      {
        step_instance_id: 3,
        type: 1,
        name: "containers",
        status: 4,
        execute_count: 0,
        create_time: -1,
        step_execute_object_result_list: [
          targetRow({
            container: { id: 5, container_id: TEXTS[0], name: "", node_host_id: 9_007_199_254_740_993n },
          }),
          targetRow(
            { container: { id: 9_007_199_254_740_993n, container_id: "c", name: TEXTS[1] } },
            { tag: "" },
          ),
          targetRow({
            host: { bk_host_id: 8, ipv6: "2001:db8::1", bk_cloud_name: "", alive: 0, bk_agent_id: TEXTS[2] },
          }),
          targetRow(
            { host: { bk_host_id: 9, ip: "10.9.9.9", bk_cloud_name: TEXTS[1], alive: 1 } },
            { status: 104, exit_code: -1 },
          ),
        ],
      },
      {
        step_instance_id: 4,
        type: 1,
        name: "none",
        status: 1,
        execute_count: 0,
        create_time: 1,
        step_ip_result_list: [],
      },
    ],
  });
}
