import { sqlBeside, statement } from '../statement.ts'

export const ping = statement<readonly [], { answer: number }>({
  name: 'ping',
  lane: 'heartbeat',
  columns: ['answer'],
  text: sqlBeside(import.meta.url),
})
