import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { freePort } from './free-port.ts'
import { removeFolder } from './remove-folder.ts'
import { answers, type ServerProcess, serverFolder, startServerProcess } from './server-process.ts'

/** A RabbitMQ of one's own on 127.0.0.1, empty at first. */
export interface RabbitmqServer {
  readonly url: string
  readonly port: number
  /** Ends it on the spot; durable queues and messages come back with it. */
  kill(): Promise<void>
  /** Ends it in good order. */
  shutDown(): Promise<void>
  /** Forgets all that it held; it has to be down. */
  forget(): void
  start(): Promise<void>
  /** Runs one command of `rabbitmqctl`, which takes seconds; resolves with what that prints. */
  run(...command: string[]): string
  stop(): Promise<void>
}

// The version and shape of the protocol's first frame; a server answers with Connection.Start.
const HELLO = 'AMQP\x00\x00\x09\x01'

/**
 * With its own Erlang port mapper, so that it knows nothing of other nodes; all of its ports are of the loopback.
 *
 * @param program the path of `rabbitmq-server`; `rabbitmqctl` is expected beside it
 */
export async function startRabbitmq(program: string): Promise<RabbitmqServer> {
  const [port, distributionPort, mapperPort] = [await freePort(), await freePort(), await freePort()]
  const folder = serverFolder('rabbitmq', undefined)
  const at = (name: string): string => join(folder.path, name)
  for (const name of ['mnesia', 'log']) mkdirSync(at(name))
  // Only loopback users may sign in as guest, and only the loopback listens.
  writeFileSync(at('rabbit.conf'), `listeners.tcp.1 = 127.0.0.1:${port}\nlog.file.level = warning\n`)
  writeFileSync(at('plugins'), '[].\n')
  const env = {
    HOME: folder.path,
    RABBITMQ_NODENAME: `taskflow${port}@localhost`,
    RABBITMQ_MNESIA_BASE: at('mnesia'),
    RABBITMQ_LOG_BASE: at('log'),
    RABBITMQ_CONFIG_FILE: at('rabbit.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: at('plugins'),
    RABBITMQ_PID_FILE: at('pid'),
    RABBITMQ_DIST_PORT: String(distributionPort),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    ERL_EPMD_PORT: String(mapperPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
  }
  let server: ServerProcess | undefined

  // Empty while it is being written; and 0 would be this process and all of its kind.
  const pid = (): number | undefined => (existsSync(at('pid')) && Number(readFileSync(at('pid'), 'utf8'))) || undefined

  const start = async (): Promise<void> => {
    if (server) return
    rmSync(at('pid'), { force: true })
    server = await startServerProcess({
      program,
      args: [],
      user: undefined,
      folder: folder.path,
      env,
      pid,
      isReady: () => answers(port, HELLO, /RabbitMQ/),
    })
  }
  const endBy = (signal: NodeJS.Signals) => async (): Promise<void> => {
    await server?.kill(signal)
    server = undefined
  }
  const kill = endBy('SIGKILL')
  const endMapper = (): void => {
    try {
      execFileSync('epmd', ['-kill'], { env: { ...process.env, ...env }, stdio: 'ignore' })
    } catch {
      // It was never started, or has ended.
    }
  }
  process.once('exit', endMapper)

  await start()
  return {
    url: `amqp://guest:guest@127.0.0.1:${port}`,
    port,
    start,
    kill,
    shutDown: endBy('SIGTERM'),
    forget() {
      removeFolder(at('mnesia'))
      mkdirSync(at('mnesia'))
    },
    run: (...command) =>
      execFileSync(join(dirname(program), 'rabbitmqctl'), ['-q', '-n', env.RABBITMQ_NODENAME, ...command], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      }).trim(),
    async stop() {
      await kill()
      process.off('exit', endMapper)
      endMapper()
      folder.remove()
    },
  }
}
