/** What every server of the comparison reads from its environment. */

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`Expected ${name} to be set.`);
  return value;
};

/** Port and upstream, from the same variables as the gateway's. */
export const settings = {
  port: Number(required("PORT")),
  /** Base URL of the upstream up to, not including, `/api/v4/…`. */
  upstreamUrl: new URL(required("JOB_API_URL")),
};
