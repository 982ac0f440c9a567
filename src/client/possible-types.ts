/** The types that a union or an interface of the SDL can be. */

/** For `InMemoryCache` of Apollo Client, so that `... on Problem` matches. */
export const possibleTypes: { JobInstanceResult: string[]; Problem: string[] } = {
  JobInstanceResult: ["JobInstance", "JobInstanceNotFound", "PermissionDenied"],
  Problem: ["JobInstanceNotFound", "PermissionDenied"],
};
