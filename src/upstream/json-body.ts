/**
 * Parses response bodies by a shape that lists the members the gateway uses. Known members are parsed as by
 * `JSON.parse`, lists of host rows become tables, and everything else is only checked for syntax. Memory and depth of
 * recursion are therefore bounded by the shape, not by what a server sends.
 *
 *   {"data":{"finished":true,"step_instance_list":[{"name":"s","step_ip_result_list":[{…},…]}],"new":[[[…]]]}}
 *
 * becomes `{data: {finished: true, step_instance_list: [{name: "s", step_ip_result_list: <rows>}]}}`.
 */
import { isUtf8 } from "node:buffer";
import type { HostTable } from "../model/host-table.ts";
import type { RequiredData } from "../model/job-instance.ts";
import { atPath, ContractViolation, LIST } from "./decoders.ts";
import { createHostRowReader, type DeferredHostTable, type HostRowReader } from "./host-row-reader.ts";
import { createFields, type Fields, fieldAt } from "./json-fields.ts";
import {
  createJsonScanner,
  firstMember,
  type JsonScanner,
  JsonSyntaxError,
  nextMember,
  skipSpace,
} from "./json-scanner.ts";
import { OPAQUE_LIST, ANY_OBJECT as OPAQUE_OBJECT, readScalar, skipValue } from "./json-values.ts";

const [OPEN_BRACKET, CLOSE_BRACKET, OPEN_BRACE, CLOSE_BRACE] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The expected shape of a value. A value of another type is parsed without its content; decoding then rejects it. */
type Shape =
  | { readonly kind: "scalar" }
  | { readonly kind: "rows"; readonly read: HostRowReader }
  | { readonly kind: "list"; readonly item: Shape }
  | { readonly kind: "object"; readonly members: Fields<Member> };

interface Member {
  readonly name: string;
  readonly shape: Shape;
}

const SCALAR: Shape = { kind: "scalar" };
const listOf = (item: Shape): Shape => ({ kind: "list", item });
const objectOf = (shapes: Readonly<Record<string, Shape>>): Shape => {
  const members = Object.entries(shapes).map(([name, shape]) => [name, { name, shape }]);
  return { kind: "object", members: createFields(Object.fromEntries(members)) };
};
/** Members with scalar values. */
const scalars = (...names: readonly string[]): Record<string, Shape> =>
  Object.fromEntries(names.map((name) => [name, SCALAR]));

const TIMES = ["create_time", "start_time", "end_time", "total_time"];

/** The combined shape of successful responses and all kinds of error responses: only the body shows which one it is. */
function bodyShape(stepLists: Readonly<Record<string, Shape>>): Shape {
  const step = objectOf({
    ...scalars("step_instance_id", "type", "name", "status", "execute_count", ...TIMES),
    ...stepLists,
  });
  const job = objectOf(
    scalars("job_instance_id", "bk_scope_type", "bk_scope_id", "name", "status", ...TIMES),
  );
  const data = objectOf({ ...scalars("finished"), job_instance: job, step_instance_list: listOf(step) });

  const instance = objectOf(scalars("id", "type", "name", "type_name"));
  const resourceType = objectOf({
    ...scalars("system_id", "system_name", "type", "type_name"),
    instances: listOf(listOf(instance)),
  });
  const action = objectOf({ ...scalars("id", "name"), related_resource_types: listOf(resourceType) });
  const application = objectOf({ ...scalars("system_id", "system_name"), actions: listOf(action) });
  const error = objectOf({
    ...scalars("code", "message"),
    data: application,
    details: listOf(objectOf(scalars("code", "message"))),
  });
  return objectOf({ ...scalars("job_request_id", "result", "code", "code_name", "message"), data, error });
}

/**
 * Parses a body.
 * @returns undefined if it is not JSON in UTF-8. A list of host rows becomes a `DeferredHostTable`, or is omitted if
 *   host results are not required. Integers beyond ±(2^53-1) become bigints.
 */
