/** How a fault is written down. */
import type { Answer } from "./answer.ts";
import type { Call, JobEntry } from "./call.ts";

/** An id in scope `biz:1` that answers every call in the same, faulty way. */
export const fault = (id: number, title: string, answer: (call: Call) => Answer): JobEntry => ({
  id: String(id),
  scope: "biz:1",
  title,
  create: () => answer,
});
