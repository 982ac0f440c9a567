/** The picture of the job page in the documentation: `PICTURE=1 npx vitest run test/browser/job-page-picture.test.ts` draws it. */
import { statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { AUTHORIZATION } from "../support/ask.ts";
import { hasBrowser, startBrowser } from "../support/browser.ts";
import { useGateway } from "../support/gateway.ts";
import { hostRow, scriptJob, stepRow } from "../support/job-payload.ts";
import { OFFLINE, openPage } from "../support/web-page.ts";

const PICTURE = fileURLToPath(new URL("../../docs/job-page.png", import.meta.url));
const MAX_BYTES = 200_000;

const JOB = "20000000021";
const HOSTS = 640;

/** Statuses of the hosts of the running step. */
function rowOf(index: number) {
  const ip = `10.20.${index >> 8}.${index & 255}`;
  const times = {
    start_time: Date.now() - 60_000,
    end_time: Date.now() - 30_000 + index * 40,
    total_time: 30_000,
  };
  if (index % 53 === 7) return { ip, status: 104, tag: "disk full", exit_code: 1, ...times };
  if (index % 97 === 11) return { ip, status: 104, tag: "port in use", exit_code: 98, ...times };
  if (index % 211 === 90) return { ip, status: 13, exit_code: 124, ...times };
  if (index < HOSTS * 0.62) return { ip, status: 9, exit_code: 0, ...times };
  return { ip, status: index < HOSTS * 0.78 ? 7 : 5 };
}

const rows = (count: number, rowAt: (index: number) => Record<string, unknown>) =>
  Array.from({ length: count }, (_, index) => hostRow(index + 1, rowAt(index)));

const succeeded = (index: number) => ({ ip: `10.20.${index >> 8}.${index & 255}`, status: 9, exit_code: 0 });

const steps = (now: number) => [
  stepRow({
    step_instance_id: 1,
    name: "Stop service",
    start_time: now - 190_000,
    end_time: now - 150_000,
    total_time: 40_000,
    step_ip_result_list: rows(HOSTS, succeeded),
  }),
  stepRow({
    step_instance_id: 2,
    type: 2,
    name: "Distribute package",
    start_time: now - 150_000,
    end_time: now - 62_000,
    total_time: 88_000,
    step_ip_result_list: rows(HOSTS, succeeded),
  }),
  stepRow({
    step_instance_id: 3,
    name: "Start and check",
    status: 2,
    start_time: now - 62_000,
    step_ip_result_list: rows(HOSTS, rowOf),
  }),
  stepRow({ step_instance_id: 4, type: 3, name: "Confirm", status: 1 }),
];

it.runIf(hasBrowser && process.env.PICTURE)("is drawn from a running job", async () => {
  const gateway = await useGateway({ upstream: { defaultAuthorization: AUTHORIZATION } });
  const now = Date.now();
  scriptJob(gateway.simulator, JOB, {
    finished: false,
    fields: { name: "Deploy order-service v2.14.0", status: 2, start_time: now - 190_000 },
    steps: steps(now),
  });
  const browser = await startBrowser(OFFLINE);
  const viewport = { width: 1280, height: 800 };
  const { page } = await openPage(browser, new URL(`/jobs/biz/1/${JOB}?lang=en`, gateway.url).href, {
    viewport,
  });
  await expect.poll(() => page.locator("tbody tr").count()).toBeGreaterThan(5);
  await expect.poll(() => page.getByText(/Loading hosts/).count()).toBe(0);
  await page.screenshot({ path: PICTURE });
  await browser.close();
});

it("is small enough for the README", () => {
  expect(statSync(PICTURE).size).toBeLessThan(MAX_BYTES);
});
