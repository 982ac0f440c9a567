/** The schema that compiled operations run on: the public one with rows as leaves. */
import { makeExecutableSchema } from "@graphql-tools/schema";
import {
  type FieldNode,
  type GraphQLFieldResolver,
  type GraphQLResolveInfo,
  GraphQLScalarType,
  type GraphQLSchema,
  Kind,
  parse,
  visit,
} from "graphql";
import type { GraphQLContext } from "../context.ts";
import { hostResultsOf } from "../host-results.ts";
import { createResolvers } from "../schema.ts";
import { readSdl } from "../sdl.ts";
import type { HostConnectionSource } from "../sources.ts";
import { attachedFields, ROW_FIELDS, ROW_FIELDS_TYPE } from "./detached-rows.ts";
import { createRowWriters, type RowWriter, type RowWriters } from "./row-writer.ts";

const ROWS = "DetachedRows";

export function createExecutionSchema(publicSchema: GraphQLSchema): GraphQLSchema {
  const resolvers = createResolvers();
  const writers = createRowWriters(publicSchema);
  return makeExecutableSchema({
    typeDefs: [withRowLeaves(), `scalar ${ROWS}`],
    resolvers: {
      ...resolvers,
      [ROWS]: new GraphQLScalarType({ name: ROWS }),
      [ROW_FIELDS_TYPE]: {
        ...resolvers.HostResultConnection,
        nodes: rowResolver(writers, ROW_FIELDS.nodes),
        edges: rowResolver(writers, ROW_FIELDS.edges),
      },
    },
  });
}

/** The SDL with a scalar in the place of lists of rows. */
const withRowLeaves = () =>
  visit(parse(readSdl()), {
    ObjectTypeDefinition: ({ name }) => (name.value === ROW_FIELDS_TYPE ? undefined : false),
    FieldDefinition: (field) => {
      if (!(field.name.value in ROW_FIELDS)) return undefined;
      const rows = { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: ROWS } } as const;
      return { ...field, type: { kind: Kind.NON_NULL_TYPE, type: rows } };
    },
  });

function rowResolver(
  writers: RowWriters,
  rowType: string,
): GraphQLFieldResolver<HostConnectionSource, GraphQLContext> {
  // A document's field nodes are the same objects each time it runs.
  const known = new WeakMap<FieldNode, { readonly nodes: readonly FieldNode[]; readonly write: RowWriter }>();
  const writerFor = ({ fieldNodes, fragments }: GraphQLResolveInfo): RowWriter => {
    const [first] = fieldNodes;
    const cached = first && known.get(first);
    if (cached && sameItems(cached.nodes, fieldNodes)) return cached.write;
    const write = writers.create(rowType, attachedFields(fieldNodes), fragments);
    if (first) known.set(first, { nodes: fieldNodes, write });
    return write;
  };
  return ({ step, connection }, _args, { detached }, info) =>
    detached.write((sink) => writerFor(info)(sink, { step, results: hostResultsOf(step), connection }));
}

const sameItems = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((item, index) => item === b[index]);
