/**
 * Memory that the agent shares with a runner, through which the agent learns which orders have begun and revokes those
 * that have not, even while a handler blocks the loop of the runner and no message reaches it.
 *
 * Orders are numbered in the order in which they were sent, from 1. The runner writes the number of an order before it
 * reads up to which number orders are revoked; the agent writes that number before it reads how many have begun. So no
 * order that the agent sees as not begun after a revocation ever begins.
 */
export class StartGate {
  readonly buffer: SharedArrayBuffer
  // 64 bits: a runner that stays busy for a day would use up 32.
  readonly #cells: BigInt64Array

  constructor(buffer = new SharedArrayBuffer(2 * BigInt64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer
    this.#cells = new BigInt64Array(buffer)
  }

  /** The number of orders that the runner has begun or skipped. */
  get begun(): number {
    return Number(Atomics.load(this.#cells, BEGUN))
  }

  /** Called by the runner for each order in turn. False when the order is revoked: the runner then skips the order. */
  begin(): boolean {
    const position = Atomics.add(this.#cells, BEGUN, 1n) + 1n
    return position > Atomics.load(this.#cells, REVOKED)
  }

  /** Called by the agent. Revokes those of the first `sent` orders that have not begun. */
  revoke(sent: number): void {
    Atomics.store(this.#cells, REVOKED, BigInt(sent))
  }
}

const BEGUN = 0
const REVOKED = 1
