import { Client } from 'pg'
import { type HalfOpenProxy, halfOpenProxy } from './half-open-proxy.ts'
import type { PostgresServer } from './postgres-server.ts'
import type { ServerUser } from './server-user.ts'
import { makeSmallDisk, type SmallDisk } from './small-disk.ts'
import { urlWith } from './url-with.ts'
import { eventually } from './wait.ts'

interface Start {
  readonly user: ServerUser
  /** Size of the disk for the data of each server; absent where this machine can fill none. */
  readonly diskMiB: number | undefined
  startPrimary(dataIn: string | undefined): Promise<PostgresServer>
}

/** A server and the disk for its data. */
interface Member {
  readonly server: PostgresServer
  readonly disk: SmallDisk | undefined
}

const SWITCH_MS = 60_000

/**
 * A PostgreSQL at one address, behind which a standby can take the place of the primary.
 *
 * A switch is clean, as a failover manager does it for maintenance: everything that the primary has committed is on the
 * standby before it is promoted. Nothing is lost, but the former primary keeps running, as a read-only server, with
 * every connection that was open: its clients receive no sign of the switch.
 */
export class SwitchablePostgres implements Omit<PostgresServer, 'startReplica'> {
  readonly #start: Start
  readonly #address: HalfOpenProxy
  #primary: Member
  #former: Member | undefined

  private constructor(start: Start, address: HalfOpenProxy, primary: Member) {
    this.#start = start
    this.#address = address
    this.#primary = primary
  }

  static async start(start: Start): Promise<SwitchablePostgres> {
    const disk = diskOf(start)
    try {
      const server = await start.startPrimary(disk?.path)
      return new SwitchablePostgres(start, await halfOpenProxy(server.port), { server, disk })
    } catch (error) {
      disk?.remove()
      throw error
    }
  }

  get port(): number {
    return this.#address.port
  }

  get url(): string {
    return urlWith(this.#primary.server.url, { port: this.port })
  }

  /** The address of the current primary alone; another one after each switch. */
  get primaryUrl(): string {
    return this.#primary.server.url
  }

  /** The disk of the current primary, where this machine can fill one. */
  get disk(): SmallDisk | undefined {
    return this.#primary.disk
  }

  shutDown = (): Promise<void> => this.#primary.server.shutDown()
  crash = (): Promise<void> => this.#primary.server.crash()
  kill = (): Promise<void> => this.#primary.server.kill()
  start = (): Promise<void> => this.#primary.server.start()
  countRecoveries = (): number => this.#primary.server.countRecoveries()

  /** Makes a standby and promotes it. Resolves when new connections lead to it. */
  async switchPrimary(): Promise<void> {
    await this.#removeFormer()
    const disk = diskOf(this.#start)
    const server = await this.#primary.server.startReplica(disk?.path)
    const former = this.#primary
    await commanding(former.server.url, async (primary) => {
      await makeReadOnly(primary)
      await untilOnStandby(primary)
    })
    await commanding(server.url, (standby) => standby.query('select pg_promote(true, $1)', [SWITCH_MS / 1_000]))
    this.#primary = { server, disk }
    this.#former = former
    this.#address.leadTo(server.port)
  }

  /** The last statements of the sessions that the former primary still has. */
  async sessionsOfFormer(): Promise<readonly string[]> {
    if (!this.#former) return []
    const sessions = `select query from pg_stat_activity
                      where backend_type = 'client backend' and pid <> pg_backend_pid()`
    return commanding(this.#former.server.url, async (former) =>
      (await former.query<{ query: string }>(sessions)).rows.map(({ query }) => query),
    )
  }

  async stop(): Promise<void> {
    await this.#address.close()
    await this.#removeFormer()
    await remove(this.#primary)
  }

  async #removeFormer(): Promise<void> {
    if (this.#former) await remove(this.#former)
    this.#former = undefined
  }
}

const diskOf = ({ diskMiB, user }: Start): SmallDisk | undefined =>
  diskMiB === undefined ? undefined : makeSmallDisk(diskMiB, user)

async function remove({ server, disk }: Member): Promise<void> {
  await server.stop()
  disk?.remove()
}

async function commanding<Value>(url: string, work: (client: Client) => Promise<Value>): Promise<Value> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** Resolves when no session can write any more. */
async function makeReadOnly(primary: Client): Promise<void> {
  await primary.query('alter system set default_transaction_read_only = on')
  await primary.query('select pg_reload_conf()')
  // A transaction that began earlier may still write.
  const { rows } = await primary.query<{ now: Date }>('select clock_timestamp() as now')
  const open = `select 1 from pg_stat_activity
                where backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start <= $1`
  await eventually(async () => (await primary.query(open, [rows[0]?.now])).rows.length === 0, {
    timeoutMs: SWITCH_MS,
    what: 'the transactions of the primary to end',
  })
}

/** Resolves when the standby has everything that was committed, also what the primary itself has not yet written. */
async function untilOnStandby(primary: Client): Promise<void> {
  const { rows } = await primary.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn')
  const written = `select 1 from pg_stat_replication where state = 'streaming' and replay_lsn >= $1::pg_lsn`
  await eventually(async () => (await primary.query(written, [rows[0]?.lsn])).rows.length > 0, {
    timeoutMs: SWITCH_MS,
    what: 'the standby to have everything',
  })
}
