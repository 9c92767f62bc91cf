import { statement } from '@taskflow/database'

export const nextDue = statement<readonly [], { due_in_ms: number | null }>({
  name: 'next_due',
  lane: 'duty',
  columns: ['due_in_ms'],
  text: `
    select (extract(epoch from min(run_at) - clock_now()) * 1000)::float8 as due_in_ms
    from task
    where state in ('scheduled', 'retrying')`,
})
