/** The sentences that describe the steps. */
import { type Attempt, type Incarnation, type Message, RESCUER } from './lease-state.ts'

export const nameOf = (worker: number): string => (worker === RESCUER ? 'the rescuer' : `worker ${'ABCDEF'[worker]}`)
export const lifeOf = ({ worker, life }: Incarnation): string =>
  `${nameOf(worker)}${life > 0 ? ` (incarnation ${life + 1})` : ''}`
export const taskName = (task: number): string => `task ${task + 1}`
export const leaseOf = (task: number, lease: number): string => `${taskName(task)} under lease ${lease}`
export const attemptName = ({ task, lease }: Attempt): string => leaseOf(task, lease)
export const senderOf = ({ from }: Message & { kind: 'settle' }): string => nameOf(from)
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

export function described(message: Message): string {
  switch (message.kind) {
    case 'claim':
      return `the claim of ${lifeOf(message.by)}`
    case 'heartbeat':
      return `a heartbeat of ${lifeOf(message.by)}`
    case 'settle':
      return `the message of ${senderOf(message)} to ${message.ending} ${attemptName(message)}`
    case 'mark lost':
      return `the message to mark ${lifeOf(message.of)} lost`
    default:
      return `the report that ${lifeOf(message.by)} stops`
  }
}
