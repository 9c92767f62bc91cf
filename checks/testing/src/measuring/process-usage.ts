/** CPU time and memory of processes, read from /proc: Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

// Linux counts CPU time in hundredths of a second on every platform of Node.js.
const TICK_MS = 10

/** CPU time of a process with all its threads, so far. */
export function cpuMsOf(pid: number): number {
  const fields = statOf(pid)
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

/** CPU time of a process and its children, those that have ended included. */
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

/** Resident memory of a process and its children; pages that several of them share count for each. */
export const familyMiBOf = (parent: number): number =>
  [parent, ...childrenOf(parent)].reduce((sum, pid) => sum + (tryTo(() => residentMiBOf(pid)) ?? 0), 0)

export const parentOf = (pid: number): number => Number(statOf(pid)[1])

function childrenOf(parent: number): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).filter((pid) => tryTo(() => parentOf(pid)) === parent)
}

/** Returns undefined when the process has ended in the meantime. */
function tryTo<Value>(look: () => Value): Value | undefined {
  try {
    return look()
  } catch {
    return undefined
  }
}

/** The fields after the program's name, which may itself contain blanks and brackets. */
function statOf(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  return text.slice(text.lastIndexOf(')') + 2).split(' ')
}
