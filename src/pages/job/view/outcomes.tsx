/** What the page shows instead of a job. */
import type { ComponentChildren } from "preact";
import type { JobClientError } from "../../../client/job-client-error.ts";
import type { Problem } from "../follow-job.ts";
import type { JobPath } from "../job-path.ts";
import { useTexts } from "../texts/language.ts";

interface MessageProps {
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** A page with a message. */
export const Message = ({ title, children }: MessageProps) => (
  <section class="message" aria-labelledby="message-title">
    <h1 id="message-title">{title}</h1>
    {children}
  </section>
);

export function Loading() {
  const texts = useTexts();
  return (
    <section class="skeleton" aria-busy="true">
      <p role="status">{texts.loading}</p>
      <span />
      <span />
      <span />
    </section>
  );
}

export function InvalidPath() {
  const texts = useTexts();
  return (
    <Message title={texts.invalid}>
      <p>{texts.invalidHint}</p>
    </Message>
  );
}

interface OutcomeProps {
  readonly onCheckAgain: () => void;
}

function CheckAgain({ onCheckAgain }: OutcomeProps) {
  const texts = useTexts();
  return (
    <button type="button" class="primary" onClick={onCheckAgain}>
      {texts.checkAgain}
    </button>
  );
}

interface ProblemProps extends OutcomeProps {
  readonly problem: Problem;
  readonly path: JobPath;
}

export function ProblemMessage({ problem, path, onCheckAgain }: ProblemProps) {
  const texts = useTexts();
  if (problem.__typename === "PermissionDenied") {
    return (
      <Message title={texts.denied}>
        <p>{problem.message}</p>
        {problem.application !== null && <Application application={problem.application} />}
        <p>{texts.deniedAgain}</p>
        <CheckAgain onCheckAgain={onCheckAgain} />
        <RequestId id={problem.upstreamRequestId} />
      </Message>
    );
  }
  const scope = `${path.scopeType === "biz_set" ? texts.businessSet : texts.business} ${path.scopeId}`;
  return (
    <Message title={texts.notFound}>
      <p>{texts.notFoundHint(scope, path.jobInstanceId)}</p>
      <p class="muted">{problem.message}</p>
      <CheckAgain onCheckAgain={onCheckAgain} />
      <RequestId id={problem.upstreamRequestId} />
    </Message>
  );
}

type IamApplication = NonNullable<Extract<Problem, { __typename: "PermissionDenied" }>["application"]>;

/** The permissions that the user can apply for, and the resources that they are for. */
function Application({
  application: { systemId, systemName, actions },
}: {
  readonly application: IamApplication;
}) {
  const texts = useTexts();
  return (
    <>
      <p>{texts.deniedApply(named(systemName, systemId))}</p>
      <table class="application">
        <thead>
          <tr>
            <th scope="col">{texts.action}</th>
            <th scope="col">{texts.resource}</th>
          </tr>
        </thead>
        <tbody>
          {actions.map(({ id, name, relatedResourceTypes }) => (
            <tr key={id}>
              <th scope="row">{named(name, id)}</th>
              <td>
                <ul>
                  {relatedResourceTypes.flatMap(({ instances }) =>
                    instances.map((path) => {
                      const text = path
                        .map((node) => `${node.typeName ?? node.type}: ${named(node.name, node.id)}`)
                        .join(" / ");
                      return <li key={text}>{text}</li>;
                    }),
                  )}
                </ul>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

const named = (name: string | null, id: string): string => (name ? `${name} (${id})` : id);

function RequestId({ id }: { readonly id: string | null }) {
  const texts = useTexts();
  return id === null ? null : (
    <p class="muted">
      {texts.requestId}: <code>{id}</code>
    </p>
  );
}

interface ErrorProps extends OutcomeProps {
  readonly error: JobClientError;
}

/** An error that reconnecting does not help. */
export function ErrorMessage({ error, onCheckAgain }: ErrorProps) {
  const texts = useTexts();
  return (
    <Message title={texts.failed}>
      <p>{error.message}</p>
      <CheckAgain onCheckAgain={onCheckAgain} />
      <p class="muted">
        {texts.errorCode}: <code>{error.code}</code>
      </p>
      <RequestId id={error.requestId} />
    </Message>
  );
}
