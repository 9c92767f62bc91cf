import { nowMs } from './moment.ts'

/** About 100 bytes as JSON, and the moment of the call that submits it, from which pickup is counted. */
export interface Payload {
  readonly at: number
  readonly text: string
}

const TEXT = 'x'.repeat(64)

export const payload = (): Payload => ({ at: nowMs(), text: TEXT })
