import { sqlBeside, statement } from '@taskflow/database'

interface Row {
  id: string
  lease_id: string
  ended: 'task' | 'attempt'
  outcome: string
}

/** How the attempts of these leases ended, those that did: for settlements whose first reply was lost. */
export const findSettledLeases = statement<readonly [taskIds: string[], leaseIds: string[]], Row>({
  name: 'find_settled_leases',
  lane: 'settle',
  columns: ['id', 'lease_id', 'ended', 'outcome'],
  text: sqlBeside(import.meta.url),
})
