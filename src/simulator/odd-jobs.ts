/** Jobs with what is rare, late or awkward in the upstream: containers, history, unknown codes, huge ids. */
import { HOST_STATUSES } from "../model/status.ts";
import { FILE, type HostLine, hostRows, SCRIPT, type ScriptedSpec } from "./build-job.ts";
import { host, outcome } from "./hosts.ts";
import type { Container, Host, Row } from "./job.ts";

/** 2026-03-11 09:00:00 in Shanghai. */
const T = Date.UTC(2026, 2, 11, 1);
const RAN = [T + 50, T + 42_000] as const;

const pod = (id: number, name: string): Container => ({
  id,
  container_id: `docker://${id.toString(16).padStart(64, "0")}`,
  name,
  node_host_id: 2_000_300,
});

const containers: ScriptedSpec = {
  title: "Containers and one host; the contract's form has no rows for containers",
  spec: {
    id: 20_000_000_005,
    name: "容器巡检",
    status: 4,
    created: T,
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

/** Statuses of file tasks, and those that only a running step has, are shown on the file step. */
const isOnFileStep = (status: number): boolean =>
  status === 5 || status === 7 || (status > 200 && status < 400);
const ALL_HOST_STATUSES = [...HOST_STATUSES.keys(), UNKNOWN_HOST_STATUS];

const lines = (isWanted: (status: number) => boolean, from: number): HostLine[] =>
  ALL_HOST_STATUSES.filter(isWanted).map((status, index) => ({
    on: host(from + index, { alive: status === 1 || status === 310 ? 0 : 1 }),
    status,
    exitCode: status === 9 || status === 3 ? 0 : 1,
  }));

const everyHostStatus: ScriptedSpec = {
  title: "Running: every documented host status once, and the unknown 777",
  spec: {
    id: 20_000_000_008,
    name: "全状态演示",
    status: 2,
    created: T,
    ran: [T],
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
        ran: [T + 43_000],
        rows: hostRows(FILE, [T + 43_000, T + 80_000], lines(isOnFileStep, 440)),
      },
    ],
  },
};

const ipv6Only = (n: number): Host => {
  const { ip: _, ...rest } = host(n);
  return { ...rest, ipv6: `2001:db8::${n.toString(16)}` };
};

/** History from before host ids: an address in an area is all that is known. */
const beforeHostIds = (n: number): Host => {
  const { ip, bk_cloud_id } = host(n);
  return { ip: ip ?? null, bk_cloud_id: bk_cloud_id ?? 0 };
};

/** Rolling by source files: one row per batch and target. The third batch took no measurable time. */
const batchRows: Row[] = [500, 501, 502].flatMap((n) =>
  [0, 1, 2].map((batch) => {
    const start = T + 50_000 + batch * 10_000;
    const status = n === 502 && batch === 1 ? 202 : 9;
    return {
      target: { host: host(n) },
      outcome: outcome(FILE, status, [start, batch === 2 ? start : start + 8_000]),
    };
  }),
);

const awkwardHosts: ScriptedSpec = {
  title: "IPv6-only hosts, history without host ids, a file step with three rows for each host",
  spec: {
    id: 20_000_000_009,
    name: "混合网络分发",
    status: 4,
    created: T,
    ran: [T + 20, T + 80_000],
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
          [host(500), ipv6Only(501), ipv6Only(502), beforeHostIds(503), beforeHostIds(504)].map((on) => ({
            on,
            status: 9,
          })),
        ),
      },
      {
        id: 20_000_010_092,
        type: FILE,
        name: "滚动分发",
        status: 4,
        ran: [T + 50_000, T + 80_000],
        rows: batchRows,
      },
    ],
  },
};

const unknownCodes: ScriptedSpec = {
  title: "Codes that no table knows: job status 99, step type 9, step status 42, host status 777",
  spec: {
    id: 20_000_000_013,
    name: "来自未来版本的作业",
    status: 99,
    created: T,
    ran: [T + 20],
    steps: [
      {
        id: 20_000_010_131,
        type: 9,
        name: "未知类型步骤",
        status: 42,
        ran: [T + 50],
        rows: hostRows(9, RAN, [{ on: host(510), status: UNKNOWN_HOST_STATUS }]),
      },
    ],
  },
};

/** A short finished job, for those whose point is elsewhere. */
const shortJob = (id: number, name: string, from: number) => ({
  id,
  name,
  status: 3,
  created: T,
  ran: RAN,
  steps: [
    {
      id: id + 10_000,
      type: SCRIPT,
      name,
      status: 3,
      ran: RAN,
      rows: hostRows(SCRIPT, RAN, [
        { on: host(from), status: 9 },
        { on: host(from + 1), status: 3 },
      ]),
    },
  ],
});

const tenantSet: ScriptedSpec = {
  title: "Answered with the undocumented scope type tenant_set",
  spec: {
    ...shortJob(20_000_000_014, "全租户巡检", 520),
    overrides: { bk_scope_type: "tenant_set", bk_scope_id: "1" },
  },
};

const businessSet: ScriptedSpec = {
  title: "In a business set",
  scope: "biz_set:9991001",
  spec: {
    ...shortJob(20_000_000_015, "业务集巡检", 530),
    overrides: { bk_scope_type: "biz_set", bk_scope_id: "9991001" },
  },
};

const writtenNulls: ScriptedSpec = {
  title: "Running: nulls written out and [] for lists, as old servers do",
  spec: {
    id: 20_000_000_016,
    name: "旧版作业",
    status: 2,
    created: T,
    ran: [T + 20],
    overrides: { end_time: null, total_time: null },
    emptyLists: true,
    steps: [
      {
        id: 20_000_010_161,
        type: SCRIPT,
        name: "执行脚本",
        status: 2,
        ran: [T + 50],
        overrides: { end_time: null, total_time: null },
        rows: [
          {
            target: { host: { bk_host_id: null, ip: "10.1.2.3", bk_cloud_id: 0 } },
            outcome: {
              status: 7,
              tag: null,
              exit_code: null,
              start_time: T + 60,
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

/** 2^53 + 1: the first whole number that a double cannot hold. */
const HUGE = 9_007_199_254_740_993n;

const hugeIds: ScriptedSpec = {
  title: "Every id above 2^53",
  spec: {
    id: HUGE,
    name: "64 位 ID",
    status: 3,
    created: T,
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
            on: host(550 + index, { bk_host_id: HUGE + offset }),
            status: 9,
          })),
        ),
      },
    ],
  },
};

export const ODD_JOBS: readonly ScriptedSpec[] = [
  containers,
  everyHostStatus,
  awkwardHosts,
  unknownCodes,
  tenantSet,
  businessSet,
  writtenNulls,
  hugeIds,
];
