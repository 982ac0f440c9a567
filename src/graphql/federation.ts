/**
 * Apollo Federation 2: what makes the gateway a subgraph, so that a router can compose it with other GraphQL services.
 * Other subgraphs refer to a job by its key, and the router gets the job from `_entities`, through the same loader as
 * every other lookup.
 */
import { GraphQLScalarType, valueFromASTUntyped } from "graphql";
import { EntityUnavailable, InvalidInput } from "../model/errors.ts";
import type { JobInstance } from "../model/job-instance.ts";
import type { ScopeType } from "../model/sdl.generated.ts";
import type { GraphQLContext } from "./context.ts";
import { parseJobRef } from "./resolvers/root.ts";

/** Maximum number of representations in one list. An operation can refer to as many distinct jobs. */
const MAX_REPRESENTATIONS = 100;

/** The fields and types that every subgraph has in addition to its own schema. */
export const FEDERATION_SDL = `
"A reference to an entity: its type in \`__typename\`, and the fields of its key."
scalar _Any

"The types that other subgraphs can refer to."
union _Entity = JobInstance

"What a router reads to compose the supergraph."
type _Service {
  "The SDL of this subgraph."
  sdl: String!
}

extend type Query {
  """
  The entities that other subgraphs refer to, in the order of \`representations\`. An item is null if there is no such
  job instance, the user has no permission, or the upstream call fails; see \`errors\`.
  """
  _entities("References to job instances, at most ${MAX_REPRESENTATIONS}." representations: [_Any!]!): [_Entity]!
  "What a router reads to compose the supergraph."
  _service: _Service!
}
`;

/** The rules for composition. */
const COMPOSITION_SDL = `
extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

extend type JobInstance @key(fields: "jobInstanceId scope { type id }")
`;

/**
 * Types without an identity, which other subgraphs can define, too: the key of a job contains a scope, and every schema
 * with connections has a `PageInfo`. The directive of an extension would not apply to the fields of the type.
 */
const SHAREABLE_TYPES = /^type (PageInfo|ResourceScope)(?= \{)/gm;

const subgraphSdl = (sdl: string): string =>
  sdl.replace(SHAREABLE_TYPES, "type $1 @shareable") + COMPOSITION_SDL;

/** @param sdl of the schema without `FEDERATION_SDL` */
export const createFederationResolvers = (sdl: string) => ({
  _Any: new GraphQLScalarType({
    name: "_Any",
    parseValue: (value) => value,
    parseLiteral: valueFromASTUntyped,
  }),
  _Entity: { __resolveType: () => "JobInstance" },
  Query: {
    _service: () => ({ sdl: subgraphSdl(sdl) }),
    _entities: (
      _: unknown,
      { representations }: { readonly representations: readonly unknown[] },
      { jobs, requiredData }: GraphQLContext,
      { path }: { readonly path: { readonly key: string | number } },
    ): Promise<JobInstance>[] => {
      const { length } = representations;
      if (length > MAX_REPRESENTATIONS) {
        throw new InvalidInput(
          `Expected \`representations\` to contain at most ${MAX_REPRESENTATIONS} references, got ${length}.`,
        );
      }
      const required = requiredData(path.key);
      // Async, so that an invalid reference fails alone.
      return representations.map(async (representation, index) => {
        const outcome = await jobs.load(parseRepresentation(representation, index), required);
        if (outcome.kind !== "job") throw new EntityUnavailable(outcome);
        return outcome;
      });
    },
  },
});

/** @throws InvalidInput for anything but a reference to a job that can exist */
function parseRepresentation(representation: unknown, index: number) {
  const { __typename: typeName, jobInstanceId, scope } = propertiesOf(representation);
  const { type, id } = propertiesOf(scope);
  const at = `In \`representations[${index}]\``;
  if (typeName !== "JobInstance") {
    throw new InvalidInput(`${at}: expected \`__typename\` to be JobInstance, got ${shown(typeName)}.`);
  }
  for (const [name, value] of Object.entries({ jobInstanceId, "scope.type": type, "scope.id": id })) {
    if (typeof value !== "string" && !Number.isSafeInteger(value))
      throw new InvalidInput(`${at}: expected \`${name}\` to be a string, got ${shown(value)}.`);
  }
  try {
    // `parseJobRef` rejects what is not a scope type.
    const scopeType = String(type) as ScopeType;
    return parseJobRef({ scopeType, scopeId: String(id), jobInstanceId: String(jobInstanceId) });
  } catch (error) {
    throw error instanceof InvalidInput ? new InvalidInput(`${at}: ${error.message}`) : error;
  }
}

const propertiesOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

/** Values are from the request: any JSON, of any size. */
const shown = (value: unknown): string => String(JSON.stringify(value)).slice(0, 40);
