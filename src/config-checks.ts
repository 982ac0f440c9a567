/** Validators of configuration values. Their error messages complete the sentence "expected …, got …". */
import { availableParallelism } from "node:os";
import { z } from "zod";

export function wholeNumber(min: number, max: number) {
  const error = `a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, { error })
    .transform(Number)
    .refine((value) => value >= min && value <= max, { error });
}

const MAX_WORKERS = 128;

/** The number of worker processes. `auto` is one per CPU. */
export const workerCount = z.string().transform((text, context): number => {
  const { data, success } = wholeNumber(1, MAX_WORKERS).safeParse(
    text === "auto" ? String(Math.min(availableParallelism(), MAX_WORKERS)) : text,
  );
  if (success) return data;
  context.addIssue(`auto or a whole number from 1 to ${MAX_WORKERS}`);
  return z.NEVER;
});

/** An http or https URL without credentials, query or fragment. */
export const isPlainUrl = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["http:", "https:"].includes(url.protocol)) return false;
  return url.username === "" && url.password === "" && url.search === "" && url.hash === "";
};

export const isBaseUrl = (text: string): boolean =>
  isPlainUrl(text) && !/\/api\/v4(\/|$)/.test(new URL(text).pathname);

const isProxyUrl = (text: string): boolean =>
  URL.canParse(text) && ["http:", "https:"].includes(new URL(text).protocol);

export const proxyUrl = z
  .string()
  .refine((text) => text === "" || isProxyUrl(text), { error: "an http or https URL" });

const isRedisUrl = (text: string): boolean => {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") return false;
  if (!isPercentEncoded(url.username) || !isPercentEncoded(url.password)) return false;
  return /^\/?\d*$/.test(url.pathname) && url.search === "" && url.hash === "";
};

/** Whether every `%` belongs to an encoded character. `URL` accepts other ones. */
function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

export const redisUrl = z.string().refine((text) => text === "" || isRedisUrl(text), {
  error: "a redis or rediss URL with percent-encoded credentials and at most a database number as its path",
});

const MIN_KEY_LENGTH = 32;

export const secretKey = z.string().refine((text) => text === "" || text.length >= MIN_KEY_LENGTH, {
  error: `a secret of at least ${MIN_KEY_LENGTH} characters`,
});

export const isOrigin = (text: string): boolean =>
  text === "*" ||
  (!text.includes("*") && URL.canParse(text) && new URL(text).origin === text && text !== "null");

/** Up to `maxLength` comma-separated values. */
export const commaSeparated = <T>(check: z.ZodType<T, string>, maxLength: number) =>
  z.string().transform((text, context): T[] => {
    const results = text.split(",").map((part) => check.safeParse(part.trim()));
    const failed = results.find(({ success }) => !success);
    if (failed || results.length > maxLength) {
      const expected = failed?.error?.issues[0]?.message ?? "a valid value";
      context.addIssue(`1 to ${maxLength} comma-separated values, each of them ${expected}`);
      return z.NEVER;
    }
    return results.flatMap(({ data }) => data ?? []);
  });

/** Null for an empty text. */
export const optional = <T>(check: z.ZodType<T, string>) =>
  z.string().transform((text, context): T | null => {
    if (text === "") return null;
    const { data, error } = check.safeParse(text);
    if (!error) return data;
    context.addIssue(error.issues[0]?.message ?? "another value");
    return z.NEVER;
  });

export const ratio = z
  .string()
  .regex(/^(0|1|0?\.\d+|[01]\.0*)$/, { error: "a number from 0 to 1" })
  .transform(Number);

/** Comma-separated `name=value` pairs with percent-encoding. The message never contains them. */
export const keyValues = (valid: { readonly name: RegExp; readonly value: RegExp }) =>
  z.string().transform((text, context): Readonly<Record<string, string>> => {
    const pairs = text.split(",").flatMap((part) => {
      const [name = "", ...value] = part.split("=").map((piece) => piece.trim());
      return part.trim() === "" ? [] : [[decode(name), value.length === 0 ? null : decode(value.join("="))]];
    });
    const isValid = ([name, value]: readonly (string | null | undefined)[]) =>
      typeof name === "string" &&
      valid.name.test(name) &&
      typeof value === "string" &&
      valid.value.test(value);
    if (pairs.every(isValid)) return Object.fromEntries(pairs);
    context.addIssue("comma-separated name=value pairs with percent-encoded values");
    return z.NEVER;
  });

/** Null for invalid percent-encoding. */
function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

/** `on` and `off` mean the same as `true` and `false`. */
export const flag = z
  .enum(["true", "false", "on", "off"], { error: "true or false" })
  .transform((text) => text === "true" || text === "on");

export const enumOf = <const T extends readonly string[]>(values: T) =>
  z.enum(values, { error: `one of ${values.join(", ")}` });

/** One day, far more than any useful timeout. */
export const MAX_MS = 86_400_000;
