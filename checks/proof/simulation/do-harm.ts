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

/** Does one harm of a plan, and undoes it when its time is over. */
export function doHarm({ world, story, network, links, broker, roster }: Scene, harm: Harm): void {
  function sendAway(what: 'database' | 'broker', server: { isAway: boolean } | undefined, ms: number): void {
    if (!server) return
    story.tell(what, `is away for ${ms} ms`)
    server.isAway = true
    world.after(ms, () => {
      server.isAway = false
      story.tell(what, 'is back')
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
        story.tell(host.name, `is frozen for ${ms} ms`)
        host.pause(ms)
      }),
    'jump clock': ({ process, ms }) =>
      toProcess(process, (host) => {
        story.tell(host.name, `finds its clock moved by ${ms} ms`)
        host.jumpClock(ms)
      }),
    deafen: ({ process, ms }) =>
      toProcess(process, (host) => {
        story.tell(host.name, `hears no word for ${ms} ms`)
        links.deafen(host, ms)
      }),
    'cut off': ({ process, ms }) =>
      toProcess(process, (host) => {
        story.tell(host.name, `is cut off from database and broker for ${ms} ms`)
        network.cut(host)
        world.after(ms, () => {
          story.tell(host.name, 'has its network back')
          network.mend(host)
          links.reconnect(host)
        })
      }),
    'database away': ({ ms }) => sendAway('database', links, ms),
    'broker away': ({ ms }) => sendAway('broker', broker, ms),
    'wipe broker'() {
      story.tell('broker', 'loses all that it held')
      broker?.wipe()
    },
  }
  ;(does[harm.kind] as (harm: Harm) => void)(harm)
}
