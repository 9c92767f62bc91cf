type End = () => unknown

/**
 * Ends what there is, stage after stage and all of a stage at once, whatever fails on the way: what is left open
 * would keep the process from ending, and a worker that is not told to stop hands nothing back.
 *
 * @throws what failed first, once everything was ended
 */
export async function endInStages(...stages: readonly (readonly End[])[]): Promise<void> {
  const failures: unknown[] = []
  for (const stage of stages) {
    const ended = await Promise.allSettled(stage.map(async (end) => end()))
    failures.push(...ended.flatMap((each) => (each.status === 'rejected' ? [each.reason] : [])))
  }
  if (failures.length > 0) throw failures[0]
}
