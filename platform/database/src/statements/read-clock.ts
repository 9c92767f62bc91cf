import { sqlBeside, statement } from '../statement.ts'

export const readClock = statement<readonly [], { now: Date }>({
  name: 'read_clock',
  columns: ['now'],
  tellsTime: 'now',
  text: sqlBeside(import.meta.url),
})
