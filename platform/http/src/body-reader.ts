import type { Readable } from 'node:stream'
import { type Clock, TaskFlowError } from '@taskflow/kernel'

// Enough for a body of a few packets over any network.
const ARRIVAL_MS = 30_000

// 128 kbit/s: slower than any network over which somebody sends a large batch.
const SLOWEST_BYTES_PER_MS = 16

// A stop waits for bodies whose second half is on its way, and for no others.
const ARRIVAL_ON_STOP_MS = 1_000

const CHECK_MS = 1_000

type Done = (error: Error | null, bytes?: Buffer) => void

interface Body {
  readonly stream: Readable
  /** `Content-Length`; NaN if absent. */
  readonly declaredBytes: number
  readonly limit: number
}

interface Arrival {
  readonly startedAtMs: number
  bytes: number
  refuse(error: Error): void
}

/**
 * Reads whole bodies, each within a limit of bytes and of time. The time grows with the bytes that have arrived, so that
 * a large body may be slow and a small one cannot drip for ever. One timer watches all bodies, and runs only while there
 * are any: most bodies arrive together with their headers.
 */
export class BodyReader {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'sleep'>
  readonly #arriving = new Set<Arrival>()
  readonly #closed = new AbortController()
  #isWatching = false
  #stoppedAtMs = Number.POSITIVE_INFINITY

  constructor(clock: Pick<Clock, 'monotonicMs' | 'sleep'>) {
    this.#clock = clock
  }

  /** Calls back with the bytes, or with PAYLOAD_TOO_LARGE, REQUEST_TIMED_OUT or the error of the stream. */
  read({ stream, declaredBytes, limit }: Body, done: Done): void {
    if (declaredBytes > limit) {
      done(tooLarge(limit))
      return
    }
    const chunks: Buffer[] = []
    const arrival: Arrival = { startedAtMs: this.#clock.monotonicMs(), bytes: 0, refuse: (error) => end(error) }
    const take = (chunk: Buffer): void => {
      arrival.bytes += chunk.length
      if (arrival.bytes > limit) end(tooLarge(limit))
      else chunks.push(chunk)
    }
    const end = (error?: Error): void => {
      stream.off('data', take).off('end', end).off('error', end)
      this.#arriving.delete(arrival)
      if (error) done(error)
      else done(null, Buffer.concat(chunks, arrival.bytes))
    }
    this.#add(arrival)
    stream.on('data', take).on('end', end).on('error', end).resume()
  }

  /**
   * Lets the rest of a body arrive that was refused before it was read: many callers read the reply only once they have
   * sent everything. Ends the stream if that takes too long.
   */
  discard(stream: Readable): void {
    const arrival: Arrival = { startedAtMs: this.#clock.monotonicMs(), bytes: 0, refuse: () => stream.destroy() }
    this.#add(arrival)
    const forget = (): void => void this.#arriving.delete(arrival)
    stream.once('end', forget).once('close', forget).resume()
  }

  /** Gives the bodies that are arriving one more second. */
  stop(): void {
    this.#stoppedAtMs = this.#clock.monotonicMs()
  }

  /** Called once no body can arrive any more. */
  close(): void {
    this.#closed.abort()
  }

  #add(arrival: Arrival): void {
    this.#arriving.add(arrival)
    if (!this.#isWatching) void this.#watch()
  }

  async #watch(): Promise<void> {
    this.#isWatching = true
    while (this.#arriving.size > 0 && !this.#closed.signal.aborted) {
      await this.#clock.sleep(CHECK_MS, this.#closed.signal)
      const nowMs = this.#clock.monotonicMs()
      for (const arrival of this.#arriving) this.#refuseIfLate(arrival, nowMs)
    }
    this.#isWatching = false
  }

  #refuseIfLate({ startedAtMs, bytes, refuse }: Arrival, nowMs: number): void {
    if (nowMs - this.#stoppedAtMs >= ARRIVAL_ON_STOP_MS)
      refuse(timedOut('The server is stopping, and the body had not arrived in full'))
    else if (nowMs - startedAtMs >= ARRIVAL_MS + bytes / SLOWEST_BYTES_PER_MS)
      refuse(timedOut(`Only ${bytes} bytes of the body arrived in ${Math.round((nowMs - startedAtMs) / 1_000)} s`))
  }
}

const timedOut = (detail: string): TaskFlowError => new TaskFlowError('REQUEST_TIMED_OUT', detail)

const tooLarge = (limit: number): TaskFlowError =>
  new TaskFlowError('PAYLOAD_TOO_LARGE', `The body is larger than ${limit} bytes, the limit of this route`)
