/** Edge cases: containers, old jobs without host ids, unknown codes, ids above 2^53, other scopes, explicit nulls. */
import { HOST_STATUSES } from "../model/status.ts";
import { FILE, type HostSpec, hostRows, SCRIPT, type ScriptedJobSpec } from "./build-job.ts";
import { host, outcome } from "./hosts.ts";
import type { ContainerPayload, HostPayload, Row } from "./job.ts";

/** 2026-03-11 09:00:00 in Shanghai. */
const CREATED_AT = Date.UTC(2026, 2, 11, 1);
const RAN = [CREATED_AT + 50, CREATED_AT + 42_000] as const;

const pod = (id: number, name: string): ContainerPayload => ({
  id,
  container_id: `docker://${id.toString(16).padStart(64, "0")}`,
  name,
  node_host_id: 2_000_300,
});

const containers: ScriptedJobSpec = {
  title: "Containers and one host; the documented form omits containers",
  spec: {
    id: 20_000_000_005,
    name: "容器巡检",
    status: 4,
    created: CREATED_AT,
    ran: RAN,
    steps: [
      {
        id: 20_000_010_051,
        type: SCRIPT,
        name: "检查进程",
        status: 4,
        ran: RAN,
        rows: [
          { target: { container: pod(501, "order-api") }, outcome: outcome(SCRIPT, 9, RAN, { tag: "ok" }) },
          { target: { container: pod(502, "order-worker") }, outcome: outcome(SCRIPT, 9, RAN) },
          {
            target: { container: pod(503, "order-cron") },
            outcome: outcome(SCRIPT, 104, RAN, { tag: "oom", exitCode: 137 }),
          },
          { target: { host: host(300) }, outcome: outcome(SCRIPT, 9, RAN) },
        ],
      },
    ],
  },
};

const UNKNOWN_HOST_STATUS = 777;

/** The file step has the statuses of file tasks, and those that only a running step can have. */
const isOnFileStep = (status: number): boolean =>
  status === 5 || status === 7 || (status > 200 && status < 400);
const ALL_HOST_STATUSES = [...HOST_STATUSES.keys(), UNKNOWN_HOST_STATUS];

const lines = (isWanted: (status: number) => boolean, from: number): HostSpec[] =>
  ALL_HOST_STATUSES.filter(isWanted).map((status, index) => ({
    host: host(from + index, { alive: status === 1 || status === 310 ? 0 : 1 }),
    status,
    exitCode: status === 9 || status === 3 ? 0 : 1,
  }));

const everyHostStatus: ScriptedJobSpec = {
  title: "Running: every documented host status once, and the unknown status 777",
  spec: {
    id: 20_000_000_008,
    name: "全状态演示",
    status: 2,
    created: CREATED_AT,
    ran: [CREATED_AT],
    steps: [
      {
        id: 20_000_010_081,
        type: SCRIPT,
        name: "执行脚本（忽略错误）",
        status: 6,
        ran: RAN,
        rows: hostRows(
          SCRIPT,
          RAN,
          lines((status) => !isOnFileStep(status), 400),
        ),
      },
      {
        id: 20_000_010_082,
        type: FILE,
        name: "分发文件",
        status: 2,
        ran: [CREATED_AT + 43_000],
        rows: hostRows(FILE, [CREATED_AT + 43_000, CREATED_AT + 80_000], lines(isOnFileStep, 440)),
      },
    ],
  },
};

const ipv6Only = (n: number): HostPayload => {
  const { ip: _, ...rest } = host(n);
  return { ...rest, ipv6: `2001:db8::${n.toString(16)}` };
};

/** A host of an old job without host ids: only a cloud area and an address. */
const beforeHostIds = (n: number): HostPayload => {
  const { ip, bk_cloud_id } = host(n);
  return { ip: ip ?? null, bk_cloud_id: bk_cloud_id ?? 0 };
};

/** A rolling distribution: one row per batch and target. The third batch took no measurable time. */
const batchRows: Row[] = [500, 501, 502].flatMap((n) =>
  [0, 1, 2].map((batch) => {
    const start = CREATED_AT + 50_000 + batch * 10_000;
    const status = n === 502 && batch === 1 ? 202 : 9;
    return {
      target: { host: host(n) },
      outcome: outcome(FILE, status, [start, batch === 2 ? start : start + 8_000]),
    };
  }),
);

