/** A query to begin with: shown by the explorer, and at the start of a demo. */
export const SAMPLE_QUERY = `{
  jobInstance(ref: { scopeId: "1", jobInstanceId: "20000000002" }) {
    ... on JobInstance {
      name
      status
      elapsedMs
      hostSummary { total succeeded failed }
      steps {
        name
        status
        hostGroups { status tag count }
      }
    }
    ... on Problem { message }
  }
}`;
