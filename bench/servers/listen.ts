/** What every server of the comparison reads from its environment, and how it says that it cannot. */

const required = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`Expected ${name} to be set.`);
  return value;
};

/** Where to listen and whom to ask, as for the gateway. */
export const settings = {
  port: Number(required("PORT")),
  /** Base URL of the upstream up to, not including, `/api/v4/…`. */
  upstreamUrl: new URL(required("JOB_API_URL")),
};
