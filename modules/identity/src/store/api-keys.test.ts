import { createHash, randomUUID } from 'node:crypto'
import { engines, moveTime, newTaskId, PROJECT, useStorage } from '@taskflow/testing'
import { afterEach, describe, expect, test } from 'vitest'
import type { NewApiKey } from '../ports/key-store.ts'

const HOUR = 3_600_000

function newKey(given: Partial<NewApiKey> = {}): NewApiKey {
  const hash = createHash('sha256').update(randomUUID()).digest('hex')
  return { id: newTaskId(), project: PROJECT, name: 'ci', role: 'submitter', hash, expiresAt: null, ...given }
}

for (const engine of engines()) {
  describe(engine.name, () => {
    const given = useStorage(engine)
    afterEach(() => moveTime(given.db, 0))

    test('creates a key and lists it without its hash', async () => {
      const { hash: _, ...key } = newKey({ project: 'lists', expiresAt: new Date('2100-01-01T00:00:00.001Z') })
      const created = await given.storage.createApiKey({ hash: 'h', ...key })
      const { project: __, ...rest } = key
      expect(created).toEqual({ ...rest, createdAt: expect.any(Date), revokedAt: null, lastUsedAt: null })
      expect(await given.storage.listApiKeys('lists')).toEqual([created])
      expect(await given.storage.listApiKeys('other')).toEqual([])
    })

    test('finds the principal of a key', async () => {
      const key = newKey({ role: 'operator', name: 'ann' })
      await given.storage.createApiKey(key)
      expect(await given.storage.findPrincipal(key.hash)).toEqual({
        actor: 'key:ann',
        role: 'operator',
        project: PROJECT,
      })
      expect(await given.storage.findPrincipal('unknown')).toBeUndefined()
    })

    test('finds no principal for an expired key', async () => {
      const key = newKey({ expiresAt: new Date(Date.now() + HOUR) })
      await given.storage.createApiKey(key)
      expect(await given.storage.findPrincipal(key.hash)).toBeDefined()
      await moveTime(given.db, 2 * HOUR)
      expect(await given.storage.findPrincipal(key.hash)).toBeUndefined()
    })

    test('finds no principal for a revoked key, and does nothing when it is revoked again', async () => {
      const key = newKey()
      await given.storage.createApiKey(key)
      const first = await given.storage.revokeApiKey(PROJECT, key.id)
      expect(first.revokedAt).not.toBeNull()
      await moveTime(given.db, HOUR)
      const second = await given.storage.revokeApiKey(PROJECT, key.id)
      expect(second.revokedAt).toEqual(first.revokedAt)
      expect(await given.storage.findPrincipal(key.hash)).toBeUndefined()
    })

    test('refuses to revoke an unknown key or a key of another project', async () => {
      const key = newKey()
      await given.storage.createApiKey(key)
      const notFound = { code: 'API_KEY_NOT_FOUND' }
      await expect(given.storage.revokeApiKey('other', key.id)).rejects.toMatchObject(notFound)
      await expect(given.storage.revokeApiKey(PROJECT, newTaskId())).rejects.toMatchObject(notFound)
      expect(await given.storage.findPrincipal(key.hash)).toBeDefined()
    })

    test('records the use of a key at most once a minute', async () => {
      const key = newKey({ project: 'use' })
      await given.storage.createApiKey(key)
      const useAfter = async (ms: number) => {
        await moveTime(given.db, ms)
        await given.storage.findPrincipal(key.hash)
        return (await given.storage.listApiKeys('use'))[0]!.lastUsedAt!.getTime()
      }
      const first = await useAfter(0)
      expect(await useAfter(30_000)).toBe(first)
      expect((await useAfter(90_000)) - first).toBeGreaterThan(80_000)
    })
  })
}
