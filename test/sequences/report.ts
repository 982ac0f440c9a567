/** Describes a difference with everything needed to find its cause. */
import type { Asked, Step } from "./draw-steps.ts";
import type { Difference, SequenceOptions, SequenceReport } from "./sequence.ts";

const MAX_RESULT = 2_000;

export function describeReport(
  { differences, shortest }: SequenceReport,
  { seed, hasSnapshots }: Pick<SequenceOptions, "seed" | "hasSnapshots">,
): string {
  const [first] = differences;
  const head = `seed ${seed}, snapshots ${hasSnapshots ? "on" : "off"}`;
  if (!first) return `${head}: no difference.`;
  return `${head}: ${describeDifference(first)}\n${describeShortest(shortest)}`;
}

function describeDifference({ operation, what, asked, actual, expected }: Difference): string {
  return [
    `operation ${operation} differs: ${what}`,
    describeAsked(asked),
    ...(expected ? [`expected: ${cut(expected)}`] : []),
    `got: ${cut(actual)}`,
  ].join("\n");
}

const describeAsked = ({
  name,
  operation,
  identity,
  transport,
  accept,
  isFresh,
  extensions,
}: Asked): string =>
  [
    `document: ${name}`,
    operation.query,
    `variables: ${JSON.stringify(operation.variables ?? {})}, operationName: ${operation.operationName ?? "none"}`,
    `by ${transport}, accept: ${accept}, no-cache: ${isFresh}, extensions: ${JSON.stringify(extensions)}, identity: ${JSON.stringify(identity)}`,
  ].join("\n");

function describeShortest(shortest: readonly Step[] | null): string {
  if (!shortest) return "Neither alone nor after any one earlier step that was tried does it differ.";
  if (shortest.length === 1) return "It differs in the same way as the first request to a new gateway.";
  const [before] = shortest;
  const asked = (before?.asked ?? []).map(describeAsked).join("\n");
  return `It differs in a new gateway too, after this alone:\n${asked}\nversions then: ${JSON.stringify(before?.versions)}`;
}

const cut = (value: unknown): string => JSON.stringify(value).slice(0, MAX_RESULT);

/** One line for each kind of difference, by what differs and in which document. */
export function summarizeDifferences(differences: readonly Difference[]): string {
  const kinds = Map.groupBy(differences, ({ what, asked }) => {
    const [line = ""] = what.split("\n");
    return `${line
      .replace(/\[\d+\]/g, "[…]")
      .replace(/operation \d+/, "an earlier operation")
      .slice(0, 160)} — ${asked.name}`;
  });
  return [...kinds]
    .map(
      ([kind, all]) =>
        `${all.length} × ${kind}: operations ${all.map(({ operation }) => operation).slice(0, 5)}`,
    )
    .join("\n");
}
