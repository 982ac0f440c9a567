/** The worker of the editor of operations: completion, validation, hover. */
import "monaco-graphql/esm/graphql.worker.js";
