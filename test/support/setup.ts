/**
 * Runs before each test file. Vitest has a setting for how long `expect.poll` waits for its condition; `vi.waitFor` and
 * `vi.waitUntil` wait for one second by default, which is too short on a busy machine.
 */
import { vi } from "vitest";

/** Reached only if something hangs. Shorter than the limit of a test. */
const TIMEOUT_MS = 100_000;

type Options = Parameters<typeof vi.waitFor>[1];

const patient = (options: Options) => ({
  interval: 10,
  ...(typeof options === "object" && options),
  timeout: TIMEOUT_MS,
});

const { waitFor, waitUntil } = vi;
vi.waitFor = (callback, options) => waitFor(callback, patient(options));
vi.waitUntil = (callback, options) => waitUntil(callback, patient(options));
