import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ALL_ERRORS as ERRORS } from '@taskflow/server/errors'
import { expect, test } from 'vitest'
import { ROOT } from '../run.ts'
import { openApiDocument } from './openapi-document.ts'

const registry = Object.entries(ERRORS)
const reference = readFileSync(join(ROOT, 'docs/reference/errors.md'), 'utf8')

test('the page lists every code of the registry, with its status, and no other', () => {
  const listed = [...reference.matchAll(/^\| <a id="(\w+)"><\/a>`(\w+)` \| (\d+) \|/gm)]
  expect(listed.map(([, anchor, code, status]) => [anchor, code, Number(status)])).toEqual(
    registry.map(([code, { status }]) => [code, code, status]),
  )
})

test('the API document lists the same codes', async () => {
  const { components } = await openApiDocument()
  expect(components.schemas.Problem?.properties?.code?.enum).toEqual(registry.map(([code]) => code))
})
