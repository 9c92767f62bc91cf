type End = () => unknown

/**
 * Ends the parts of a process, stage after stage, all parts of a stage at once. A failure does not prevent the end of the
 * other parts: an open connection would keep the process running, and a worker that is not stopped releases no task.
 *
 * @throws the first failure, once every part has ended
 */
export async function endInStages(...stages: readonly (readonly End[])[]): Promise<void> {
  const failures: unknown[] = []
  for (const stage of stages) {
    const ended = await Promise.allSettled(stage.map(async (end) => end()))
    failures.push(...ended.flatMap((each) => (each.status === 'rejected' ? [each.reason] : [])))
  }
  if (failures.length > 0) throw failures[0]
}
