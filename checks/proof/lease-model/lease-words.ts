/** How a step is told. */
import { type Attempt, type Incarnation, type Message, RESCUER } from './lease-state.ts'

export const nameOf = (worker: number): string => (worker === RESCUER ? 'the rescuer' : `worker ${'ABCDEF'[worker]}`)
export const lifeOf = ({ worker, life }: Incarnation): string =>
  `${nameOf(worker)}${life > 0 ? ` (life ${life + 1})` : ''}`
export const taskName = (task: number): string => `task ${task + 1}`
export const leaseOf = (task: number, lease: number): string => `${taskName(task)} under lease ${lease}`
export const spoken = ({ task, lease }: Attempt): string => leaseOf(task, lease)
export const senderOf = ({ from }: Message & { kind: 'settle' }): string => nameOf(from)
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export function described(message: Message): string {
  switch (message.kind) {
    case 'claim':
      return `the claim of ${lifeOf(message.by)}`
    case 'beat':
      return `a heartbeat of ${lifeOf(message.by)}`
    case 'settle':
      return `the word of ${senderOf(message)} that ${spoken(message)} is to ${message.ending}`
    case 'bury':
      return `the word to declare ${lifeOf(message.of)} dead`
    default:
      return `the goodbye of ${lifeOf(message.by)}`
  }
}
