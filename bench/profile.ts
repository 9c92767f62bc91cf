/**
 * `node bench/profile.ts [--skip <ms>] <file.cpuprofile …>`: the functions that took most of the time of their own, and the
 * shares of each package; without its first milliseconds, say those of the start. Profiles come from `npm run bench -- --profile <dir>`; a browser's developer tools show them as flame graphs.
 */
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { alignedText } from './table.ts'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

const TOP = 25

const { values, positionals } = parseArgs({
  options: { skip: { type: 'string', default: '0' } },
  allowPositionals: true,
})
const skipUs = Number(values.skip) * 1_000

for (const file of positionals) {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile
  const { busyUs, idleUs, byFunction, byPackage } = selfTimes(profile)
  const share = (us: number) => `${((100 * us) / busyUs).toFixed(1)} %`
  const rows = (times: ReadonlyMap<string, number>) =>
    [...times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, TOP)
      .map(([name, us]) => [name, share(us)])
  console.log(`\n${basename(file)}: busy ${Math.round(busyUs / 1_000)} ms, idle ${Math.round(idleUs / 1_000)} ms\n`)
  console.log(alignedText(rows(byPackage)))
  console.log(`\n${alignedText(rows(byFunction))}`)
}

function selfTimes({ nodes, samples, timeDeltas }: Profile) {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byFunction = new Map<string, number>()
  const byPackage = new Map<string, number>()
  const add = (to: Map<string, number>, key: string, us: number) => to.set(key, (to.get(key) ?? 0) + us)
  let [busyUs, idleUs, atUs] = [0, 0, 0]
  samples.forEach((id, index) => {
    const { functionName = '', url = '', lineNumber = 0 } = frames.get(id) ?? {}
    const us = timeDeltas[index] ?? 0
    atUs += us
    if (atUs < skipUs) return
    if (functionName === '(idle)') idleUs += us
    else {
      busyUs += us
      add(byFunction, `${functionName || '(anonymous)'} ${placeOf(url)}${url ? `:${lineNumber + 1}` : ''}`, us)
      add(byPackage, packageOf(url, functionName), us)
    }
  })
  return { busyUs, idleUs, byFunction, byPackage }
}

function placeOf(url: string): string {
  return url.split('/').slice(-3).join('/')
}

function packageOf(url: string, functionName: string): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)'
  if (url.startsWith('node:')) return 'node'
  const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]
  return installed ?? /\/(packages\/[^/]+)\//.exec(url)?.[1] ?? url
}
