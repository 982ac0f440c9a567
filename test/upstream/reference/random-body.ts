/**
 * Random bodies of the endpoint as texts: both dialects, as tidy as the documentation or in every form that JSON allows,
 * with and without mistakes. They are made as texts, not as values, as most of what is tested is in the writing.
 */
import fc from "fast-check";

/** How many of the values are written in unusual ways, or are not what the contract says, in percent. */
interface Oddity {
  readonly form: number;
  readonly breach: number;
}

const ODDITIES: readonly Oddity[] = [
  { form: 0, breach: 0 },
  { form: 3, breach: 0 },
  { form: 40, breach: 0 },
  { form: 3, breach: 1 },
  { form: 40, breach: 6 },
];

type Text = fc.Arbitrary<string>;

/** `usual`, or `unusual` in some percent of the cases. */
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

/** A string as JSON writes it: as short as may be, or with any of its characters escaped. */
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

const strings = (texts: readonly string[], { form }: Oddity): Text =>
  fc.constantFrom(...texts).chain((text) => spelled(text, form));

const unknownValue: Text = fc.oneof(
  fc.constantFrom("null", "true", "false", "0", "-1.5e+3", '""', '"}"', "{}", "[]", "[[],{}]"),
  fc.constantFrom('{"status":1,"a":[{"b":[[["]"]]]}]}', '{"":{"":{"":null}}}', "[1,[2,[3,[4]]]]", "1e999"),
  fc.json({ maxDepth: 3 }),
);

/** What a number may look like; whether that is an integer, and one that fits, is for the reader to say. */
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

const integer = (numbers: readonly (number | bigint)[], { form, breach }: Oddity): Text =>
  sometimes(
    breach,
    fc.oneof(unknownValue, unusualNumber),
    sometimes(
      form,
      fc.constantFrom(...numbers.map((number) => `${number}.0`), "0", "-0", "1e2"),
      fc.constantFrom(...numbers.map(String)),
    ),
  );

const id = (numbers: readonly (number | bigint)[], oddity: Oddity): Text =>
  sometimes(
    oddity.form,
    fc.constantFrom(String(2n ** 53n + 1n), String(2n ** 63n - 1n), String(-(2n ** 63n))),
    integer(numbers, oddity),
  );

const string = (texts: readonly string[], oddity: Oddity): Text =>
  sometimes(oddity.breach, unknownValue, strings(texts, oddity));

type Members = Readonly<Record<string, Text>>;

/** Members without which their object breaks the contract, or says next to nothing. */
const REQUIRED: ReadonlySet<string> = new Set([
  ...["data", "finished", "job_instance", "step_instance_list", "name", "status", "create_time", "type"],
  ...["job_instance_id", "bk_scope_type", "bk_scope_id", "step_instance_id", "execute_count"],
  ...["id", "container_id", "host", "container", "system_id", "error", "code"],
]);

/** An object with most of these members, in an order of its own, with others between them, and some given twice. */
function object(members: Members, oddity: Oddity): Text {
  const { form, breach } = oddity;
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
      const isOdd = chance < form;
      const list = isOdd ? [...present, ...more] : present;
      if (isOdd && isReversed) list.reverse();
      return `{${inside}${list.join(`,${inside}`)}}`;
    });
}

function list(item: Text, { form, breach }: Oddity, maxLength: number): Text {
  const items = fc.array(sometimes(Math.ceil(breach / 2), unknownValue, item), { maxLength, size: "max" });
  return fc
    .tuple(items, sometimes(form, space, fc.constant("")))
    .map(([texts, gap]) => `[${gap}${texts.join(`${gap},${gap}`)}${gap}]`);
}

const T = 1_605_064_271_000;
const times = (oddity: Oddity): Members => ({
  start_time: integer([T, T + 1, 0], oddity),
  end_time: integer([T + 1_000, T + 99_999], oddity),
  total_time: integer([0, 1_000, 2 ** 40], oddity),
});

const host = (oddity: Oddity): Members => ({
  bk_host_id: id([1, 101, 20_000_000_001], oddity),
  ip: string(["10.0.0.1", "127.0.0.1", ""], oddity),
  bk_cloud_id: id([0, 1], oddity),
  ipv6: string(["::1", "2001:db8::1f5", ""], oddity),
});

const outcome = (oddity: Oddity): Members => ({
  status: integer([9, 5, 104, -1], oddity),
  tag: string(TAGS, oddity),
  exit_code: integer([0, 1, 255, -1], oddity),
  error_code: integer([0], oddity),
  ...times(oddity),
});

const optional = (value: Text, { breach }: Oddity): Text => sometimes(breach, unknownValue, value);

function executeObject(oddity: Oddity): Text {
  const more = {
    bk_cloud_name: string(["Default Area", "", "区域"], oddity),
    bk_agent_id: string(["02000000005254", ""], oddity),
    alive: integer([0, 1, 2], oddity),
  };
  const container = object(
    {
      id: id([1, 503], oddity),
      container_id: string(["docker://1", ""], oddity),
      name: string(["order-api", ""], oddity),
      node_host_id: id([2_000], oddity),
    },
    oddity,
  );
  const common = { type: integer([1, 2], oddity), resource_id: string(["1", "null"], oddity) };
  const onHost = object(
    { ...common, host: optional(object({ ...host(oddity), ...more }, oddity), oddity) },
    oddity,
  );
  const onContainer = object({ ...common, container: optional(container, oddity) }, oddity);
  const both = object(
    {
      ...common,
      container: optional(container, oddity),
      host: optional(object(host(oddity), oddity), oddity),
    },
    oddity,
  );
  return fc.oneof(
    { weight: 8, arbitrary: onHost },
    { weight: 2, arbitrary: onContainer },
    { weight: oddity.form > 0 ? 1 : 0, arbitrary: both },
  );
}

