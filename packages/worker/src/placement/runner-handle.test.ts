import { handClock } from '@taskflow/testing/hand-clock'
import { expect, test } from 'vitest'
import type { FromRunner } from '../protocol.ts'
import type { ChannelListener, OpenChannel } from './channel.ts'
import { startRunner } from './runner-handle.ts'

/** A runner whose messages the test sends. */
function setup() {
  const clock = handClock()
  const listeners: ChannelListener[] = []
  const open: OpenChannel = (listener) => {
    listeners.push(listener)
    return { send() {}, kill: async () => listener.onExit('exited with code 1') }
  }
  const reported: (readonly [ms: number, module: string | undefined])[] = []
  const subject = startRunner({
    placement: 'shared',
    channels: { shared: open, thread: open, process: open },
    folder: 'tasks',
    clock,
    listener: {
      onReport() {},
      onCrash() {},
      onSlowLoad: (ms, { loadingModule }) => reported.push([ms, loadingModule]),
    },
  })
  return { subject, clock, reported, receive: (message: FromRunner) => listeners[0]?.onMessage(message) }
}

test('reports an import that takes long with its module, more and more seldom', async () => {
  const { clock, reported, receive } = setup()
  receive({ kind: 'loading', module: 'a.ts' })
  receive({ kind: 'loading', module: 'b.ts' })
  await clock.advance(60_000)
  expect(reported).toEqual([
    [5_000, 'b.ts'],
    [15_000, 'b.ts'],
    [35_000, 'b.ts'],
  ])
})

test('reports no load that ends in time', async () => {
  const { subject, clock, reported, receive } = setup()
  receive({ kind: 'loading', module: 'a.ts' })
  await clock.advance(4_900)
  receive({ kind: 'ready', types: [] })
  await clock.advance(60_000)
  expect({ reported, module: subject.loadingModule }).toEqual({ reported: [], module: undefined })
  expect(clock.sleepers).toBe(0)
})

test('reports no load of a runner that was killed', async () => {
  const { subject, clock, reported } = setup()
  await subject.kill()
  await clock.advance(60_000)
  expect(reported).toEqual([])
})
