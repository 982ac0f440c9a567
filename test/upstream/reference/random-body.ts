/**
 * Random bodies of the endpoint in both dialects, tidy or in every notation that JSON allows, valid or invalid. They
 * are generated as strings, not as values, because most tests are about the notation.
 */
import fc from "fast-check";

/** Percentage of values with an unusual notation, and of values that violate the contract. */
interface Irregularity {
  readonly form: number;
  readonly breach: number;
}

const IRREGULARITIES: readonly Irregularity[] = [
  { form: 0, breach: 0 },
  { form: 3, breach: 0 },
  { form: 40, breach: 0 },
  { form: 3, breach: 1 },
  { form: 40, breach: 6 },
];

type Text = fc.Arbitrary<string>;

/** `usual`, or `unusual` with the given percentage. */
const sometimes = (percent: number, unusual: Text, usual: Text): Text =>
  percent === 0
    ? usual
    : fc.oneof({ weight: 100 - percent, arbitrary: usual }, { weight: percent, arbitrary: unusual });

const space = fc.constantFrom("", " ", "\n  ", "\t", "\r\n", "    \n\n");

const TAGS = [
  "",
  "ok",
  "disk full on /data",
  'a "b" \\ c',
  "line\nline\ttab",
  "磁盘空间不足，请检查",
  "🙂 done 🙃",
  "}],[{",
  "\u2028\u007f",
  "\ud800",
  "x\udc00y",
  "\udc00\ud800",
  "\u0000",
  "\uffff",
  "A".repeat(256),
];

const escapeAll = (text: string): string =>
  Array.from({ length: text.length }, (_, index) => {
    const hex = text.charCodeAt(index).toString(16).padStart(4, "0");
    return `\\u${index % 2 ? hex.toUpperCase() : hex}`;
  }).join("");

/** A string as JSON: in the shortest notation, or with escaped characters. */
const spelled = (text: string, form: number): Text =>
  sometimes(
    form,
    fc.constantFrom(
      `"${escapeAll(text)}"`,
      JSON.stringify(text).replaceAll("/", "\\/"),
      `"${escapeAll(text.slice(0, 1))}${JSON.stringify(text.slice(1)).slice(1)}`,
    ),
    fc.constant(JSON.stringify(text)),
  );

const strings = (texts: readonly string[], { form }: Irregularity): Text =>
  fc.constantFrom(...texts).chain((text) => spelled(text, form));

const unknownValue: Text = fc.oneof(
  fc.constantFrom("null", "true", "false", "0", "-1.5e+3", '""', '"}"', "{}", "[]", "[[],{}]"),
  fc.constantFrom('{"status":1,"a":[{"b":[[["]"]]]}]}', '{"":{"":{"":null}}}', "[1,[2,[3,[4]]]]", "1e999"),
  fc.json({ maxDepth: 3 }),
);

/** Unusual numbers. The reader decides whether they are integers in range. */
const unusualNumber = fc.constantFrom(
  ...["-0", "0.0", "1.0", "10e-1", "1e3", "1E+2", "0e0", "5e-1", "0.5", "1e300", "1e400", "-7"],
  ...["999999999999999", "1000000000000000", "9007199254740991", "9007199254740992", "-9007199254740993"],
  ...["9223372036854775807", "9223372036854775808", "-9223372036854775808", "-9223372036854775809"],
  ...["2147483647", "2147483648", "-2147483649", "253402300799999", "253402300800000", "-62167219200001"],
  ...[
    "12345678901234567890123",
    "9".repeat(320),
    "9007199254740993.0",
    "4503599627370497.5",
    "123456789012345678",
  ],
);

const integer = (numbers: readonly (number | bigint)[], { form, breach }: Irregularity): Text =>
  sometimes(
    breach,
    fc.oneof(unknownValue, unusualNumber),
    sometimes(
      form,
      fc.constantFrom(...numbers.map((number) => `${number}.0`), "0", "-0", "1e2"),
      fc.constantFrom(...numbers.map(String)),
    ),
  );

