/** Records the events of a run as lines of text. Most runs record nothing, because nobody reads their story. */
export interface Story {
  write(who: string, what: string): void
  /** Writes a routine event, as happens each second. */
  writeRoutine(who: string, what: string): void
  /** Returns the lines in order, without routine events unless `isWhole`. */
  read(isWhole: boolean): string[]
}

interface Line {
  readonly text: string
  readonly isRoutine: boolean
}

export function newStory(nowMs: () => number, isRecorded: boolean): Story {
  const lines: Line[] = []

  function add(who: string, what: string, isRoutine: boolean): void {
    if (isRecorded)
      lines.push({ text: `${(nowMs() / 1_000).toFixed(3).padStart(9)} s  ${who.padEnd(14)} ${what}`, isRoutine })
  }

  return {
    write: (who, what) => add(who, what, false),
    writeRoutine: (who, what) => add(who, what, true),
    read: (isWhole) => lines.filter(({ isRoutine }) => isWhole || !isRoutine).map(({ text }) => text),
  }
}
