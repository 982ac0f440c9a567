/**
 * Tells screen readers what has changed: the status of the job and of its steps, and the connection. Counts change too
 * often to be read out.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import type { FollowedJob } from "../follow-job.ts";
import { runStatusText, useTexts } from "../texts/language.ts";

export function Announcer({ snapshot, lost }: FollowedJob) {
  const texts = useTexts();
  const [text, setText] = useState("");
  const isLost = lost !== null;
  const wasLost = useRef(false);
  const job = snapshot?.job ?? null;
  const running = job?.steps.findLast(({ phase }) => phase !== "PENDING") ?? null;
  const statusText =
    job === null
      ? ""
      : [job, ...(running ? [running] : [])]
          .map(({ name, status, statusCode }) => `${name}: ${runStatusText(texts, status, statusCode)}`)
          .join(". ");
  useEffect(() => setText(statusText), [statusText]);
  useEffect(() => {
    if (isLost) setText(texts.lost(0));
    else if (wasLost.current) setText(texts.restored);
    wasLost.current = isLost;
  }, [isLost, texts]);
  return (
    <p class="visually-hidden" role="status">
      {text}
    </p>
  );
}
