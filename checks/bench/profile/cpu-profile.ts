/** What V8's profiler writes: samples of the stack, each with the time since the one before. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
  /** Microseconds of the machine's monotonic clock, as `process.hrtime()` has it. */
  readonly startTime: number
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: CallFrame
  readonly children?: readonly number[]
}

export interface CallFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

export interface SelfTimes {
  readonly busyUs: number
  readonly idleUs: number
  readonly byFunction: ReadonlyMap<string, number>
  readonly byPackage: ReadonlyMap<string, number>
}

const IDLE = '(idle)'

/** Only the samples between two moments of the monotonic clock: those of the load, say, without the start and the end. */
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

/** Time on top of the stack by node. A node without any is left out, and so is the time in which nothing ran. */
export function busyUsByNode({ nodes, samples, timeDeltas }: CpuProfile): ReadonlyMap<number, number> {
  const idle = new Set(nodes.filter(({ callFrame }) => callFrame.functionName === IDLE).map(({ id }) => id))
  const byNode = new Map<number, number>()
  samples.forEach((id, index) => {
    if (!idle.has(id)) add(byNode, id, timeDeltas[index] ?? 0)
  })
  return byNode
}

/** The time that functions, and packages, took themselves. */
export function selfTimes(profile: CpuProfile): SelfTimes {
  const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byFunction = new Map<string, number>()
  const byPackage = new Map<string, number>()
  let busyUs = 0
  for (const [id, us] of busyUsByNode(profile)) {
    const frame = frames.get(id)
    if (!frame) continue
    busyUs += us
    add(byFunction, nameOf(frame), us)
    add(byPackage, packageOf(frame), us)
  }
  const allUs = profile.timeDeltas.reduce((sum, us) => sum + us, 0)
  return { busyUs, idleUs: allUs - busyUs, byFunction, byPackage }
}

function add<Key>(to: Map<Key, number>, key: Key, us: number): void {
  to.set(key, (to.get(key) ?? 0) + us)
}

/** The function and where it is, as short as it can be told apart. */
export function nameOf({ functionName, url, lineNumber }: CallFrame): string {
  const place = url.split('/').slice(-3).join('/')
  return `${functionName || '(anonymous)'}${place ? ` ${place}:${lineNumber + 1}` : ''}`
}

export function packageOf({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)'
  if (url.startsWith('node:')) return 'node'
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  return installed ?? /\/(packages\/[^/]+)\//.exec(url)?.[1] ?? url
}