export type BodyReader = (bytes: Buffer, requiredData: RequiredData) => unknown;

export function createBodyReader(): BodyReader {
  const rows: Shape = { kind: "rows", read: createHostRowReader() };
  const shapes: Readonly<Record<RequiredData, Shape>> = {
    status: bodyShape({}),
    hosts: bodyShape({ step_execute_object_result_list: rows, step_ip_result_list: rows }),
  };
  return (bytes, requiredData) => {
    // The scanner relies on valid UTF-8. A byte order mark is allowed before the JSON.
    if (!isUtf8(bytes)) return undefined;
    const hasMark = bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
    const scanner = createJsonScanner(bytes);
    try {
      let at = skipSpace(bytes, hasMark ? BYTE_ORDER_MARK.length : 0);
      at = readValue(scanner, shapes[requiredData], at);
      // Never read past the end: V8 would deoptimize all later reads.
      if (at < bytes.length) at = skipSpace(bytes, at);
      return at === bytes.length ? scanner.value : undefined;
    } catch (error) {
      if (error instanceof JsonSyntaxError) return undefined;
      throw error;
    }
  };
}

/** Reads a value into `scanner.value`. A value of another type than expected is read as a scalar or an opaque value. */
function readValue(scanner: JsonScanner, shape: Shape, at: number): number {
  const byte = scanner.bytes[at];
  if (shape.kind === "object" && byte === OPEN_BRACE) return readObject(scanner, shape.members, at);
  if (shape.kind === "list" && byte === OPEN_BRACKET) return readList(scanner, shape.item, at);
  if (shape.kind === "rows" && byte === OPEN_BRACKET) return shape.read(scanner, at);
  return readScalar(scanner, at);
}

function readObject(scanner: JsonScanner, members: Fields<Member>, begin: number): number {
  const { bytes } = scanner;
  // Objects without known members share one value, so a list of millions of them takes no memory per item.
  let object: Record<string, unknown> | null = null;
  let field = members.start;
  let at = firstMember(bytes, begin, CLOSE_BRACE);
  while (at > 0) {
    field = fieldAt(scanner, members, field, at);
    at = skipSpace(bytes, at + field.length);
    if (field.target === null) at = skipValue(scanner, at);
    else {
      const { name, shape } = field.target;
      at = readValue(scanner, shape, at);
      object ??= {};
      object[name] = scanner.value;
    }
    at = nextMember(bytes, at, CLOSE_BRACE);
  }
  scanner.value = object ?? OPAQUE_OBJECT;
  return -at;
}

function readList(scanner: JsonScanner, item: Shape, begin: number): number {
  const { bytes } = scanner;
  const items: unknown[] = [];
  let isInvalid = false;
  let at = firstMember(bytes, begin, CLOSE_BRACKET);
  while (at > 0) {
    if (isInvalid) at = skipValue(scanner, at);
    else {
      const byte = bytes[at];
      at = readValue(scanner, item, at);
      items.push(scanner.value);
      // Decoding fails at the first item that is not an object or has no known members, so the items after it are only
      // checked for syntax, not retained.
      isInvalid = item.kind === "object" && (byte !== OPEN_BRACE || scanner.value === OPAQUE_OBJECT);
    }
    at = nextMember(bytes, at, CLOSE_BRACKET);
  }
  scanner.value = items.length > 0 ? items : OPAQUE_LIST;
  return -at;
}

const BYTE_ORDER_MARK = Buffer.from("\uFEFF");

/** JSON has no functions, so a function in a parsed body is always a list of host rows. */
const isHostRows = (value: unknown): value is DeferredHostTable => typeof value === "function";

/** The table of an optional list of host rows. @throws ContractViolation */
export function hostTableOf(value: unknown, name: string): HostTable | null {
  if (value === undefined || value === null) return null;
  if (!isHostRows(value)) throw new ContractViolation(name, LIST, value);
  return atPath(name, value);
}

/** Returns null if the bytes are not valid UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
