import type { Channel } from 'rabbitmq-client'
import type { Link } from './link.ts'

/** Gives the channel of one purpose: prepared when it is first asked for, and anew once it has closed. */
export function lastingChannel(
  link: Link,
  prepare: (channel: Channel) => Promise<void> = async () => {},
): () => Promise<Channel> {
  let current: Promise<Channel> | undefined

  async function open(forget: () => void): Promise<Channel> {
    const channel = await link.openChannel()
    channel.once('close', forget)
    await link
      .ask(() => prepare(channel))
      .catch((error: unknown) => {
        void channel.close()
        throw error
      })
    return channel
  }

  return () => {
    if (current) return current
    const forget = (): void => {
      if (current === opening) current = undefined
    }
    const opening = open(forget)
    opening.catch(forget)
    current = opening
    return opening
  }
}
