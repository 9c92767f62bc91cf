import { expect, test } from 'vitest'
import type { CpuProfile } from './cpu-profile.ts'
import { flameGraph } from './flame-graph.ts'

const frame = (functionName: string) => ({
  functionName,
  url: `file:///t/packages/core/src/${functionName}.ts`,
  lineNumber: 0,
})

/** `outer` calls `inner` from two places, so V8 knows it as two nodes. */
const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame('(root)'), children: [2] },
    { id: 2, callFrame: frame('outer'), children: [3, 4, 5] },
    { id: 3, callFrame: frame('inner') },
    { id: 4, callFrame: frame('inner') },
    { id: 5, callFrame: frame('</script>') },
  ],
  samples: [2, 3, 4, 5],
  timeDeltas: [100, 200, 300, 400],
  startTime: 0,
}

const flamesIn = (page: string) => JSON.parse(/const root = (.*)/.exec(page)?.[1] ?? '')

test('a bar is as wide as the time of a function and all it called, and its calls are merged', () => {
  const [outer] = flamesIn(flameGraph(PROFILE, 'api')).calls
  expect(outer).toMatchObject({ name: 'outer core/src/outer.ts:1', package: 'packages/core', us: 1_000 })
  expect(outer.calls).toMatchObject([{ name: 'inner core/src/inner.ts:1', us: 500, calls: [] }, { us: 400 }])
})

test('bars too thin to see are left out', () => {
  const { calls } = flamesIn(flameGraph({ ...PROFILE, timeDeltas: [1_000_000, 1, 1, 400_000] }, 'api'))
  expect(calls[0].calls).toHaveLength(1)
})

test('nothing in a profile or its title can end the script or the title', () => {
  const page = flameGraph(PROFILE, '<api> & co')
  expect(page.match(/<\/script>/g)).toHaveLength(1)
  expect(page).toContain('<title>&lt;api> &amp; co</title>')
})
