import { durablePostgres } from '@taskflow/testing/measuring/durable-postgres'
import { findPython } from './python.ts'
import type { Bench } from './scenario.ts'
import { openServices } from './services.ts'
import { openStores } from './stores.ts'

/** Starts PostgreSQL; other services start when a scenario needs them. */
export async function openBench(
  extent: Pick<Bench, 'isQuick' | 'isTiny' | 'isAlone' | 'profileDir'>,
): Promise<Bench & { close(): Promise<void> }> {
  const postgres = await durablePostgres()
  const services = openServices()
  let found: ReturnType<typeof findPython> | undefined
  return {
    ...extent,
    services,
    stores: openStores(postgres, services),
    python() {
      found ??= findPython(!extent.isQuick)
      return found
    },
    async close() {
      await services.stop()
      await postgres.stop()
    },
  }
}
