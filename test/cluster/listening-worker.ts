/** A worker that reports that it is listening, and runs until it is told to close. */
process.send?.({ kind: "listening", url: "http://127.0.0.1:1/graphql", metricsUrl: null });

process.on("message", ({ kind }: { readonly kind: string }) => {
  if (kind === "close") process.exit(0);
});
