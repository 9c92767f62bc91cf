import { loadavg } from 'node:os'
import { setTimeout as pause } from 'node:timers/promises'
import { coreTimes } from '@taskflow/testing/measuring/machine'

/** The load of the machine by other programs. */
export interface Strangers {
  /** Over the last minute, our own work included. */
  readonly loadAverage: number
  /** Share of all cores that was busy while the bench did nothing, in percent. */
  readonly busyPercent: number
}

export async function strangers(restMs: number): Promise<Strangers> {
  const before = coreTimes()
  await pause(restMs)
  const after = coreTimes()
  const busyPercent = Math.round((100 * (after.busy - before.busy)) / (after.total - before.total))
  return { loadAverage: Number((loadavg()[0] ?? 0).toFixed(1)), busyPercent }
}

// Above this share, figures say more about the other programs than about TaskFlow.
const LOADED_PERCENT = 15

export const isLoaded = ({ busyPercent }: Strangers): boolean => busyPercent > LOADED_PERCENT
