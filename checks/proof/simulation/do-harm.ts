import type { BrokerServer } from './broker-server.ts'
import type { DatabaseLinks } from './database-link.ts'
import type { Host } from './host.ts'
import type { Network } from './network.ts'
import type { Harm } from './plan.ts'
import type { Roster } from './roster.ts'
import type { Story } from './story.ts'
import type { World } from './world.ts'

interface Scene {
  readonly world: World
  readonly story: Story
  readonly network: Network
  readonly links: DatabaseLinks
  readonly broker: BrokerServer | undefined
  readonly roster: Roster
}

/** Does one harm of a plan, and undoes it after its time. */
export function doHarm({ world, story, network, links, broker, roster }: Scene, harm: Harm): void {
  function makeUnavailable(
    what: 'database' | 'broker',
    server: { isUnavailable: boolean } | undefined,
    ms: number,
  ): void {
    if (!server) return
    story.write(what, `is unavailable for ${ms} ms`)
    server.isUnavailable = true
    world.after(ms, () => {
      server.isUnavailable = false
      story.write(what, 'is available again')
    })
  }

  function toProcess(name: string, does: (host: Host) => void): void {
    const host = roster.find(name)?.host
    if (host) does(host)
  }

  const does: { readonly [Kind in Harm['kind']]: (harm: Extract<Harm, { kind: Kind }>) => void } = {
    kill: ({ process, backAfterMs }) => roster.kill(process, 'the plan', backAfterMs),
    stop: ({ process, backAfterMs }) => roster.stop(process, backAfterMs),
    freeze: ({ process, ms }) =>
      toProcess(process, (host) => {
        story.write(host.name, `is frozen for ${ms} ms`)
        host.pause(ms)
      }),
    'jump clock': ({ process, ms }) =>
      toProcess(process, (host) => {
        story.write(host.name, `has its clock moved by ${ms} ms`)
        host.jumpClock(ms)
      }),
    'drop notifications': ({ process, ms }) =>
      toProcess(process, (host) => {
        story.write(host.name, `receives no notifications for ${ms} ms`)
        links.dropNotifications(host, ms)
      }),
    'cut off': ({ process, ms }) =>
      toProcess(process, (host) => {
        story.write(host.name, `loses its network to database and broker for ${ms} ms`)
        network.cut(host)
        world.after(ms, () => {
          story.write(host.name, 'has its network back')
          network.restore(host)
          links.reconnect(host)
        })
      }),
    'database unavailable': ({ ms }) => makeUnavailable('database', links, ms),
    'broker unavailable': ({ ms }) => makeUnavailable('broker', broker, ms),
    'wipe broker'() {
      story.write('broker', 'loses all dispatches')
      broker?.wipe()
    },
  }
  ;(does[harm.kind] as (harm: Harm) => void)(harm)
}
