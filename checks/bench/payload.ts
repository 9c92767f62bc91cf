import { nowMs } from '@taskflow/testing/measuring/machine-clock'

/** About 100 bytes as JSON, with the moment of the submitting call, from which the pickup is measured. */
export interface Payload {
  readonly at: number
  readonly text: string
}

const TEXT = 'x'.repeat(64)

export const payload = (): Payload => ({ at: nowMs(), text: TEXT })