const id = (numbers: readonly (number | bigint)[], irregularity: Irregularity): Text =>
  sometimes(
    irregularity.form,
    fc.constantFrom(String(2n ** 53n + 1n), String(2n ** 63n - 1n), String(-(2n ** 63n))),
    integer(numbers, irregularity),
  );

const string = (texts: readonly string[], irregularity: Irregularity): Text =>
  sometimes(irregularity.breach, unknownValue, strings(texts, irregularity));

type Members = Readonly<Record<string, Text>>;

/** Members without which an object violates the contract or is nearly empty. */
const REQUIRED: ReadonlySet<string> = new Set([
  ...["data", "finished", "job_instance", "step_instance_list", "name", "status", "create_time", "type"],
  ...["job_instance_id", "bk_scope_type", "bk_scope_id", "step_instance_id", "execute_count"],
  ...["id", "container_id", "host", "container", "system_id", "error", "code"],
]);

/** An object with most of these members in random order, with unknown and repeated members. */
function object(members: Members, irregularity: Irregularity): Text {
  const { form, breach } = irregularity;
  const gap = sometimes(form, space, fc.constant(""));
  const written = (name: string, value: Text): Text =>
    fc
      .tuple(
        sometimes(Math.ceil(form / 4), spelled(name, 100), fc.constant(JSON.stringify(name))),
        gap,
        gap,
        sometimes(REQUIRED.has(name) ? breach : form, fc.constant("null"), value),
        gap,
      )
      .map(([key, before, after, text, end]) => `${key}${before}:${after}${text}${end}`);
  const known = Object.entries(members).map(([name, value]) => written(name, value));
  const unknown = fc
    .constantFrom("new", "x", "__proto__", "constructor", "bk_host_id2", "statu", "")
    .chain((name) => written(name, unknownValue));
  const again = fc.array(fc.oneof(...known, unknown), { maxLength: form === 0 ? 0 : 2 });
  const chances = fc.array(fc.nat(99), { minLength: known.length, maxLength: known.length });
  const leftOut = Object.keys(members).map((name) => (REQUIRED.has(name) ? breach / 2 : 10));
  return fc
    .tuple(fc.tuple(...known), again, chances, fc.boolean(), fc.nat(99), gap)
    .map(([texts, more, drawn, isReversed, chance, inside]) => {
      const present = texts.filter((_, index) => (drawn[index] ?? 0) >= (leftOut[index] ?? 0));
      const isUnusual = chance < form;
      const list = isUnusual ? [...present, ...more] : present;
      if (isUnusual && isReversed) list.reverse();
      return `{${inside}${list.join(`,${inside}`)}}`;
    });
}

function list(item: Text, { form, breach }: Irregularity, maxLength: number): Text {
  const items = fc.array(sometimes(Math.ceil(breach / 2), unknownValue, item), { maxLength, size: "max" });
  return fc
    .tuple(items, sometimes(form, space, fc.constant("")))
    .map(([texts, gap]) => `[${gap}${texts.join(`${gap},${gap}`)}${gap}]`);
}

const T = 1_605_064_271_000;
const times = (irregularity: Irregularity): Members => ({
  start_time: integer([T, T + 1, 0], irregularity),
  end_time: integer([T + 1_000, T + 99_999], irregularity),
  total_time: integer([0, 1_000, 2 ** 40], irregularity),
});

const host = (irregularity: Irregularity): Members => ({
  bk_host_id: id([1, 101, 20_000_000_001], irregularity),
  ip: string(["10.0.0.1", "127.0.0.1", ""], irregularity),
  bk_cloud_id: id([0, 1], irregularity),
  ipv6: string(["::1", "2001:db8::1f5", ""], irregularity),
});

const outcome = (irregularity: Irregularity): Members => ({
  status: integer([9, 5, 104, -1], irregularity),
  tag: string(TAGS, irregularity),
  exit_code: integer([0, 1, 255, -1], irregularity),
  error_code: integer([0], irregularity),
  ...times(irregularity),
});

