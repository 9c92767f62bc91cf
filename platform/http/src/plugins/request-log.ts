import type { FastifyBaseLogger } from 'fastify'

type Bindings = Parameters<FastifyBaseLogger['child']>[0]
type Options = Parameters<FastifyBaseLogger['child']>[1]

/**
 * The log of one request, made when something is said. Most requests say nothing, and a child of the process's log costs
 * as much as all else that is done with a small request before its handler.
 */
export function requestLog(log: FastifyBaseLogger, bindings: Bindings, options?: Options): FastifyBaseLogger {
  return new RequestLog(log, bindings, options) as unknown as FastifyBaseLogger
}

/** A class, so that a request's log is one small object. */
class RequestLog {
  readonly #log: FastifyBaseLogger
  readonly #bindings: Bindings
  readonly #options: Options
  #child: FastifyBaseLogger | undefined

  constructor(log: FastifyBaseLogger, bindings: Bindings, options: Options) {
    this.#log = log
    this.#bindings = bindings
    this.#options = options
  }

  get #own(): FastifyBaseLogger {
    this.#child ??= this.#log.child(this.#bindings, this.#options)
    return this.#child
  }

  get level(): string {
    return this.#log.level
  }

  child(bindings: Bindings, options?: Options): FastifyBaseLogger {
    return this.#own.child(bindings, options)
  }

  fatal(...line: Parameters<FastifyBaseLogger['fatal']>): void {
    this.#own.fatal(...line)
  }

  error(...line: Parameters<FastifyBaseLogger['error']>): void {
    this.#own.error(...line)
  }

  warn(...line: Parameters<FastifyBaseLogger['warn']>): void {
    this.#own.warn(...line)
  }

  info(...line: Parameters<FastifyBaseLogger['info']>): void {
    this.#own.info(...line)
  }

  debug(...line: Parameters<FastifyBaseLogger['debug']>): void {
    if (this.#tells('debug')) this.#own.debug(...line)
  }

  trace(...line: Parameters<FastifyBaseLogger['trace']>): void {
    if (this.#tells('trace')) this.#own.trace(...line)
  }

  silent(): void {}

  #tells(level: 'debug' | 'trace'): boolean {
    return this.level === 'trace' || this.level === level
  }
}
