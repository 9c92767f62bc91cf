import { sqlBeside, statement } from '../statement.ts'

/** Runs on the connection of submissions, which may be missing although others exist: roles have connection limits. */
export const checkWrites = statement<readonly [], { accepts_writes: boolean }>({
  name: 'check_writes',
  lane: 'submit',
  columns: ['accepts_writes'],
  text: sqlBeside(import.meta.url),
})
