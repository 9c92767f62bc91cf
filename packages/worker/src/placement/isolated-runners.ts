import type { Clock } from '@taskflow/kernel'
import type { RunnerHandle } from './runner-handle.ts'

type Isolated = 'thread' | 'process'

// Loading modules anew for each attempt would cost more than many an attempt; an idle runner costs memory.
const IDLE_MS = 10_000

interface Options {
  readonly clock: Clock
  open(placement: Isolated): RunnerHandle
}

/** Runners that hold one attempt at a time, so that each can be killed and blamed alone. Kept a while for the next. */
export interface IsolatedRunners {
  /** Rejects when the runner cannot load its modules. */
  borrow(placement: Isolated): Promise<RunnerHandle>
  /** Of a runner whose attempt ended by itself. */
  giveBack(runner: RunnerHandle): void
  stop(): Promise<void>
}

export function isolatedRunners({ clock, open }: Options): IsolatedRunners {
  const all = new Set<RunnerHandle>()
  const idle: { readonly runner: RunnerHandle; readonly sinceMs: number }[] = []
  const stopping = new AbortController()
  let isSweeping = false

  function takeIdle(placement: Isolated): RunnerHandle | undefined {
    // The one used last: the others grow old and go.
    const index = idle.findLastIndex(({ runner }) => runner.placement === placement && !runner.isGone)
    return index < 0 ? undefined : idle.splice(index, 1)[0]?.runner
  }

  function openOne(placement: Isolated): RunnerHandle {
    for (const runner of all) if (runner.isGone) all.delete(runner)
    const runner = open(placement)
    all.add(runner)
    return runner
  }

  async function sweep(): Promise<void> {
    if (isSweeping) return
    isSweeping = true
    while (idle.length > 0 && !stopping.signal.aborted) {
      await clock.sleep(IDLE_MS / 4, stopping.signal)
      const oldest = clock.monotonicMs() - IDLE_MS
      while (idle[0] && idle[0].sinceMs <= oldest) void idle.shift()?.runner.kill()
    }
    isSweeping = false
  }

  return {
    async borrow(placement) {
      const runner = takeIdle(placement) ?? openOne(placement)
      try {
        await runner.ready
      } catch (error) {
        void runner.kill()
        throw error
      }
      return runner
    },
    giveBack(runner) {
      if (runner.isGone || stopping.signal.aborted) return
      idle.push({ runner, sinceMs: clock.monotonicMs() })
      void sweep()
    },
    async stop() {
      stopping.abort()
      await Promise.all([...all].map((runner) => runner.kill()))
    },
  }
}
