/** Three-way merge of texts by lines: what two writers did to one base, if they did it to different lines. */
import type { IPatchRes } from 'node-diff3'

/** Lines that one writer put in place of some of the base's. */
interface Hunk {
  /** First line of the base that is replaced. */
  readonly at: number
  /** Lines of the base that are replaced; 0 for an insertion before `at`. */
  readonly removed: number
  readonly lines: readonly string[]
}

type DiffPatch = (base: string[], changed: string[]) => IPatchRes<string>[]

function hunksOf(diffPatch: DiffPatch, base: string[], changed: string[]): Hunk[] {
  return diffPatch(base, changed).map(({ buffer1, buffer2 }) => {
    return { at: buffer1.offset, removed: buffer1.length, lines: buffer2.chunk }
  })
}

function isSame(left: Hunk, right: Hunk): boolean {
  return left.at === right.at && left.removed === right.removed && left.lines.join('\n') === right.lines.join('\n')
}

/** Whether two hunks change the same line, or insert at the same place. */
function collide(left: Hunk, right: Hunk): boolean {
  if (left.removed === 0 && right.removed === 0) return left.at === right.at
  return left.at < right.at + right.removed && right.at < left.at + left.removed
}

/** The merged text, or null where both changed the same line, or inserted at the same place, in different ways. */
export async function mergeTexts(base: string, ours: string, theirs: string): Promise<string | null> {
  const { diffPatch } = await import('node-diff3')
  const lines = base.split('\n')
  const own = hunksOf(diffPatch, lines, ours.split('\n'))
  const others = hunksOf(diffPatch, lines, theirs.split('\n'))
  const news = own.filter((hunk) => !others.some((other) => isSame(hunk, other)))
  if (news.some((hunk) => others.some((other) => collide(hunk, other)))) return null
  // An insertion before a line that the other one replaced goes first.
  const all = [...others, ...news].sort((left, right) => left.at - right.at || left.removed - right.removed)
  const merged: string[] = []
  let at = 0
  for (const hunk of all) {
    merged.push(...lines.slice(at, hunk.at), ...hunk.lines)
    at = hunk.at + hunk.removed
  }
  return [...merged, ...lines.slice(at)].join('\n')
}
