import type { Channel } from 'rabbitmq-client'
import type { Link } from './link.ts'

/** Gives the channel of one purpose: prepared when it is first asked for, and anew once it has closed. */
export function lastingChannel(
  link: Link,
  prepare: (channel: Channel) => Promise<void> = async () => {},
): () => Promise<Channel> {
  let opening: Promise<Channel> | undefined
  let opened: Channel | undefined

  async function open(): Promise<Channel> {
    const channel = await link.openChannel()
    try {
      await link.ask(() => prepare(channel))
    } catch (error) {
      void channel.close()
      throw error
    }
    opened = channel
    return channel
  }

  return () => {
    // Not told by its end: of a channel that is being closed that may come seconds later.
    if (opened?.active === false) opening = opened = undefined
    opening ??= open().catch((error: unknown) => {
      opening = undefined
      throw error
    })
    return opening
  }
}