const unusualTargets: ScriptedJobSpec = {
  title: "IPv6-only hosts, old results without host ids, a file step with three rows per host",
  spec: {
    id: 20_000_000_009,
    name: "混合网络分发",
    status: 4,
    created: CREATED_AT,
    ran: [CREATED_AT + 20, CREATED_AT + 80_000],
    steps: [
      {
        id: 20_000_010_091,
        type: SCRIPT,
        name: "检查网络",
        status: 3,
        ran: RAN,
        rows: hostRows(
          SCRIPT,
          RAN,
          [host(500), ipv6Only(501), ipv6Only(502), beforeHostIds(503), beforeHostIds(504)].map((target) => ({
            host: target,
            status: 9,
          })),
        ),
      },
      {
        id: 20_000_010_092,
        type: FILE,
        name: "滚动分发",
        status: 4,
        ran: [CREATED_AT + 50_000, CREATED_AT + 80_000],
        rows: batchRows,
      },
    ],
  },
};

const unknownCodes: ScriptedJobSpec = {
  title: "Unknown codes: job status 99, step type 9, step status 42, host status 777",
  spec: {
    id: 20_000_000_013,
    name: "来自未来版本的作业",
    status: 99,
    created: CREATED_AT,
    ran: [CREATED_AT + 20],
    steps: [
      {
        id: 20_000_010_131,
        type: 9,
        name: "未知类型步骤",
        status: 42,
        ran: [CREATED_AT + 50],
        rows: hostRows(9, RAN, [{ host: host(510), status: UNKNOWN_HOST_STATUS }]),
      },
    ],
  },
};

/** A short finished job, where only its scope matters. */
const shortJob = (id: number, name: string, from: number) => ({
  id,
  name,
  status: 3,
  created: CREATED_AT,
  ran: RAN,
  steps: [
    {
      id: id + 10_000,
      type: SCRIPT,
      name,
      status: 3,
      ran: RAN,
      rows: hostRows(SCRIPT, RAN, [
        { host: host(from), status: 9 },
        { host: host(from + 1), status: 3 },
      ]),
    },
  ],
});

const tenantSet: ScriptedJobSpec = {
  title: "The response has the undocumented scope type tenant_set",
  spec: {
    ...shortJob(20_000_000_014, "全租户巡检", 520),
    overrides: { bk_scope_type: "tenant_set", bk_scope_id: "1" },
  },
};

const businessSet: ScriptedJobSpec = {
  title: "In a business set",
  scope: "biz_set:9991001",
  spec: {
    ...shortJob(20_000_000_015, "业务集巡检", 530),
    overrides: { bk_scope_type: "biz_set", bk_scope_id: "9991001" },
  },
};

const explicitNulls: ScriptedJobSpec = {
  title: "Running: explicit nulls and empty lists, as old servers send",
  spec: {
    id: 20_000_000_016,
    name: "旧版作业",
    status: 2,
    created: CREATED_AT,
    ran: [CREATED_AT + 20],
    overrides: { end_time: null, total_time: null },
    emptyLists: true,
    steps: [
      {
        id: 20_000_010_161,
        type: SCRIPT,
        name: "执行脚本",
        status: 2,
        ran: [CREATED_AT + 50],
        overrides: { end_time: null, total_time: null },
        rows: [
          {
            target: { host: { bk_host_id: null, ip: "10.1.2.3", bk_cloud_id: 0 } },
            outcome: {
              status: 7,
              tag: null,
              exit_code: null,
              start_time: CREATED_AT + 60,
              end_time: null,
              total_time: null,
            },
          },
          { target: { host: host(541) }, outcome: outcome(SCRIPT, 9, RAN) },
        ],
      },
      {
        id: 20_000_010_162,
        type: SCRIPT,
        name: "清理",
        status: 1,
        overrides: { start_time: null, end_time: null, total_time: null },
      },
    ],
  },
};

/** 2^53 + 1: the first integer that is not exact as a JavaScript number. */
const HUGE = 9_007_199_254_740_993n;

const hugeIds: ScriptedJobSpec = {
  title: "Every id above 2^53",
  spec: {
    id: HUGE,
    name: "64 位 ID",
    status: 3,
    created: CREATED_AT,
    ran: RAN,
    steps: [
      {
        id: HUGE + 2n,
        type: SCRIPT,
        name: "执行脚本",
        status: 3,
        ran: RAN,
        rows: hostRows(
          SCRIPT,
          RAN,
          [4n, 6n, 8n].map((offset, index) => ({
            host: host(550 + index, { bk_host_id: HUGE + offset }),
            status: 9,
          })),
        ),
      },
    ],
  },
};

export const EDGE_CASE_JOBS: readonly ScriptedJobSpec[] = [
  containers,
  everyHostStatus,
  unusualTargets,
  unknownCodes,
  tenantSet,
  businessSet,
  explicitNulls,
  hugeIds,
];
