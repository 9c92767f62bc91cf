import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ABORT_REASONS, FAILURES } from '@taskflow/tasks'
import { expect, test } from 'vitest'
import { ROOT } from '../run.ts'

const reference = readFileSync(join(ROOT, 'docs/reference/failures.md'), 'utf8')

test('the page lists every failure of the registry, with its reasons, and no other', () => {
  const listed = [...reference.matchAll(/^\| <a id="(\w+)"><\/a>`(\w+)` \| ([^|]+) \|/gm)]
  expect(listed.map(([, anchor, name, reasons]) => [anchor, name, reasons?.replaceAll('`', '').split(', ')])).toEqual(
    Object.entries(FAILURES).map(([name, { reasons }]) => [name, name, [...reasons]]),
  )
})

test('the page lists every abort reason, and no other', () => {
  const listed = [...reference.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  expect(listed).toEqual(Object.keys(ABORT_REASONS))
})
