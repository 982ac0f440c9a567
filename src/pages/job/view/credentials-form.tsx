/** Asks for an access token, if the gateway accepts neither the login cookies nor the last token. */
import { useState } from "preact/hooks";
import { type Credentials, TENANT_PATTERN, TOKEN_PATTERN } from "../credentials.ts";
import { useTexts } from "../texts/language.ts";
import { Message } from "./outcomes.tsx";

interface CredentialsFormProps {
  /** The gateway's message. */
  readonly reason: string;
  readonly onCheckAgain: () => void;
  readonly onCredentials: (credentials: Credentials, isKept: boolean) => void;
}

export function CredentialsForm({ reason, onCheckAgain, onCredentials }: CredentialsFormProps) {
  const texts = useTexts();
  const [accessToken, setAccessToken] = useState("");
  const [tenantId, setTenantId] = useState("");
  const [isKept, setKept] = useState(false);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onCredentials({ accessToken, tenantId }, isKept);
  };
  return (
    <Message title={texts.unauthenticated}>
      <p>{texts.unauthenticatedHint}</p>
      <p class="muted">{reason}</p>
      <form class="credentials" onSubmit={submit}>
        <label>
          {texts.accessToken}
          <input
            type="password"
            autocomplete="off"
            required
            pattern={TOKEN_PATTERN}
            title={texts.tokenFormat}
            value={accessToken}
            onInput={({ currentTarget }) => setAccessToken(currentTarget.value.trim())}
          />
        </label>
        <label>
          {texts.tenant}
          <input
            type="text"
            autocomplete="off"
            pattern={TENANT_PATTERN}
            title={texts.tenantFormat}
            value={tenantId}
            onInput={({ currentTarget }) => setTenantId(currentTarget.value.trim())}
          />
        </label>
        <label class="check">
          <input type="checkbox" checked={isKept} onChange={() => setKept(!isKept)} />
          {texts.keepForTab}
        </label>
        <p class="muted">{texts.tokenHint}</p>
        <div class="buttons">
          <button type="submit" class="primary">
            {texts.useToken}
          </button>
          <button type="button" onClick={onCheckAgain}>
            {texts.checkAgain}
          </button>
        </div>
      </form>
    </Message>
  );
}