const optional = (value: Text, { breach }: Irregularity): Text => sometimes(breach, unknownValue, value);

function executeObject(irregularity: Irregularity): Text {
  const more = {
    bk_cloud_name: string(["Default Area", "", "区域"], irregularity),
    bk_agent_id: string(["02000000005254", ""], irregularity),
    alive: integer([0, 1, 2], irregularity),
  };
  const container = object(
    {
      id: id([1, 503], irregularity),
      container_id: string(["docker://1", ""], irregularity),
      name: string(["order-api", ""], irregularity),
      node_host_id: id([2_000], irregularity),
    },
    irregularity,
  );
  const common = { type: integer([1, 2], irregularity), resource_id: string(["1", "null"], irregularity) };
  const onHost = object(
    { ...common, host: optional(object({ ...host(irregularity), ...more }, irregularity), irregularity) },
    irregularity,
  );
  const onContainer = object({ ...common, container: optional(container, irregularity) }, irregularity);
  const both = object(
    {
      ...common,
      container: optional(container, irregularity),
      host: optional(object(host(irregularity), irregularity), irregularity),
    },
    irregularity,
  );
  return fc.oneof(
    { weight: 8, arbitrary: onHost },
    { weight: 2, arbitrary: onContainer },
    { weight: irregularity.form > 0 ? 1 : 0, arbitrary: both },
  );
}

function rows(dialect: string, irregularity: Irregularity): Text {
  const target = { execute_object: optional(executeObject(irregularity), irregularity) };
  const flat = object({ ...host(irregularity), ...outcome(irregularity) }, irregularity);
  const released = object({ ...target, ...outcome(irregularity) }, irregularity);
  const mixed = object({ ...host(irregularity), ...target, ...outcome(irregularity) }, irregularity);
  const isMixed = irregularity.form > 0 ? 1 : 0;
  const row = fc.oneof(
    { weight: dialect === "contract" ? 10 : isMixed, arbitrary: flat },
    { weight: dialect === "release" ? 10 : isMixed, arbitrary: released },
    { weight: isMixed, arbitrary: mixed },
  );
  return list(row, irregularity, 14);
}

function job(dialect: string, irregularity: Irregularity): Text {
  const run = {
    name: string(["API Quick execution script1", "作业"], irregularity),
    status: integer([3, 4, 2, 99], irregularity),
    create_time: integer([T], irregularity),
    ...times(irregularity),
  };
  const lists = {
    step_ip_result_list: optional(rows(dialect, irregularity), irregularity),
    step_execute_object_result_list: optional(rows(dialect, irregularity), irregularity),
  };
  const own = dialect === "contract" ? "step_ip_result_list" : "step_execute_object_result_list";
  const stepWith = (some: Members) =>
    object(
      {
        ...run,
        step_instance_id: id([75, 76], irregularity),
        type: integer([1, 2, 3], irregularity),
        execute_count: integer([0, 1], irregularity),
        ...some,
      },
      irregularity,
    );
  const step = fc.oneof(
    { weight: 8, arbitrary: stepWith({ [own]: lists[own] }) },
    { weight: 1, arbitrary: stepWith({}) },
    { weight: irregularity.form > 0 ? 2 : 0, arbitrary: stepWith(lists) },
  );
  const instance = object(
    {
      ...run,
      job_instance_id: id([100], irregularity),
      bk_scope_type: string(["biz", "biz_set"], irregularity),
      bk_scope_id: string(["1"], irregularity),
    },
    irregularity,
  );
  const data = object(
    {
      finished: sometimes(irregularity.breach, unknownValue, fc.constantFrom("true", "false")),
      job_instance: instance,
      step_instance_list: list(step, irregularity, 3),
    },
    irregularity,
  );
  return object({ data, job_request_id: string(["req-1", ""], irregularity) }, irregularity);
}

