// No circle of imports: a reader who follows them gets somewhere, and a folder can be understood before those that use it.
import { dirname, join } from 'node:path/posix'
import type { SourceFile } from './source-file.ts'

type Graph = Map<string, Set<string>>

/**
 * Circles of imports in src/: of files, by what is there when the program runs (imports of types are not, dynamic imports are);
 * of folders, by types as well. A file at the top of a room, such as `src/domain/id.ts`, stands for itself there.
 */
export function checkCircles(files: readonly SourceFile[]): string[] {
  const sources = files.filter(({ path }) => path.startsWith('src/'))
  const byValue = graphOf(sources, (path) => path, false)
  const byFolder = graphOf(sources, folderOf, true)
  return [...circlesOf(byValue), ...circlesOf(byFolder)].map((circle) => `${circle.join(' → ')}: a circle of imports`)
}

function folderOf(path: string): string {
  const parts = path.split('/')
  return parts.length <= 3 ? path : parts.slice(0, -1).join('/')
}

function graphOf(files: readonly SourceFile[], nodeOf: (path: string) => string, withTypes: boolean): Graph {
  const graph: Graph = new Map()
  for (const { path, references } of files) {
    const from = nodeOf(path)
    const targets = graph.get(from) ?? new Set()
    graph.set(from, targets)
    for (const { specifier, isType } of references) {
      if (specifier === null || !specifier.startsWith('.') || (isType && !withTypes)) continue
      const to = nodeOf(join(dirname(path), specifier))
      if (to !== from) targets.add(to)
    }
  }
  return graph
}

/** One circle for each group of nodes that all reach each other: a shortest one through its first node. */
function circlesOf(graph: Graph): string[][] {
  const seen = new Set<string>()
  return [...graph.keys()].sort().flatMap((start) => {
    if (seen.has(start)) return []
    const circle = shortestBack(graph, start)
    if (circle === null) return []
    for (const node of circle) seen.add(node)
    return [circle]
  })
}

function shortestBack(graph: Graph, start: string): string[] | null {
  const cameFrom = new Map<string, string>()
  const queue = [start]
  for (const node of queue) {
    for (const next of graph.get(node) ?? []) {
      if (next === start) return [...wayTo(node, cameFrom), start]
      if (cameFrom.has(next)) continue
      cameFrom.set(next, node)
      queue.push(next)
    }
  }
  return null
}

function wayTo(node: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const before = cameFrom.get(node)
  return before === undefined ? [node] : [...wayTo(before, cameFrom), node]
}
