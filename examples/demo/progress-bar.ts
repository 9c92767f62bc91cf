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

const LONGEST_BAR = 30
const FULL = '█'
const EMPTY = '░'

/** Shows progress: on a terminal in one line that is redrawn, elsewhere with one line for each tenth. */
export function progressBar(out: NodeJS.WriteStream): ProgressBar {
  let shownTenth = -1

  return {
    show(counts) {
      const share = counts.total === 0 ? 1 : (counts.succeeded + counts.failed) / counts.total
      const tenth = Math.floor(share * 10)
      if (out.isTTY) out.write(`\r\x1b[2K${lineOf(counts, share, out.columns)}`)
      else if (tenth > shownTenth) out.write(`${lineOf(counts, share)}\n`)
      shownTenth = tenth
    },
    end() {
      if (out.isTTY) out.write('\n')
    },
  }
}

/** Formats the line, at most as wide as the terminal: a line that wraps cannot be redrawn. */
function lineOf({ total, succeeded, running, retrying, failed }: Counts, share: number, columns = 120): string {
  const percent = `${Math.floor(share * 100)}`.padStart(3)
  const text = ` ${percent} %  ${succeeded}/${total} succeeded, ${running} running, ${retrying} retrying, ${failed} failed`
  const width = Math.max(0, Math.min(LONGEST_BAR, columns - text.length - 3))
  const full = Math.round(share * width)
  return `  ${FULL.repeat(full)}${EMPTY.repeat(width - full)}${text}`.slice(0, columns - 1)
}
