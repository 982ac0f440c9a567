/**
 * The data that an operation requires of the upstream. graphql-js executes the operation on fake jobs, and the resolved
 * fields are recorded. Shares no code with the gateway.
 */
import { globSync, readFileSync } from "node:fs";
import {
  buildSchema,
  type DocumentNode,
  execute,
  type GraphQLFieldResolver,
  getNamedType,
  getNullableType,
  isEnumType,
  isLeafType,
  isListType,
  parse,
  validate,
} from "graphql";
import type { RefInput } from "./draw.ts";
import type { Operation } from "./reference.ts";
import type { JobPath } from "./upstream.ts";

/** `either` if an argument below the job is invalid: whether its field counts as selected is not defined. */
export type RequiredData = "status" | "hosts" | "either";

/** Required data by job. */
export type Requirements = ReadonlyMap<JobPath, RequiredData>;

const HOST_FIELDS: ReadonlySet<string> = new Set([
  "JobInstance.hostSummary",
  "StepInstance.hostSummary",
  "StepInstance.hostResults",
  "StepInstance.hostGroups",
]);

/** An object of the fake jobs. */
interface FakeObject {
  /** Key of the root field that it is below. */
  readonly root: string;
  readonly isOfHosts: boolean;
}

interface Notes {
  readonly paths: Map<string, readonly JobPath[]>;
  /** Keys of the root fields that need host results. */
  readonly needsHosts: Set<string>;
}

const SCALARS: Readonly<Record<string, unknown>> = { Int: 1, Boolean: true, SafeInt: 1 };

const SCHEMA = new URL("../../schema/", import.meta.url);
/** Limits in the documentation. */
const [MAX_REFS, MAX_JOBS] = [50, 100];

/** The SDL as text. */
export const readSchema = (): string =>
  globSync("*.graphql", { cwd: SCHEMA })
    .map((file) => readFileSync(new URL(file, SCHEMA), "utf8"))
    .join("\n");

export function createRequirements(): (operation: Operation) => Promise<Requirements> {
  const notesOf = createNotes();
  return async (operation) => {
    const { notes, uncertain } = await notesOf(operation);
    return requirementsOf(notes, uncertain);
  };
}

/**
 * Whether root fields with an invalid argument below them require host results, which is not defined: the first one, and
 * all further ones.
 */
export type Assumption = readonly [first: boolean, others: boolean];

export const ASSUMPTIONS: readonly Assumption[] = [
  [true, true],
  [false, false],
  [true, false],
  [false, true],
];

/** Finds the keys of the root fields that require host results. */
export function createHostRoots(): (
  operation: Operation,
  assumption: Assumption,
) => Promise<ReadonlySet<string>> {
  const notesOf = createNotes();
  return async (operation, [first, others]) => {
    const { notes, uncertain } = await notesOf(operation);
    const roots = [...uncertain].sort();
    return new Set([
      ...notes.needsHosts.difference(uncertain),
      ...roots.filter((_, index) => (index === 0 ? first : others)),
    ]);
  };
}

function createNotes() {
  // Nullable, so that an error of one root field does not prevent the others, which the gateway may have started.
  const schema = buildSchema(readSchema().replace(": [JobInstanceResult]!", ": [JobInstanceResult]"));

  const resolve: GraphQLFieldResolver<FakeObject | undefined, Notes> = (source, args, notes, info) => {
    const { parentType, fieldName, returnType, path } = info;
    if (!source) {
      const root = String(path.key);
      // The schema has these two arguments at its root.
      const refs: readonly RefInput[] = args.refs ?? [args.ref];
      notes.paths.set(root, pathsOf(refs));
      const job: FakeObject = { root, isOfHosts: false };
      return args.refs ? refs.map(() => job) : job;
    }
    const type = getNullableType(returnType);
    const isList = isListType(type);
    const isOfHosts = source.isOfHosts || HOST_FIELDS.has(`${parentType.name}.${fieldName}`);
    const named = getNamedType(returnType);
    // An object of host data exists in any case; the length of a list and a value require host results.
    if (isOfHosts && (isList || isLeafType(named))) notes.needsHosts.add(source.root);
    const value = isEnumType(named)
      ? named.getValues()[0]?.name
      : isLeafType(named)
        ? (SCALARS[named.name] ?? "x")
        : { root: source.root, isOfHosts };
    return isList ? [value] : value;
  };

  // Parsed documents by query; null for invalid ones.
  const documents = new Map<string, DocumentNode | null>();
  const documentOf = (query: string): DocumentNode | null => {
    const known = documents.get(query);
    if (known !== undefined) return known;
    const document = parsed(query);
    const valid = document && validate(schema, document).length === 0 ? document : null;
    documents.set(query, valid);
    return valid;
  };

  return async ({ query, variables = {}, operationName }: Operation) => {
    const notes: Notes = { paths: new Map(), needsHosts: new Set() };
    const document = documentOf(query);
    if (!document) return { notes, uncertain: new Set<string>() };
    const { errors = [] } = await execute({
      schema,
      document,
      variableValues: variables,
      operationName: operationName ?? null,
      contextValue: notes,
      fieldResolver: resolve,
      typeResolver: () => "JobInstance",
    });
    const deep = errors.flatMap(({ path = [] }) => (path.length > 1 ? [String(path[0])] : []));
    return { notes, uncertain: new Set(deep) };
  };
}

function parsed(query: string): DocumentNode | null {
  try {
    return parse(query);
  } catch {
    return null;
  }
}

function requirementsOf({ paths, needsHosts }: Notes, uncertain: ReadonlySet<string>): Requirements {
  const requirements = new Map<JobPath, RequiredData>();
  for (const [root, jobs] of paths) {
    const needs = needsHosts.has(root) ? "hosts" : uncertain.has(root) ? "either" : "status";
    for (const job of jobs) {
      const known = requirements.get(job);
      if (known !== "hosts" && !(known === "either" && needs === "status")) requirements.set(job, needs);
    }
  }
  return requirements.size > MAX_JOBS ? new Map() : requirements;
}

const SCOPE_TYPES: Readonly<Record<string, string>> = { BIZ: "biz", BIZ_SET: "biz_set" };

/** The jobs that a root field looks up. @throws if any reference is invalid. */
function pathsOf(refs: readonly RefInput[]): JobPath[] {
  if (refs.length < 1 || refs.length > MAX_REFS) throw new Error("Refused.");
  return refs.map(({ scopeType = "", scopeId, jobInstanceId }) => {
    const type = SCOPE_TYPES[scopeType];
    const isId = /^[1-9]\d{0,18}$/.test(jobInstanceId) && BigInt(jobInstanceId) < 2n ** 63n;
    if (type === undefined || scopeId.trim() === "" || !isId) throw new Error("Refused.");
    return `${type}/${scopeId}/${jobInstanceId}`;
  });
}