function failure(irregularity: Irregularity): Text {
  const names = { id: string(["a", "1"], irregularity), name: string(["名称"], irregularity) };
  const node = object(
    { ...names, type: string(["biz"], irregularity), type_name: string(["业务"], irregularity) },
    irregularity,
  );
  const system = {
    system_id: string(["bk_job"], irregularity),
    system_name: string(["作业平台"], irregularity),
  };
  const type = object(
    {
      ...system,
      type: string(["biz"], irregularity),
      instances: list(list(node, irregularity, 2), irregularity, 2),
    },
    irregularity,
  );
  const action = object({ ...names, related_resource_types: list(type, irregularity, 2) }, irregularity);
  const code = fc.oneof(
    string(["NO_PERMISSION", "NOT_FOUND", "OTHER"], irregularity),
    integer([1_640_001], irregularity),
  );
  const detail = object({ code, message: string(["detail"], irregularity) }, irregularity);
  const error = object(
    {
      code,
      message: string(["用户(张三)权限不足", " "], irregularity),
      data: optional(
        object({ ...system, actions: list(action, irregularity, 2) }, irregularity),
        irregularity,
      ),
      details: list(detail, irregularity, 2),
    },
    irregularity,
  );
  return object(
    {
      error: optional(error, irregularity),
      code,
      code_name: string(["INVALID_ARGS"], irregularity),
      message: string(["m"], irregularity),
      result: fc.constantFrom("true", "false", "null"),
      job_request_id: fc.oneof(string(["req-1"], irregularity), id([1], irregularity)),
    },
    irregularity,
  );
}

/** Bodies that are JSON. */
export const randomBody: fc.Arbitrary<Buffer> = fc
  .oneof(
    ...IRREGULARITIES.flatMap((irregularity) => [
      { weight: 4, arbitrary: job("contract", irregularity) },
      { weight: 4, arbitrary: job("release", irregularity) },
      { weight: 1, arbitrary: failure(irregularity) },
      { weight: irregularity.form > 0 ? 1 : 0, arbitrary: unknownValue },
    ]),
  )
  .chain((text) =>
    fc
      .tuple(fc.constantFrom("", "", "", "\uFEFF", " \n"), fc.constantFrom("", "", "", " ", "\n\t"))
      .map(([before, after]) => Buffer.from(before + text + after)),
  );

/** Bytes with a meaning in JSON, and others. */
const MEANINGFUL = [
  ...Buffer.from('{}[]",:\\u0123456789-+.eEntrfals/ \n\tb'),
  0,
  0x1f,
  0x7f,
  0x80,
  0xc3,
  0xef,
  0xff,
];

interface Edit {
  /** Position as a fraction of the length. */
  readonly at: number;
  /** Replaces a digit by a digit or a letter by a letter, so that the body stays valid JSON. */
  readonly isMild: boolean;
  readonly removed: number;
  readonly bytes: readonly number[];
  /** Position of bytes to copy from elsewhere in the body. */
  readonly from: number;
  readonly copied: number;
}

const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  isMild: fc.boolean(),
  removed: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(40)),
  bytes: fc.array(fc.oneof(fc.constantFrom(...MEANINGFUL), fc.nat(255)), { minLength: 1, maxLength: 2 }),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  copied: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(200) }),
});

function apply(body: Buffer, { at, isMild, removed, bytes, from, copied }: Edit): Buffer {
  const begin = Math.floor(at * body.length);
  if (isMild) {
    const [changed, old, [by = 0]] = [Buffer.from(body), String.fromCharCode(body[begin] ?? 0), bytes];
    if (/\d/.test(old)) changed[begin] = 0x30 + (by % 10);
    if (/[a-z]/.test(old)) changed[begin] = 0x61 + (by % 26);
    return changed;
  }
  const source = Math.floor(from * body.length);
  return Buffer.concat([
    body.subarray(0, begin),
    Buffer.from(bytes),
    body.subarray(source, source + copied),
    body.subarray(begin + removed),
  ]);
}

/** Bodies with a few changed bytes, most of which are no longer valid JSON. */
export const mutatedBody: fc.Arbitrary<Buffer> = fc
  .tuple(randomBody, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([body, edits]) => edits.reduce(apply, body));
