import { sqlBeside, statement } from '@taskflow/database'

type Params = readonly [taskIds: string[], leaseIds: string[], outcomeByReason: string]

interface Row {
  id: string
  lease_id: string
  ended: 'task' | 'attempt'
  outcome: string
}

/** Returns how the attempts of these leases ended, if they ended: for settlements whose first reply was lost. */
export const findSettledLeases = statement<Params, Row>({
  name: 'find_settled_leases',
  lane: 'settle',
  columns: ['id', 'lease_id', 'ended', 'outcome'],
  text: sqlBeside(import.meta.url),
})
