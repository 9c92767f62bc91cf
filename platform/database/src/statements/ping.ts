import { statement } from '../statement.ts'

export const ping = statement<readonly [], { answer: number }>({
  name: 'ping',
  lane: 'heartbeat',
  columns: ['answer'],
  text: `select 1 as answer`,
})
