import { lookIntoFolder } from '@taskflow/testing/look-into'
import { useProcesses } from '@taskflow/testing/processes'
import { script } from '@taskflow/testing/raw-sql'
import { expect, test } from 'vitest'
import { checkFolder } from './check-store.ts'

const processes = useProcesses()

test('a store that breaks an invariant spoils the figure, and one that was never made does not', async () => {
  const dataDir = processes.tempFolder()
  await checkFolder(dataDir)
  await lookIntoFolder(dataDir, (db) =>
    script(
      db,
      `insert into leader (name, holder, term, elected_at, expires_at)
       values ('coordinator', gen_random_uuid(), 1, now(), now() - interval '1 s')`,
    ),
  )
  await expect(checkFolder(dataDir)).rejects.toThrow(
    'The store breaks invariants: leader coordinator was elected after its lease expired',
  )
})
