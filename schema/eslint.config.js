/** Rules for the SDL: those that graphql-eslint recommends, and those of Relay. Each exception has its reason. */
import graphql from "@graphql-eslint/eslint-plugin";

const RECOMMENDED = graphql.configs["flat/schema-recommended"].rules;
const [, { "ObjectTypeDefinition,ObjectTypeExtension": objectNames, ...others }] =
  RECOMMENDED["@graphql-eslint/naming-convention"];
const selector = "ObjectTypeDefinition[name.value!=IamRelatedResourceType],ObjectTypeExtension";

export default [
  {
    files: ["schema/*.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "schema/*.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...RECOMMENDED,
      ...graphql.configs["flat/schema-relay"].rules,
      // One line is enough for most descriptions. A block would triple the length of the SDL.
      "@graphql-eslint/description-style": "off",
      // `id` is the id for client caches. The ids of BlueKing have the names that BlueKing gives them: `jobInstanceId`
      // for `job_instance_id`, `containerId` for `container_id`.
      "@graphql-eslint/no-typename-prefix": "off",
      // These are values, which have no identity: pages, counts, outcomes, and what a user can apply for.
      "@graphql-eslint/strict-id-in-types": [
        "error",
        {
          exceptions: {
            types: [
              "HostResultGroup",
              "HostStatusCount",
              "HostSummary",
              "IamAction",
              "IamApplication",
              "IamRelatedResourceType",
              "IamResourceNode",
              "JobInstanceNotFound",
              "PageInfo",
              "PermissionDenied",
              "RunStatusCount",
              "RunSummary",
            ],
            suffixes: ["Connection", "Edge"],
          },
        },
      ],
      // The type of a resource in IAM is called a resource type.
      "@graphql-eslint/naming-convention": ["error", { ...others, [selector]: objectNames }],
      // Pages go forward only: the host results of a running step change, so a page before the first one has no meaning.
      "@graphql-eslint/relay-arguments": ["error", { includeBoth: false }],
      // There is no `node(id)`: an id alone does not say with whose permissions to read. Not all lists are pages: groups
      // and steps are short.
      "@graphql-eslint/relay-edge-types": [
        "error",
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
    },
  },
];
