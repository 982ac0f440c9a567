/** Fields of objects in urql's normalized cache, which depend on the documents that have selected them. */

export type Arguments = Readonly<Record<string, unknown>>;

/** The part of Graphcache's `Cache` that resolvers use. */
export interface Cache {
  inspectFields(entityKey: string): readonly CachedField[];
  keyOfField(fieldName: string, args?: Arguments | null): string | null;
  resolve(entityKey: string, fieldKey: string): unknown;
}

/** The part of Graphcache's `Cache` that update functions use. */
export interface WritableCache extends Cache {
  link(entityKey: string, fieldKey: string, linkedKey: string): void;
}

export interface CachedField {
  readonly fieldKey: string;
  readonly fieldName: string;
  readonly arguments: Arguments | null;
}

/** The key of a field with its arguments, in its object. */
export const fieldKeyOf = (cache: Cache, fieldName: string, args: Arguments): string =>
  cache.keyOfField(fieldName, Object.keys(args).length > 0 ? args : null) ?? fieldName;

/** Fields that all objects have that a field of a page leads to. */
export type Shape = readonly (readonly [fieldKey: string, fields: Shape])[];

/** Fields of a page, and of the objects in it, that are objects themselves. */
const OBJECTS = new Set(["edges", "nodes", "pageInfo", "node", "container"]);

/** The fields that all of the objects have, and all objects in each of these fields. */
export function shapeOf(cache: Cache, keys: readonly string[]): Shape {
  const [first] = keys;
  return first === undefined
    ? []
    : cache
        .inspectFields(first)
        // A list has the one of the page that is read.
        .filter(({ fieldKey }) => fieldKey !== "totalCount")
        .filter(({ fieldKey }) => keys.every((key) => cache.resolve(key, fieldKey) !== undefined))
        .map(({ fieldKey }) => [
          fieldKey,
          OBJECTS.has(fieldKey)
            ? shapeOf(
                cache,
                keys.flatMap((key) => keysIn(cache.resolve(key, fieldKey))),
              )
            : [],
        ]);
}

/** Whether an object, and all objects in it, have the fields. */
export const hasShape = (cache: Cache, key: string, shape: Shape): boolean =>
  shape.every(([fieldKey, fields]) => {
    const value = cache.resolve(key, fieldKey);
    return (
      value !== undefined &&
      (fields.length === 0 || keysIn(value).every((item) => hasShape(cache, item, fields)))
    );
  });

const keysIn = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((key) => typeof key === "string");
