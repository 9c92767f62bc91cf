import { execFileSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { freePort } from './free-port.ts'
import { answers, type ServerProcess, startServerProcess } from './server-process.ts'
import { tempFolder } from './temp-folder.ts'
import { eventually } from './wait.ts'

/** A Redis on 127.0.0.1, empty at first. */
export interface RedisServer {
  readonly url: string
  readonly port: number
  /** SIGKILL; its content is lost unless it appends. */
  kill(): Promise<void>
  /** Starts it again at the same address, with the content that it had written. */
  start(): Promise<void>
  /** Runs one command of `redis-cli`; returns what it prints. */
  run(...command: string[]): string
  stop(): Promise<void>
}

interface Settings {
  /** Whether its content outlives a kill. */
  readonly appends?: boolean
  readonly flags?: readonly string[]
}

/** @param program the path of `redis-server`; `redis-cli` is expected beside it */
export async function startRedis(
  program: string,
  { appends = false, flags = [] }: Settings = {},
): Promise<RedisServer> {
  const port = await freePort()
  const folder = tempFolder('redis')
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder.path, '--save', '']
  let server: ServerProcess | undefined

  const start = async (): Promise<void> => {
    server ??= await startServerProcess({
      program,
      args: [...args, '--appendonly', appends ? 'yes' : 'no', '--protected-mode', 'no', ...flags],
      user: undefined,
      folder: folder.path,
      isReady: () => answers(port, 'PING\r\n', /\+PONG|-NOAUTH/),
    })
  }
  const kill = async (): Promise<void> => {
    await server?.kill('SIGKILL')
    server = undefined
  }

  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    start,
    kill,
    run: (...command) => execFileSync(cliOf(program), ['-p', String(port), ...command], { encoding: 'utf8' }).trim(),
    async stop() {
      await kill()
      folder.remove()
    },
  }
}

const cliOf = (program: string): string => join(dirname(program), 'redis-cli')

export interface RedisCluster {
  /** One for each master. */
  readonly urls: readonly string[]
  stop(): Promise<void>
}

const MASTERS = 3

/** Starts three masters without replicas, which serve all slots. */
export async function startRedisCluster(program: string): Promise<RedisCluster> {
  const nodes: RedisServer[] = []
  try {
    for (let count = 0; count < MASTERS; count++) nodes.push(await startNode(program))
    const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`)
    execFileSync(cliOf(program), ['--cluster', 'create', ...addresses, '--cluster-yes'], { stdio: 'pipe' })
    await eventually(() => nodes.every((node) => node.run('cluster', 'info').includes('cluster_state:ok')), {
      timeoutMs: 30_000,
      what: 'the cluster to serve all slots',
    })
    return { urls: nodes.map(({ url }) => url), stop: () => stopAll(nodes) }
  } catch (error) {
    await stopAll(nodes)
    throw error
  }
}

async function startNode(program: string): Promise<RedisServer> {
  const busPort = String(await freePort())
  return startRedis(program, { flags: ['--cluster-enabled', 'yes', '--cluster-port', busPort] })
}

const stopAll = async (nodes: readonly RedisServer[]): Promise<void> => {
  await Promise.all(nodes.map((node) => node.stop()))
}
