import { engines, useStorage } from '@taskflow/testing'
import { type ApiWorld, openApiWorld, type World } from './api-world.ts'

/** Of a test that fuzzes: far more than it takes, for a machine that does much else. */
export const TIMEOUT_MS = 120_000

/** Worlds over one PGlite of the enclosing tests, one after the other; each is closed when its work is done. */
export function useApiWorlds() {
  const [pglite] = engines()
  if (pglite?.kind !== 'pglite') throw new Error('Expected PGlite to be the first engine')
  const given = useStorage(pglite)
  return async function inWorld<Result>(
    work: (world: ApiWorld) => Promise<Result>,
    storageOf?: World['storageOf'],
  ): Promise<Result> {
    const world = await openApiWorld({ db: given.db, ...(storageOf && { storageOf }) })
    try {
      return await work(world)
    } finally {
      await world.close()
    }
  }
}
