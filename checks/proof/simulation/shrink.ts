import { CALM } from './network.ts'
import type { Plan } from './plan.ts'

/**
 * Shrinks a plan as long as it still breaks a promise: removes halves, then quarters, then single items (delta
 * debugging: Zeller and Hildebrandt, IEEE TSE 28, 2002).
 */
export async function shrunk(plan: Plan, stillBreaks: (smaller: Plan) => Promise<boolean>): Promise<Plan> {
  let least = plan
  async function keep(smaller: Plan): Promise<boolean> {
    if (!(await stillBreaks(smaller))) return false
    least = smaller
    return true
  }
  for (let before = ''; before !== JSON.stringify(least); ) {
    before = JSON.stringify(least)
    await keep({ ...least, weather: CALM })
    await keep({ ...least, weather: { ...least.weather, notificationsLost: 0 } })
    await keep({ ...least, weather: { ...least.weather, failing: 0 } })
    await withFewer(least.harms, (harms) => keep({ ...least, harms }))
    await withFewer(least.works, (works) => keep({ ...least, works }))
    await keep({
      ...least,
      works: least.works.map((work) =>
        work.kind === 'submit' ? { ...work, scripts: work.scripts.slice(0, 1) } : work,
      ),
    })
    for (const role of ['workers', 'coordinators'] as const)
      while (least[role] > 1 && (await keep({ ...least, [role]: least[role] - 1 }))) {}
    await keep({ ...least, hasBroker: false })
  }
  return least
}

async function withFewer<Item>(
  items: readonly Item[],
  keep: (fewer: readonly Item[]) => Promise<boolean>,
): Promise<void> {
  let left = items
  for (let size = Math.max(1, left.length >> 1); left.length > 0; size >>= 1) {
    for (let from = 0; from < left.length; ) {
      const fewer = [...left.slice(0, from), ...left.slice(from + size)]
      if (await keep(fewer)) left = fewer
      else from += size
    }
    if (size <= 1) return
  }
}