function rows(dialect: string, oddity: Oddity): Text {
  const target = { execute_object: optional(executeObject(oddity), oddity) };
  const flat = object({ ...host(oddity), ...outcome(oddity) }, oddity);
  const released = object({ ...target, ...outcome(oddity) }, oddity);
  const mixed = object({ ...host(oddity), ...target, ...outcome(oddity) }, oddity);
  const isMixed = oddity.form > 0 ? 1 : 0;
  const row = fc.oneof(
    { weight: dialect === "contract" ? 10 : isMixed, arbitrary: flat },
    { weight: dialect === "release" ? 10 : isMixed, arbitrary: released },
    { weight: isMixed, arbitrary: mixed },
  );
  return list(row, oddity, 14);
}

function job(dialect: string, oddity: Oddity): Text {
  const run = {
    name: string(["API Quick execution script1", "作业"], oddity),
    status: integer([3, 4, 2, 99], oddity),
    create_time: integer([T], oddity),
    ...times(oddity),
  };
  const lists = {
    step_ip_result_list: optional(rows(dialect, oddity), oddity),
    step_execute_object_result_list: optional(rows(dialect, oddity), oddity),
  };
  const own = dialect === "contract" ? "step_ip_result_list" : "step_execute_object_result_list";
  const stepWith = (some: Members) =>
    object(
      {
        ...run,
        step_instance_id: id([75, 76], oddity),
        type: integer([1, 2, 3], oddity),
        execute_count: integer([0, 1], oddity),
        ...some,
      },
      oddity,
    );
  const step = fc.oneof(
    { weight: 8, arbitrary: stepWith({ [own]: lists[own] }) },
    { weight: 1, arbitrary: stepWith({}) },
    { weight: oddity.form > 0 ? 2 : 0, arbitrary: stepWith(lists) },
  );
  const instance = object(
    {
      ...run,
      job_instance_id: id([100], oddity),
      bk_scope_type: string(["biz", "biz_set"], oddity),
      bk_scope_id: string(["1"], oddity),
    },
    oddity,
  );
  const data = object(
    {
      finished: sometimes(oddity.breach, unknownValue, fc.constantFrom("true", "false")),
      job_instance: instance,
      step_instance_list: list(step, oddity, 3),
    },
    oddity,
  );
  return object({ data, job_request_id: string(["req-1", ""], oddity) }, oddity);
}

function failure(oddity: Oddity): Text {
  const names = { id: string(["a", "1"], oddity), name: string(["名称"], oddity) };
  const node = object(
    { ...names, type: string(["biz"], oddity), type_name: string(["业务"], oddity) },
    oddity,
  );
  const system = { system_id: string(["bk_job"], oddity), system_name: string(["作业平台"], oddity) };
  const type = object(
    { ...system, type: string(["biz"], oddity), instances: list(list(node, oddity, 2), oddity, 2) },
    oddity,
  );
  const action = object({ ...names, related_resource_types: list(type, oddity, 2) }, oddity);
  const code = fc.oneof(
    string(["NO_PERMISSION", "NOT_FOUND", "OTHER"], oddity),
    integer([1_640_001], oddity),
  );
  const detail = object({ code, message: string(["detail"], oddity) }, oddity);
  const error = object(
    {
      code,
      message: string(["用户(张三)权限不足", " "], oddity),
      data: optional(object({ ...system, actions: list(action, oddity, 2) }, oddity), oddity),
      details: list(detail, oddity, 2),
    },
    oddity,
  );
  return object(
    {
      error: optional(error, oddity),
      code,
      code_name: string(["INVALID_ARGS"], oddity),
      message: string(["m"], oddity),
      result: fc.constantFrom("true", "false", "null"),
      job_request_id: fc.oneof(string(["req-1"], oddity), id([1], oddity)),
    },
    oddity,
  );
}

/** Bodies that are JSON. */
export const randomBody: fc.Arbitrary<Buffer> = fc
  .oneof(
    ...ODDITIES.flatMap((oddity) => [
      { weight: 4, arbitrary: job("contract", oddity) },
      { weight: 4, arbitrary: job("release", oddity) },
      { weight: 1, arbitrary: failure(oddity) },
      { weight: oddity.form > 0 ? 1 : 0, arbitrary: unknownValue },
    ]),
  )
  .chain((text) =>
    fc
      .tuple(fc.constantFrom("", "", "", "\uFEFF", " \n"), fc.constantFrom("", "", "", " ", "\n\t"))
      .map(([before, after]) => Buffer.from(before + text + after)),
  );

/** Bytes that mean something in JSON, and some that do not. */
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
  /** Where, as a part of the length. */
  readonly at: number;
  /** Replaces a digit by a digit, or a letter by a letter: the body is JSON then as before. */
  readonly isMild: boolean;
  readonly removed: number;
  readonly bytes: readonly number[];
  /** Bytes that are copied to here from elsewhere in the body. */
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

/** Bodies with a few bytes changed, most of which are no longer JSON. */
export const mutatedBody: fc.Arbitrary<Buffer> = fc
  .tuple(randomBody, fc.array(edit, { minLength: 1, maxLength: 3 }))
  .map(([body, edits]) => edits.reduce(apply, body));
