/** The page: language, credentials, and what is known of the job. */
import { useEffect, useMemo, useState } from "preact/hooks";
import { createStringClient } from "../../client/job-client.ts";
import { GRAPHQL_URL } from "../common/gateway-url.ts";
import { type Credentials, headersFor, readCredentials, storeCredentials } from "./credentials.ts";
import { createJobFollower } from "./follow-job.ts";
import type { JobPath } from "./job-path.ts";
import type { JobInstanceRef } from "./operations.generated.ts";
import { useStore } from "./store.ts";
import {
  chooseLanguage,
  LANGUAGE_TAGS,
  type Language,
  LanguageContext,
  textsOf,
  withLanguage,
} from "./texts/language.ts";
import { Announcer } from "./view/announcer.tsx";
import { ConnectionBanner } from "./view/connection-banner.tsx";
import { CredentialsForm } from "./view/credentials-form.tsx";
import { JobView } from "./view/job-view.tsx";
import { ErrorMessage, InvalidPath, Loading, ProblemMessage } from "./view/outcomes.tsx";

export function App({ path }: { readonly path: JobPath }) {
  const [language, setLanguage] = useState(() => chooseLanguage(location.search, navigator.languages));
  const [credentials, setCredentials] = useState(readCredentials);
  const texts = textsOf(language);
  const changeLanguage = (chosen: Language) => {
    // It stays when the page is loaded again, and in a link that the user copies.
    history.replaceState(null, "", withLanguage(location.href, chosen));
    setLanguage(chosen);
  };
  useEffect(() => {
    document.documentElement.lang = LANGUAGE_TAGS[language];
  }, [language]);
  const enter = (entered: Credentials | null, isKept: boolean) => {
    storeCredentials(isKept ? entered : null);
    setCredentials(entered);
  };
  return (
    <LanguageContext.Provider value={language}>
      <header class="top">
        <p class="product">{texts.product}</p>
        {credentials !== null && (
          <button type="button" class="quiet" onClick={() => enter(null, false)}>
            {texts.signOut}
          </button>
        )}
        <LanguageSelect label={texts.language} language={language} onLanguage={changeLanguage} />
      </header>
      <main>
        {path.ref === null ? (
          <InvalidPath />
        ) : (
          <LiveJob
            path={path}
            jobRef={path.ref}
            language={language}
            credentials={credentials}
            onCredentials={enter}
          />
        )}
      </main>
    </LanguageContext.Provider>
  );
}

interface LanguageSelectProps {
  readonly label: string;
  readonly language: Language;
  readonly onLanguage: (language: Language) => void;
}

const LanguageSelect = ({ label, language, onLanguage }: LanguageSelectProps) => (
  <select
    class="language"
    aria-label={label}
    value={language}
    onChange={({ currentTarget }) => onLanguage(currentTarget.value === "zh" ? "zh" : "en")}
  >
    <option value="zh" lang="zh-CN">
      中文
    </option>
    <option value="en" lang="en">
      English
    </option>
  </select>
);

interface LiveJobProps {
  readonly path: JobPath;
  readonly jobRef: JobInstanceRef;
  readonly language: Language;
  readonly credentials: Credentials | null;
  readonly onCredentials: (credentials: Credentials | null, isKept: boolean) => void;
}

function LiveJob({ path, jobRef, language, credentials, onCredentials }: LiveJobProps) {
  // Another language or other credentials are another client, and so another subscription.
  const { client, follower } = useMemo(() => {
    const headers = {
      ...headersFor(credentials),
      "accept-language": LANGUAGE_TAGS[language],
      "apollographql-client-name": "job-page",
    };
    const client = createStringClient({ url: GRAPHQL_URL, headers });
    return { client, follower: createJobFollower(client, jobRef) };
  }, [jobRef, language, credentials]);
  useEffect(() => {
    follower.connect();
    return follower.stop;
  }, [follower]);
  const followed = useStore(follower.state);
  const { snapshot, problem, error, lost, isLive } = followed;
  const { product } = textsOf(language);
  const name = snapshot?.job.name;
  useEffect(() => {
    document.title = name === undefined ? product : `${name} · ${product}`;
  }, [name, product]);

  return (
    <>
      <Announcer {...followed} />
      {lost && <ConnectionBanner lost={lost} hasJob={snapshot !== null} onRetry={follower.connect} />}
      {error?.code === "UNAUTHENTICATED" && (
        <CredentialsForm
          reason={error.message}
          onCheckAgain={follower.connect}
          onCredentials={onCredentials}
        />
      )}
      {error && error.code !== "UNAUTHENTICATED" && (
        <ErrorMessage error={error} onCheckAgain={follower.connect} />
      )}
      {problem && <ProblemMessage problem={problem} path={path} onCheckAgain={follower.connect} />}
      {snapshot && (
        <JobView
          client={client}
          jobRef={jobRef}
          snapshot={snapshot}
          connection={lost ? "lost" : isLive ? "live" : "ended"}
          onCheckAgain={follower.connect}
        />
      )}
      {!snapshot && !problem && !error && !lost && <Loading />}
    </>
  );
}
