import { lastingChannel } from './lasting-channel.ts'
import { hearNames, sayName } from './line-directory.ts'
import type { Link } from './link.ts'

export interface RollCall {
  /** Lines that are known to be in use. */
  readonly present: ReadonlySet<string>
  /** Resolves when it is known of more of these whether they are in use; undefined when it is known of all. */
  call(queues: readonly string[]): Promise<void> | undefined
}

interface Options {
  readonly taking: Link
  readonly publishing: Link
  /** More are present, a call has ended, or has to be made again. */
  onChange(): void
}

/**
 * Finds out which lines are in use: listens for their names, and says the names of
 * those that are wanted. Of a line that comes into use later it hears unasked.
 */
export function rollCall({ taking, publishing, onChange }: Options): RollCall {
  const present = new Set<string>()
  /** Their names were said while we listened. */
  let called = new Set<string>()
  let ear = ''
  let answer = Promise.withResolvers<void>()
  let calling: Promise<void> | undefined

  const listening = lastingChannel(taking, async (channel) => {
    channel.once('close', () => {
      called = new Set()
      answer.reject(new Error('nobody listens any more'))
      onChange()
    })
    channel.once('basic.cancel', () => void channel.close())
    ear = await hearNames(channel, onHeard)
  })
  const speaking = lastingChannel(publishing)

  function onHeard(said: string): void {
    if (said === ear) answer.resolve()
    else present.add(said)
    onChange()
  }

  async function callOut(queues: readonly string[]): Promise<void> {
    await listening()
    const heard = called
    const channel = await speaking()
    answer = Promise.withResolvers()
    answer.promise.catch(() => {})
    await publishing.ask(async () => {
      const said = queues.map((queue) => sayName(channel, queue))
      // One channel's messages come in order: whose name was not heard by then is not in use.
      await Promise.all([...said, channel.basicPublish(ear, ear), answer.promise])
    })
    for (const queue of queues) heard.add(queue)
  }

  return {
    present,
    call(queues) {
      const uncalled = queues.filter((queue) => !called.has(queue))
      if (uncalled.length === 0) return undefined
      calling ??= callOut(uncalled).finally(() => {
        calling = undefined
        onChange()
      })
      return calling
    },
  }
}
