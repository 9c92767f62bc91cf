/** What happened, as lines for a reader. Told only where somebody reads: most runs have nothing to say. */
export interface Story {
  tell(who: string, what: string): void
  /** What happens each second, whatever else does: left out unless all is asked for. */
  mention(who: string, what: string): void
  /** The lines, in order; without those that were only mentioned unless `isWhole`. */
  read(isWhole: boolean): string[]
}

interface Line {
  readonly text: string
  readonly isRoutine: boolean
}

export function newStory(nowMs: () => number, isTold: boolean): Story {
  const lines: Line[] = []

  function add(who: string, what: string, isRoutine: boolean): void {
    if (isTold)
      lines.push({ text: `${(nowMs() / 1_000).toFixed(3).padStart(9)} s  ${who.padEnd(14)} ${what}`, isRoutine })
  }

  return {
    tell: (who, what) => add(who, what, false),
    mention: (who, what) => add(who, what, true),
    read: (isWhole) => lines.filter(({ isRoutine }) => isWhole || !isRoutine).map(({ text }) => text),
  }
}
