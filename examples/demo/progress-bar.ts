export interface Counts {
  readonly total: number
  readonly succeeded: number
  readonly running: number
  readonly retrying: number
  readonly failed: number
}

export interface ProgressBar {
  show(counts: Counts): void
  end(): void
}

const WIDTH = 30
const FULL = '█'
const EMPTY = '░'

/** One line that is drawn anew on a terminal; elsewhere a line for each tenth. */
export function progressBar(out: NodeJS.WriteStream): ProgressBar {
  let shownTenth = -1

  return {
    show(counts) {
      const share = counts.total === 0 ? 1 : (counts.succeeded + counts.failed) / counts.total
      const tenth = Math.floor(share * 10)
      if (out.isTTY) out.write(`\r\x1b[2K${lineOf(counts, share)}`)
      else if (tenth > shownTenth) out.write(`${lineOf(counts, share)}\n`)
      shownTenth = tenth
    },
    end() {
      if (out.isTTY) out.write('\n')
    },
  }
}

function lineOf({ total, succeeded, running, retrying, failed }: Counts, share: number): string {
  const full = Math.round(share * WIDTH)
  const bar = FULL.repeat(full) + EMPTY.repeat(WIDTH - full)
  const percent = `${Math.floor(share * 100)}`.padStart(3)
  return `  ${bar} ${percent} %  ${succeeded}/${total} succeeded, ${running} running, ${retrying} retrying, ${failed} failed`
}
