import { engines, useStorage } from '@taskflow/testing'
import { type ApiWorld, openApiWorld, type World } from './api-world.ts'

/** The timeout of a fuzzing test, with a large margin for a busy machine. */
export const TIMEOUT_MS = 120_000

/** Opens worlds over one PGlite of the enclosing tests, one after the other; closes each when its work is done. */
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
