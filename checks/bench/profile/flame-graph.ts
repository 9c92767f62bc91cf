import { busyUsByNode, type CallFrame, type CpuProfile, nameOf, packageOf } from './cpu-profile.ts'

/** A function with those that it called, merged by name: the width of a bar, and the bars above it. */
interface Flame {
  readonly name: string
  readonly package: string
  us: number
  readonly calls: Flame[]
}

// A bar of less than this share cannot be seen, and there are thousands of them.
const LEAST_SHARE = 0.000_5

/** A page of its own that draws the profile: click a bar to see it across the whole width, type to find functions. */
export function flameGraph(profile: CpuProfile, title: string): string {
  const root = flamesOf(profile)
  prune(root, root.us * LEAST_SHARE)
  return PAGE.replaceAll('TITLE', () => escapeHtml(title)).replace('FLAMES', () =>
    JSON.stringify(root).replaceAll('<', '\\u003c'),
  )
}

function flamesOf(profile: CpuProfile): Flame {
  const selfUs = busyUsByNode(profile)
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))

  function fill(flame: Flame, id: number): void {
    flame.us += selfUs.get(id) ?? 0
    for (const child of nodes.get(id)?.children ?? []) {
      const frame = nodes.get(child)?.callFrame
      if (!frame) continue
      const called = callOf(flame, frame)
      const beforeUs = called.us
      fill(called, child)
      flame.us += called.us - beforeUs
    }
  }

  const root: Flame = { name: 'all', package: '', us: 0, calls: [] }
  const [first] = profile.nodes
  if (first) fill(root, first.id)
  return root
}

/** The bar for a function above its caller's: one, however often it was called. */
function callOf(caller: Flame, frame: CallFrame): Flame {
  const name = nameOf(frame)
  const known = caller.calls.find((each) => each.name === name)
  if (known) return known
  const fresh: Flame = { name, package: packageOf(frame), us: 0, calls: [] }
  caller.calls.push(fresh)
  return fresh
}

function prune(flame: Flame, leastUs: number): void {
  const seen = flame.calls.filter(({ us }) => us > 0 && us >= leastUs).sort((a, b) => b.us - a.us)
  flame.calls.splice(0, Number.POSITIVE_INFINITY, ...seen)
  for (const call of seen) prune(call, leastUs)
}

const escapeHtml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>TITLE</title>
<style>
  body { font: 13px system-ui, sans-serif; margin: 12px; background: #fff; color: #222 }
  header { display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap }
  h1 { font-size: 16px; margin: 0 }
  #graph { position: relative; margin-top: 12px }
  #graph div { position: absolute; height: 17px; line-height: 17px; box-sizing: border-box; border: 1px solid #fff;
    padding: 0 3px; overflow: hidden; white-space: nowrap; font-size: 11px; cursor: pointer }
  #graph div.found { background: #e0f !important; color: #fff }
</style>
<header>
  <h1>TITLE</h1>
  <label>Find <input id="find" type="search"></label>
  <output id="told"></output>
</header>
<main id="graph"></main>
<script>
  const ROW_PX = 18
  const root = FLAMES
  const graph = document.getElementById('graph')
  const find = document.getElementById('find')
  const told = document.getElementById('told')
  const share = (us) => (100 * us / root.us).toFixed(1) + ' %, ' + (us / 1000).toFixed(0) + ' ms'
  let zoomed = []

  function colourOf(name) {
    let hash = 0
    for (const letter of name) hash = (hash * 31 + letter.charCodeAt(0)) % 360
    return name.startsWith('packages/') ? 'hsl(' + (10 + hash % 50) + ' 85% 70%)' : 'hsl(' + (90 + hash % 240) + ' 35% 82%)'
  }

  function bar(flame, path, left, width, wanted) {
    const div = document.createElement('div')
    div.style.cssText = 'left:' + left + '%;width:' + width + '%;top:' + path.length * ROW_PX + 'px;background:' + colourOf(flame.package)
    div.textContent = flame.name
    div.title = flame.name + '\\n' + flame.package + '\\n' + share(flame.us)
    if (wanted && flame.name.toLowerCase().includes(wanted)) div.className = 'found'
    div.onclick = () => { zoomed = path.concat(flame); draw() }
    div.onmouseenter = () => { told.textContent = flame.name + ': ' + share(flame.us) }
    graph.append(div)
  }

  function draw() {
    const wanted = find.value.trim().toLowerCase()
    let depth = 0
    graph.replaceChildren()
    const focus = zoomed.at(-1) || root
    zoomed.slice(0, -1).forEach((flame, index) => bar(flame, zoomed.slice(0, index), 0, 100, wanted))
    function lay(flame, path, left, width) {
      if (width < 0.05) return
      depth = Math.max(depth, path.length)
      bar(flame, path, left, width, wanted)
      let from = left
      for (const call of flame.calls) {
        const part = width * call.us / flame.us
        lay(call, path.concat(flame), from, part)
        from += part
      }
    }
    lay(focus, zoomed.slice(0, -1), 0, 100)
    graph.style.height = (depth + 2) * ROW_PX + 'px'
  }
  find.oninput = draw
  draw()
</script>
`
