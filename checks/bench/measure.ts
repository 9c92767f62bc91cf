import { commit, machine } from '@taskflow/testing/measuring/machine'
import { PEERS } from './contenders.ts'
import { contendersOf, type Result } from './results.ts'
import { type Figures, interleaved, type Run } from './rounds.ts'
import { type Bench, type Contest, type Scenario, sized } from './scenario.ts'
import { REDIS_SETTINGS } from './services.ts'
import { isLoaded, strangers } from './strangers.ts'
import { reachedOf } from './targets.ts'
import { versionsOf } from './versions.ts'

type OnDone = (contender: string, round: number, outcome: Figures | Error) => void

/** Runs one scenario for that many rounds. */
export async function measure(scenario: Scenario, bench: Bench, rounds: number, onDone: OnDone): Promise<Result> {
  const startedAs = commit()
  const restMs = sized(bench, 1_000, 500, 50)
  const before = await strangers(restMs)
  const { runs, absent } = entriesOf(scenario.contenders(bench))
  const { figures, failed } = await interleaved(rounds, runs, onDone).finally(() => scenario.close?.())
  const after = await strangers(restMs)
  return {
    scenario: scenario.name,
    measuredAt: new Date().toISOString(),
    commit: commitsFrom(startedAs),
    machine: { ...machine(), before, after, isLoaded: isLoaded(before) || isLoaded(after) },
    versions: versionsOf(bench, Object.keys(runs)),
    settings: {
      rounds,
      ...scenario.settings(bench),
      peers: Object.fromEntries(
        PEERS.filter(({ title }) => title in runs).map(({ title, settings }) => [title, settings]),
      ),
      redis: REDIS_SETTINGS,
      postgresql: bench.stores.postgres.settings,
    },
    units: scenario.figures,
    reached: (scenario.targets ?? []).map((target) => reachedOf(target, figures)),
    contenders: contendersOf(scenario, figures),
    missing: { ...absent, ...Object.fromEntries(Object.entries(failed).map(([name, { message }]) => [name, message])) },
  }
}

function entriesOf(contest: Contest) {
  const runs: Record<string, Run> = {}
  const absent: Record<string, string> = {}
  for (const [title, entry] of Object.entries(contest)) {
    if ('missing' in entry) absent[title] = entry.missing
    else runs[title] = entry
  }
  return { runs, absent }
}

/** Each round runs the code as it is at that moment: names two commits where the code changed in between. */
function commitsFrom(startedAs: string): string {
  const endedAs = commit()
  return startedAs === endedAs ? startedAs : `${startedAs} to ${endedAs}`
}
