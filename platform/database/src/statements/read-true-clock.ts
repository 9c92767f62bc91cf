import { sqlBeside, statement } from '../statement.ts'

/** For a transaction that may have begun long ago. */
export const readTrueClock = statement<readonly [], { now_ms: number }>({
  name: 'read_true_clock',
  columns: ['now_ms'],
  text: sqlBeside(import.meta.url),
})
