/** Random host lists of the upstream in either dialect, from small sets of values, so that rows are often equal. */
import fc from "fast-check";

const HUGE = 2n ** 53n + 1n;
const MAX_LONG = 2n ** 63n - 1n;

/** A value, an explicit null or absent. */
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null | undefined> =>
  fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constantFrom(null, undefined) });

export const HOST_IDS = [1, 2, 3, 10, 2_000_000_000, HUGE, HUGE + 1n, MAX_LONG] as const;
export const CLOUD_IDS = [0, 1, 11, HUGE] as const;
export const STATUSES = [1, 3, 5, 7, 9, 11, 104, 403, 777, -1] as const;
export const TAGS = ["a", "b", "B", "disk full", "null", "0,=a", "漢字", "😀", "\uffee"] as const;
export const EXIT_CODES = [0, 1, 2, 10, 255, -1, 2_147_483_647, -2_147_483_648] as const;

const octets = fc.tuple(...Array.from({ length: 4 }, () => fc.constantFrom(0, 2, 9, 10, 100, 255)));
export const ipv4 = octets.map((numbers) => numbers.join("."));

const group = fc.constantFrom("0", "00c", "abcd", "ABCE", "abcf");
const groups = (count: number) => fc.array(group, { minLength: count, maxLength: count });
/** In full, shortened at the start, in the middle or at the end, and with an IPv4 suffix. */
export const ipv6 = fc.oneof(
  groups(8).map((all) => all.join(":")),
  groups(2).map((tail) => `::${tail.join(":")}`),
  fc.tuple(groups(2), groups(3)).map(([head, tail]) => `${head.join(":")}::${tail.join(":")}`),
  groups(3).map((head) => `${head.join(":")}::`),
  fc.tuple(groups(1), ipv4).map(([head, tail]) => `${head.join(":")}::${tail}`),
);

const HOST = {
  bk_host_id: maybe(fc.constantFrom(...HOST_IDS)),
  bk_cloud_id: maybe(fc.constantFrom(...CLOUD_IDS)),
  // Often absent, so that the IPv6 address is used.
  ip: fc.option(ipv4, { freq: 2 }),
  ipv6: maybe(ipv6),
  bk_cloud_name: maybe(fc.constantFrom("default", "edge")),
  bk_agent_id: maybe(fc.constantFrom("agent-1", "agent-2")),
  alive: maybe(fc.constantFrom(0, 1)),
};

const CONTAINER = {
  id: fc.constantFrom(1, 2, HUGE),
  container_id: fc.constantFrom("docker://1", "docker://2"),
  name: fc.constantFrom("order-api", "order-worker"),
  node_host_id: maybe(fc.constantFrom(...HOST_IDS)),
};

const instant = fc.constantFrom(0, 1_767_225_600_000, 1_767_225_600_001, 1_767_225_700_000);

/** The fields of a row that both dialects have. */
const OUTCOME = {
  status: fc.constantFrom(...STATUSES),
  tag: maybe(fc.oneof(fc.constant(""), fc.constantFrom(...TAGS))),
  exit_code: maybe(fc.constantFrom(...EXIT_CODES)),
  error_code: maybe(fc.constantFrom(0, 1)),
  start_time: maybe(instant),
  end_time: maybe(instant),
  total_time: maybe(fc.constantFrom(0, 100, 1_000, 2 ** 31, Number.MAX_SAFE_INTEGER)),
};

type Value = string | number | bigint | null | undefined;
type Fields = Readonly<Record<string, Value>>;

/** One result: its host or container, and its outcome. */
export interface Result {
  readonly target: { readonly host: Fields } | { readonly container: Fields };
  readonly outcome: Fields;
}

export type Dialect = "contract" | "release";

/** Host fields of the documented dialect. IPv6 addresses are not documented but possible. */
const { bk_host_id, ip, ipv6: ipv6_, bk_cloud_id } = HOST;
const FLAT_HOST = { bk_host_id, ip, ipv6: ipv6_, bk_cloud_id };

type Model = Readonly<Record<string, fc.Arbitrary<Value>>>;

/** Records of which most equal another one, and many differ in a single field. */
const alike = (model: Model): fc.Arbitrary<fc.Arbitrary<Fields>> =>
  fc.array(fc.record(model), { minLength: 1, maxLength: 4 }).map((bases) => {
    const base = fc.constantFrom(...bases);
    const changed = fc
      .tuple(base, fc.constantFrom(...Object.keys(model)), fc.record(model))
      .map(([fields, name, other]) => ({ ...fields, [name]: other[name] }));
    return fc.oneof({ weight: 3, arbitrary: base }, { weight: 1, arbitrary: changed });
  });

/** Results of one step, with several on some targets, and different targets with equal ids. */
function results(dialect: Dialect, maxLength: number): fc.Arbitrary<Result[]> {
  const models = fc.tuple(alike(dialect === "contract" ? FLAT_HOST : HOST), alike(CONTAINER), alike(OUTCOME));
  return models.chain(([host, container, outcome]) => {
    const onHost = host.map((fields) => ({ host: fields }));
    const onContainer = container.map((fields) => ({ container: fields }));
    const target =
      dialect === "contract"
        ? onHost
        : fc.oneof({ weight: 3, arbitrary: onHost }, { weight: 1, arbitrary: onContainer });
    return fc.array(fc.record({ target, outcome }), { maxLength, size: "max" });
  });
}

/** The results of a step and their dialect. */
export interface RandomStep {
  readonly dialect: Dialect;
  readonly results: readonly Result[];
}

export const randomStep = (maxLength = 40): fc.Arbitrary<RandomStep> =>
  fc
    .constantFrom<Dialect>("contract", "release")
    .chain((dialect) => results(dialect, maxLength).map((rows) => ({ dialect, results: rows })));

/** The host list of a step in the upstream's response, under its key. */
export function hostList({ dialect, results }: RandomStep): Record<string, object[]> {
  if (dialect === "contract") {
    const rows = results.map(({ target, outcome }) => ({
      ...("host" in target && target.host),
      ...outcome,
    }));
    return { step_ip_result_list: rows };
  }
  const rows = results.map(({ target, outcome }) => {
    const [type, id] = "host" in target ? [1, target.host.bk_host_id] : [2, target.container.id];
    return { execute_object: { type, resource_id: String(id ?? null), ...target }, ...outcome };
  });
  return { step_execute_object_result_list: rows };
}

/** The same step with its results in an order determined by the seed. */
export function reshuffled(step: RandomStep, seed: number): RandomStep {
  let state = seed >>> 0;
  const next = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  const keyed = step.results.map((result) => ({ result, key: next() }));
  return { ...step, results: keyed.toSorted((a, b) => a.key - b.key).map(({ result }) => result) };
}
