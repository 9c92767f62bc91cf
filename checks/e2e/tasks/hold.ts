import { existsSync } from 'node:fs'
import { defineTask } from '@taskflow/sdk'

interface Gate {
  /** The file whose appearance lets the handler go on. */
  readonly gate: string
}

const LOOK_MS = 20

/** Throws what the signal says when it aborts before. */
export async function untilOpen(gate: string, signal: AbortSignal): Promise<void> {
  while (!existsSync(gate)) {
    signal.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}

/** Runs for as long as a test wants it to; stops when it is asked to. */
export const hold = defineTask({
  type: 'hold',
  async run({ gate }: Gate, { signal }) {
    await untilOpen(gate, signal)
    return { opened: gate }
  },
})
