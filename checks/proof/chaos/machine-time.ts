/** The machine's own clock, which all its processes share and nobody can set: milliseconds from its start. */
export const machineMs = (): number => Number(process.hrtime.bigint() / 1_000n) / 1_000

/** The same of a moment that a server told by its wall clock, which is the machine's and true. */
export function machineMsOf(moment: Date): number {
  return moment.getTime() - Date.now() + machineMs()
}
