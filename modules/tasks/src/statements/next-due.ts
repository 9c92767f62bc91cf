import { sqlBeside, statement } from '@taskflow/database'

export const nextDue = statement<readonly [], { due_in_ms: number | null }>({
  name: 'next_due',
  lane: 'duty',
  columns: ['due_in_ms'],
  text: sqlBeside(import.meta.url),
})
