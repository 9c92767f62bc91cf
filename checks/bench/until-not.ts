import { eventually } from '@taskflow/testing/wait'
import type { Client } from 'pg'

const PATIENCE_MS = 180_000

/** Looks until no task is left. Rejects when some still are after three minutes. */
export async function untilNot(hasSome: () => Promise<boolean>, lookMs: number): Promise<void> {
  const bound = { timeoutMs: PATIENCE_MS, everyMs: lookMs, what: 'the last task to finish' }
  await eventually(async () => !(await hasSome()), bound)
}

/** Queries the database, which costs the servers nothing, for one row with a boolean `has`. */
export const asksWhether =
  (client: Client, text: string, values: readonly unknown[] = []) =>
  async (): Promise<boolean> =>
    (await client.query<{ has: boolean }>({ name: 'has', text, values: [...values] })).rows[0]?.has ?? false
