/** Says that the connection is lost, and when the page reconnects. */
import type { Lost } from "../follow-job.ts";
import { useTexts } from "../texts/language.ts";
import { useNow } from "./clock.ts";

interface ConnectionBannerProps {
  readonly lost: Lost;
  readonly hasJob: boolean;
  readonly onRetry: () => void;
}

export function ConnectionBanner({ lost, hasJob, onRetry }: ConnectionBannerProps) {
  const texts = useTexts();
  const now = useNow(true);
  const seconds = Math.max(0, Math.ceil((lost.retryAt - now) / 1_000));
  return (
    <div class="banner">
      <p>
        <strong>{texts.lost(seconds)}</strong> {hasJob ? texts.lostHint : lost.error.message}
      </p>
      <button type="button" onClick={onRetry}>
        {texts.retryNow}
      </button>
    </div>
  );
}
