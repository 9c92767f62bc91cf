import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { emptyDatabase, engines, newTaskId, PROJECT, useStorage } from '@taskflow/testing'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ensureAdministrator } from './administrator.ts'
import { hashSecret } from './secrets.ts'

const engine = engines()[0]!

describe('the administrator', () => {
  const given = useStorage(engine)
  const ids = { next: newTaskId }
  let dir: string
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'taskflow-administrator-'))
    await emptyDatabase(given.db)
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  const ensure = (keyFile: string | undefined = join(dir, 'admin.key')) =>
    ensureAdministrator({ storage: given.storage, ids, project: PROJECT, keyFile })

  test('is created at the first start, and the key in the folder signs in', async () => {
    const { secret, isNew } = await ensure()
    expect(isNew).toBe(true)
    expect(readFileSync(join(dir, 'admin.key'), 'utf8').trim()).toBe(secret)
    expect(await given.storage.findPrincipal(hashSecret(secret!))).toMatchObject({ role: 'admin', project: PROJECT })
  })

  test('keeps its key at the second start', async () => {
    const { secret } = await ensure()
    expect(await ensure()).toEqual({ secret, isNew: false })
  })

  test('is created again when the last key was revoked or will expire', async () => {
    await ensure()
    const [first] = await given.storage.listApiKeys(PROJECT)
    await given.storage.revokeApiKey(PROJECT, first!.id)
    const expiresAt = new Date(Date.now() + 1_000_000)
    await given.storage.createApiKey({
      id: newTaskId(),
      project: PROJECT,
      name: 'guest',
      role: 'admin',
      hash: 'h',
      expiresAt,
    })
    const { secret, isNew } = await ensure()
    expect(isNew).toBe(true)
    expect(await given.storage.findPrincipal(hashSecret(secret!))).toMatchObject({ role: 'admin' })
  })

  test('gets its secret once if no folder keeps it', async () => {
    const ensureWithoutFile = () =>
      ensureAdministrator({ storage: given.storage, ids, project: PROJECT, keyFile: undefined })
    expect(await ensureWithoutFile()).toMatchObject({ isNew: true })
    expect(await ensureWithoutFile()).toEqual({ secret: undefined, isNew: false })
  })

  test('is created by one of several processes that start at once', async () => {
    const starts = Array.from({ length: 8 }, () =>
      ensureAdministrator({ storage: given.storage, ids, project: PROJECT, keyFile: undefined }),
    )
    const started = await Promise.all(starts)
    expect(started.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(await given.storage.listApiKeys(PROJECT)).toHaveLength(1)
  })
})
