import { readdirSync, readFileSync } from 'node:fs'

// Linux counts in hundredths of a second wherever Node.js runs.
const TICK_MS = 10

/** CPU time of a process with all its threads, so far. Linux only, as is all of this file. */
export function cpuMsOf(pid: number): number {
  const fields = statOf(pid)
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** CPU time of a process, of its children, and of those that have ended. */
export function familyCpuMsOf(parent: number): number {
  const reaped = statOf(parent)
  const ended = (Number(reaped[13]) + Number(reaped[14])) * TICK_MS
  return [parent, ...childrenOf(parent)].reduce((sum, pid) => sum + (tryTo(() => cpuMsOf(pid)) ?? 0), ended)
}

/** Resident memory, in MiB. */
export function residentMiBOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1_024
}

/** Of a process and its children; what they share is counted for each. */
export const familyMiBOf = (parent: number): number =>
  [parent, ...childrenOf(parent)].reduce((sum, pid) => sum + (tryTo(() => residentMiBOf(pid)) ?? 0), 0)

export const parentOf = (pid: number): number => Number(statOf(pid)[1])

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => tryTo(() => parentOf(pid)) === parent)
}

/** Undefined when the process has ended meanwhile. */
function tryTo<Value>(look: () => Value): Value | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** What follows the program's name, which may itself hold blanks and brackets. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
