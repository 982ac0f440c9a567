/** The job in the path of the job page. */
import { expect, it } from "vitest";
import { readJobPath } from "../../src/pages/job/job-path.ts";

it.each([
  ["/jobs/biz/1/20000000002", { scopeType: "BIZ", scopeId: "1", jobInstanceId: "20000000002" }],
  ["/jobs/biz_set/9991001/7/", { scopeType: "BIZ_SET", scopeId: "9991001", jobInstanceId: "7" }],
  ["/proxy/jobs/biz/1/2", { scopeType: "BIZ", scopeId: "1", jobInstanceId: "2" }],
  [
    "/jobs/biz/1/9223372036854775807",
    { scopeType: "BIZ", scopeId: "1", jobInstanceId: "9223372036854775807" },
  ],
])("reads %s", (path, ref) => {
  expect(readJobPath(path).ref).toEqual(ref);
});

it.each([
  "/jobs/tenant_set/1/2",
  "/jobs/BIZ/1/2",
  "/jobs/biz/0/2",
  "/jobs/biz/1/9223372036854775808",
  "/jobs/biz/1/2a",
  "/jobs/biz/1/-2",
  "/jobs/biz/1/%32%",
  "/jobs/biz/1/",
  "/",
])("finds no job in %s", (path) => {
  expect(readJobPath(path).ref).toBeNull();
});
