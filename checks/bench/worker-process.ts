/** `node worker-process.ts <contender> <place as JSON>`: runs no-op handlers until SIGTERM. */
import type { Peer, Place } from './peer.ts'
import { report } from './work-report.ts'

const [name, place] = process.argv.slice(2) as [string, string]
const { peer } = (await import(`./contenders/${name}.ts`)) as { peer: Peer }
if (!peer.openWorker) throw new TypeError(`${name} has no worker of this kind`)
const worker = await peer.openWorker(JSON.parse(place) as Place)
report()

process.once('SIGTERM', () => void worker.close().then(() => process.exit()))
setInterval(() => {}, 60_000)
