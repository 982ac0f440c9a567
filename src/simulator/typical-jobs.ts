/** Typical jobs: finished, failed, waiting, with skipped steps, restarted. */
import { CONFIRM, FILE, hostRows, SCRIPT, type ScriptedJobSpec } from "./build-job.ts";
import { host } from "./hosts.ts";

/** 2026-03-09 14:30:00 in Shanghai. */
const CREATED_AT = Date.UTC(2026, 2, 9, 6, 30);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

const hosts = (from: number, count: number) =>
  Array.from({ length: count }, (_, index) => host(from + index));
const all = (status: number, from: number, count: number) =>
  hosts(from, count).map((target) => ({ host: target, status }));

const succeeded: ScriptedJobSpec = {
  title: "Finished: script, file and script step, all succeeded",
  spec: {
    id: 20_000_000_001,
    name: "发布-订单服务 v2.14.0",
    status: 3,
    created: CREATED_AT,
    ran: [CREATED_AT + 40, CREATED_AT + 95_400],
    steps: [
      {
        id: 20_000_010_011,
        type: SCRIPT,
        name: "停止服务",
        status: 3,
        ran: [CREATED_AT + 60, CREATED_AT + 12_300],
        rows: hostRows(SCRIPT, [CREATED_AT + 60, CREATED_AT + 12_300], all(9, 1, 4)),
      },
      {
        id: 20_000_010_012,
        type: FILE,
        name: "分发安装包",
        status: 3,
        ran: [CREATED_AT + 12_400, CREATED_AT + 71_900],
        rows: hostRows(FILE, [CREATED_AT + 12_400, CREATED_AT + 71_900], all(9, 1, 4)),
      },
      {
        id: 20_000_010_013,
        type: SCRIPT,
        name: "启动并检查",
        status: 3,
        ran: [CREATED_AT + 72_000, CREATED_AT + 95_400],
        rows: hostRows(
          SCRIPT,
          [CREATED_AT + 72_000, CREATED_AT + 95_400],
          all(9, 1, 4).map((line) => ({ ...line, tag: "healthy" })),
        ),
      },
    ],
  },
};

const failedHosts = [
  ...all(9, 20, 3),
  { host: host(23), status: 104, tag: "disk full", exitCode: 1 },
  { host: host(24), status: 104, tag: "disk full", exitCode: 1 },
  { host: host(25), status: 104, tag: "disk full", exitCode: 2 },
  { host: host(26), status: 104, tag: "port in use", exitCode: 98 },
  { host: host(27), status: 104, exitCode: 127 },
  { host: host(28), status: 11, exitCode: 255 },
  { host: host(29), status: 13, exitCode: 124 },
  { host: host(30), status: 12, exitCode: 0 },
  { host: host(31, { alive: 0 }), status: 1, exitCode: 0 },
];

const failed: ScriptedJobSpec = {
  title:
    "Failed: several statuses (codes 1, 11, 12, 13, 104), tags and exit codes; the next step was never reached",
  spec: {
    id: 20_000_000_002,
    name: "日志清理",
    status: 4,
    created: CREATED_AT,
    ran: [CREATED_AT + 35, CREATED_AT + 306_000],
    steps: [
      {
        id: 20_000_010_021,
        type: SCRIPT,
        name: "清理 30 天前的日志",
        status: 4,
        ran: [CREATED_AT + 50, CREATED_AT + 306_000],
        retries: 1,
        rows: hostRows(SCRIPT, [CREATED_AT + 50, CREATED_AT + 306_000], failedHosts),
      },
      { id: 20_000_010_022, type: SCRIPT, name: "上报磁盘用量", status: 1 },
    ],
  },
};

const waitingForConfirmation: ScriptedJobSpec = {
  title: "Waiting for confirmation: step 2 is a manual confirmation (status 7), step 3 waits",
  spec: {
    id: 20_000_000_004,
    name: "数据库变更",
    status: 7,
    created: CREATED_AT,
    ran: [CREATED_AT + 30],
    steps: [
      {
        id: 20_000_010_041,
        type: SCRIPT,
        name: "备份",
        status: 3,
        ran: [CREATED_AT + 45, CREATED_AT + 5 * MINUTE],
        rows: hostRows(SCRIPT, [CREATED_AT + 45, CREATED_AT + 5 * MINUTE], all(9, 40, 2)),
      },
      { id: 20_000_010_042, type: CONFIRM, name: "DBA 确认", status: 7, ran: [CREATED_AT + 5 * MINUTE + 20] },
      { id: 20_000_010_043, type: SCRIPT, name: "执行变更", status: 1 },
    ],
  },
};

const notStarted: ScriptedJobSpec = {
  title: "Waiting: nothing has started",
  spec: {
    id: 20_000_000_010,
    name: "夜间巡检",
    status: 1,
    created: CREATED_AT,
    steps: [{ id: 20_000_010_101, type: SCRIPT, name: "巡检", status: 1 }],
  },
};

const skippedAndIgnored: ScriptedJobSpec = {
  title: "Finished with an ignored error (6) and a skipped step (5: an end time, no total time)",
  spec: {
    id: 20_000_000_011,
    name: "配置下发",
    status: 3,
    created: CREATED_AT,
    ran: [CREATED_AT + 30, CREATED_AT + 60_000],
    steps: [
      {
        id: 20_000_010_111,
        type: SCRIPT,
        name: "预检（忽略错误）",
        status: 6,
        ran: [CREATED_AT + 40, CREATED_AT + 9_000],
        rows: hostRows(
          SCRIPT,
          [CREATED_AT + 40, CREATED_AT + 9_000],
          [...all(9, 60, 2), { host: host(62), status: 104, tag: "precheck", exitCode: 3 }],
        ),
      },
      {
        id: 20_000_010_112,
        type: FILE,
        name: "下发旧版配置",
        status: 5,
        ran: [CREATED_AT + 9_100],
        rows: hostRows(
          FILE,
          [CREATED_AT + 9_100, CREATED_AT + 20_000],
          [...all(9, 60, 2), { host: host(62), status: 202 }],
        ),
        overrides: { end_time: CREATED_AT + 30_000 },
      },
      {
        id: 20_000_010_113,
        type: FILE,
        name: "下发新版配置",
        status: 3,
        ran: [CREATED_AT + 30_100, CREATED_AT + 60_000],
        rows: hostRows(FILE, [CREATED_AT + 30_100, CREATED_AT + 60_000], all(9, 60, 3)),
      },
    ],
  },
};

/** 30 days: more than 2^31 ms. */
const STALE = { end_time: CREATED_AT + 30 * DAY, total_time: 30 * DAY };

const restartedConfirmation: ScriptedJobSpec = {
  title: "Restarted confirmation: not finished, but with a stale end time and a total time above 2^31 ms",
  spec: {
    id: 20_000_000_012,
    name: "扩容审批",
    status: 7,
    created: CREATED_AT,
    ran: [CREATED_AT],
    steps: [
      {
        id: 20_000_010_121,
        type: CONFIRM,
        name: "审批",
        status: 7,
        ran: [CREATED_AT],
        retries: 1,
        overrides: STALE,
      },
      { id: 20_000_010_122, type: SCRIPT, name: "扩容", status: 1 },
    ],
    overrides: STALE,
  },
};

export const TYPICAL_JOBS: readonly ScriptedJobSpec[] = [
  succeeded,
  failed,
  waitingForConfirmation,
  notStarted,
  skippedAndIgnored,
  restartedConfirmation,
];
