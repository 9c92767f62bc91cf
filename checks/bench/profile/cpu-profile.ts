/** The format in which V8's profiler writes: samples of the stack, each with the time since the previous sample. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** Microseconds since the previous sample. */
  readonly timeDeltas: readonly number[]
  /** Microseconds of the machine's monotonic clock, which `process.hrtime()` reads as well. */
  readonly startTime: number
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: CallFrame
  readonly children?: readonly number[]
}

interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface SelfTimes {
  readonly busyUs: number
  readonly idleUs: number
  readonly byFunction: ReadonlyMap<string, number>
  readonly byPackage: ReadonlyMap<string, number>
}

const IDLE = '(idle)'

/** Keeps only the samples between two moments of the monotonic clock: those under load, without start and stop. */
export function between(profile: CpuProfile, fromUs: number, toUs: number): CpuProfile {
  const samples: number[] = []
  const timeDeltas: number[] = []
  let atUs = profile.startTime
  profile.timeDeltas.forEach((us, index) => {
    atUs += us
    if (atUs < fromUs || atUs > toUs) return
    samples.push(profile.samples[index] ?? 0)
    timeDeltas.push(us)
  })
  return { nodes: profile.nodes, samples, timeDeltas, startTime: Math.max(fromUs, profile.startTime) }
}

/** Adds up the time that functions, and packages, spent at the top of the stack. */
export function selfTimes({ nodes, samples, timeDeltas }: CpuProfile): SelfTimes {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byFunction = new Map<string, number>()
  const byPackage = new Map<string, number>()
  let [busyUs, idleUs] = [0, 0]
  samples.forEach((id, index) => {
    const us = timeDeltas[index] ?? 0
    const frame = frames.get(id)
    if (!frame || frame.functionName === IDLE) {
      idleUs += us
      return
    }
    busyUs += us
    add(byFunction, nameOf(frame), us)
    add(byPackage, packageOf(frame), us)
  })
  return { busyUs, idleUs, byFunction, byPackage }
}

function add(to: Map<string, number>, key: string, us: number): void {
  to.set(key, (to.get(key) ?? 0) + us)
}

/** Names a function and its place, as briefly as functions can be distinguished. */
export function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const place = url.split('/').slice(-3).join('/')
  return `${functionName || '(anonymous)'}${place ? ` ${place}:${lineNumber + 1}` : ''}`
}

function packageOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)'
  if (url.startsWith('node:')) return 'node'
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  return installed ?? /\/(packages\/[^/]+)\//.exec(url)?.[1] ?? url
}
