/** Checks of configuration values. The errors complete "Expected …". */
import { z } from "zod";

export const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, { error: `a whole number from ${least} to ${most}` })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error: `a whole number from ${least} to ${most}` });

export const isBaseUrl = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) return false;
  if (/\/api\/v4(\/|$)/.test(url.pathname)) return false;
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
};

const isProxyUrl = (text: string): boolean =>
  URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);

export const proxyUrl = z
  .string()
  .refine((text) => text === "" || isProxyUrl(text), { error: "an http or https URL" });

export const isOrigin = (text: string): boolean =>
  text === "*" || (URL.canParse(text) && new URL(text).origin === text && text !== "null");

/** Comma-separated values, up to `most` of them. */
export const listOf = <T>(check: z.ZodType<T, string>, most: number) =>
  z.string().transform((text, context): T[] => {
    const results = text.split(",").map((part) => check.safeParse(part.trim()));
    const failed = results.find(({ success }) => !success);
    if (failed || results.length > most) {
      const what = failed?.error?.issues[0]?.message ?? "values";
      context.addIssue(`${what}, or up to ${most} of them, comma-separated`);
      return z.NEVER;
    }
    return results.flatMap(({ data }) => data ?? []);
  });

export const oneOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(", ")}` });
